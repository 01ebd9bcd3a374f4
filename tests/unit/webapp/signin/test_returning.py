"""After the sign-in one comes back to where one wanted to go, and never to another site."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.signin.returning import safe_address

HERE = "https://pictures.example.org/signin"


@pytest.mark.parametrize("address", ["/", "/?q=dog%3E90&min=30", "/images/abc?q=a+b", "/help#x"])
def test_our_own_addresses_stay(address: str) -> None:
    assert safe_address(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "///evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "https://evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "evil.example",
        " //evil.example",
        "/a b",
        "/é",
        "/signin?next=/",
        "/signin/out",
        "/" + "a" * 3000,
        "/x\r\nSet-Cookie: a=b",
    ],
)
def test_everything_else_leads_to_the_gallery(address: str) -> None:
    assert safe_address(address) == "/"


@given(st.text("/\\:@.?#ab\t\n\r %evil", max_size=30))
def test_no_address_leads_elsewhere(address: str) -> None:
    there = urlsplit(urljoin(HERE, safe_address(address)))
    assert (there.scheme, there.netloc) == ("https", "pictures.example.org")

"""Who comes in, and as what."""

import pytest

from webapp.signin.policy import Policy
from webapp.signin.users import Identity, identity_of

ANNA = Identity("1", "Anna", "anna@example.org", ("family",))
NO_MAIL = Identity("2", "Bert", "", ("guests",))


def role(policy: Policy, who: Identity) -> str | None:
    user = policy.admit(who)
    return user.role if user else None


def test_without_lists_all_come_in_whom_the_provider_lets_in() -> None:
    assert role(Policy(), ANNA) == "viewer"
    assert role(Policy(default_role="editor"), NO_MAIL) == "editor"


@pytest.mark.parametrize(
    ("pattern", "let_in"),
    [
        ("anna@example.org", True),
        ("*@example.org", True),
        ("*@example.com", False),
        ("*@ample.org", False),
        ("anna@example.org.evil.example", False),
        ("anna", False),
        ("*", True),
    ],
)
def test_patterns_of_addresses(pattern: str, let_in: bool) -> None:
    assert (Policy(emails=(pattern,)).admit(ANNA) is not None) is let_in


def test_who_has_no_verified_address_fits_no_pattern() -> None:
    assert Policy(emails=("*",)).admit(NO_MAIL) is None


def test_a_group_lets_in() -> None:
    policy = Policy(emails=("x@example.org",), groups=("family",))
    assert policy.admit(ANNA)
    assert policy.admit(NO_MAIL) is None


def test_editors_are_named_by_address_or_group_and_come_in_by_that() -> None:
    policy = Policy(emails=("z@example.org",), editor_emails=("anna@*",), editor_groups=("guests",))
    assert role(policy, ANNA) == "editor"
    assert role(policy, NO_MAIL) == "editor"
    assert policy.admit(Identity("3", email="c@example.org")) is None


@pytest.mark.parametrize(
    ("claims", "email"),
    [
        ({"email": "Anna@Example.org", "email_verified": True}, "anna@example.org"),
        ({"email": "a@example.org", "email_verified": "true"}, "a@example.org"),
        ({"email": "a@example.org", "email_verified": False}, ""),
        ({"email": "a@example.org", "email_verified": "false"}, ""),
        ({"email": "a@example.org", "email_verified": 1.5}, ""),
        ({"email": "a@example.org"}, ""),
        ({}, ""),
    ],
)
def test_an_address_counts_only_where_it_is_verified(claims: dict[str, object], email: str) -> None:
    assert identity_of({"sub": "1", **claims}, "groups").email == email


def test_the_operator_may_trust_a_provider_that_does_not_say() -> None:
    who = identity_of({"sub": "1", "email": "a@example.org"}, "groups", trust_email=True)
    assert who.email == "a@example.org"


@pytest.mark.parametrize(
    ("value", "groups"),
    [
        (["a", "b"], ("a", "b")),
        ("a b", ("a", "b")),
        ("a,b", ("a", "b")),
        (None, ()),
        ({"a": 1}, ()),
    ],
)
def test_groups_in_their_many_forms(value: object, groups: tuple[str, ...]) -> None:
    assert identity_of({"sub": "1", "roles": value}, "roles").groups == groups

"""What is kept to be sent again goes to those alone who may see it, as each may see it."""

from tests.integration.conftest import Site
from tests.integration.webapp.signin.conftest import cookie


def test_who_is_not_signed_in_gets_nothing_of_what_others_were_sent(signed: Site) -> None:
    signed.add(labels={"Dog": 90.0})
    for path in ("/api/images", "/api/labels", "/"):
        for _ in range(2):
            mine = signed.client.get(path, headers=cookie("editor"))
            assert mine.status_code == 200
            assert mine.headers["cache-control"] == "private, no-store"
        stranger = signed.client.get(path, headers={"Sec-Fetch-Mode": "cors"})
        assert stranger.status_code == 401
        assert "Dog" not in stranger.text
        assert signed.client.get(path, headers=cookie("editor", secret="x" * 20)).status_code != 200


def test_each_sees_the_page_with_what_they_may_do(signed: Site) -> None:
    signed.add(labels={"Dog": 90.0})
    for _ in range(2):
        editor = signed.client.get("/", headers=cookie("editor")).text
        viewer = signed.client.get("/", headers=cookie("viewer")).text
        assert ("data-read-only" in editor, "data-read-only" in viewer) == (False, True)
        assert (">editor<" in editor, ">editor<" in viewer) == (True, False)

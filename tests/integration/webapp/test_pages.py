"""The pages without JavaScript: links are followed and forms are sent as browsers do."""

import gzip
import html
import re
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlencode

import pytest
from httpx2 import Response

from catalog import keys
from catalog.document import (
    BoundingBox,
    Document,
    ImageFacts,
    Instance,
    Label,
    Tagging,
    write_document,
)
from tests.integration.conftest import Site
from webapp.static_files import STATIC

HOSTILE = """</style><script>alert(1)</script><img src=x onerror=alert(2)>"'"""


class Reader(HTMLParser):
    """Collects what a person without JavaScript has: links, forms, tiles and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.links: dict[str, str] = {}
        self.forms: list[dict[str, str]] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._link: str | None = None
        self._words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        if tag == "a":
            self._link, self._words = found.get("href"), found.get("aria-label") or ""
        if tag == "form":
            self.forms.append({"action": found.get("action") or "", "text": ""})

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._link is not None:
            self.links[" ".join(self._words.split())] = self._link
            self._link = None

    def handle_data(self, data: str) -> None:
        self.text += data
        self._words += data
        if self.forms:
            self.forms[-1]["text"] += data

    def tiles(self) -> list[str]:
        classes = [(found, (found.get("class") or "").split()) for _, found in self.tags]
        return [found["id"] or "" for found, names in classes if "tile" in names]

    def action(self, word: str) -> str:
        [action] = [form["action"] for form in self.forms if word in form["text"].split()]
        return action


def read(site: Site, url: str, status: int = 200) -> Reader:
    response = site.client.get(url)
    assert response.status_code == status, response.text
    assert response.headers["content-type"].startswith("text/html")
    return Reader(response.text)


def post(site: Site, url: str, fields: dict[str, str] | None = None) -> Response:
    response = site.client.post(
        url,
        content=urlencode(fields or {}),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        follow_redirects=False,
    )
    assert response.status_code == 303, response.text
    return response


def label_link(page: Reader, name: str) -> str:
    pattern = re.compile(rf"(not )?{name}( ?\d+)?")
    [url] = [url for text, url in page.links.items() if pattern.fullmatch(text)]
    return url


def test_a_first_visit_invites_to_add_pictures(site: Site) -> None:
    page = read(site, "/")
    assert "Drop pictures here" in page.text
    assert "Adding pictures needs JavaScript" in page.text


def test_one_finds_a_picture_by_clicking_labels(site: Site) -> None:
    dog = site.add("dog.jpg", {"Dog": 98.0, "Beach": 80.0})
    cat = site.add("cat.jpg", {"Cat": 97.0, "Beach": 75.0})
    page = read(site, "/")
    assert set(page.tiles()) == {f"t-{dog}", f"t-{cat}"}
    page = read(site, label_link(page, "Dog"))
    assert page.tiles() == [f"t-{dog}"]
    page = read(site, label_link(page, "Dog"))
    assert page.tiles() == [f"t-{cat}"]
    page = read(site, label_link(page, "Dog"))
    assert len(page.tiles()) == 2


def test_the_form_filters_by_confidence(site: Site) -> None:
    sure = site.add("sure.jpg", {"Dog": 95.0})
    site.add("unsure.jpg", {"Dog": 72.0})
    form = {"q": "dog", "sort": "newest", "min": ""}
    assert len(read(site, f"/?{urlencode(form)}").tiles()) == 2
    page = read(site, f"/?{urlencode(form | {'min': '90'})}")
    assert page.tiles() == [f"t-{sure}"]
    assert "1 picture" in page.text


def test_chips_take_one_clause_away(site: Site) -> None:
    site.add("dog.jpg", {"Dog": 98.0, "Beach": 80.0})
    page = read(site, "/?q=dog%3E90+beach+-person&min=75")
    assert "Dog" in page.text
    assert page.links["Remove “not Person”"] == "/?q=dog%3E90+beach&min=75"


@pytest.mark.parametrize(
    ("clause", "bound", "leads_to"),
    [
        ("0", "85.5", "q=dog%3E85.5+beach+-person&min=75"),
        ("1", "80", "q=dog%3E90+beach%3E%3D80+-person&min=75"),
        ("0", "", "q=dog+beach+-person&min=75"),
        ("2", "99", "q=dog%3E90+beach+-person%3E%3D99&min=75"),
        ("7", "99", "q=dog%3E90+beach+-person&min=75"),
    ],
)
def test_a_chip_changes_the_threshold_of_its_label(
    site: Site, clause: str, bound: str, leads_to: str
) -> None:
    asked = {"q": "dog>90 beach -person", "min": "75", "clause": clause, "bound": bound}
    answer = site.client.get(f"/?{urlencode(asked)}", follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/?{leads_to}"


@pytest.mark.parametrize(
    ("text", "label", "leads_to"),
    [
        ("dog>90|cat beach", "1", "dog>90|cat>=50 beach"),
        ("dog>90|cat beach", "0", "dog>50|cat beach"),
        ('-dog*|"hot dog"|cat:60..90', "1", '-dog*|"hot dog">=50|cat:60..90'),
        ("dog|cat<40", "0", "dog>=50|cat<40"),
        ("dog|cat<40", "1", "dog|cat<40"),
        ("dog|cat", "2", "dog|cat"),
        ("dog|is:failed", "0", "dog|is:failed"),
    ],
)
def test_each_label_of_several_has_its_own_threshold(
    site: Site, text: str, label: str, leads_to: str
) -> None:
    asked = {"q": text, "clause": "0", "label": label, "bound": "50"}
    answer = site.client.get(f"/?{urlencode(asked)}", follow_redirects=False)
    assert parse_qs(answer.headers["location"][2:]) == {"q": [leads_to]}


def test_a_threshold_that_is_none_is_a_mistake(site: Site) -> None:
    read(site, "/?q=dog&clause=0&bound=many", 400)


def link_like(page: Reader, beginning: str) -> str:
    """Return where the first link leads whose text begins so."""
    return next(url for text, url in page.links.items() if text.startswith(beginning))


def test_insights_lead_to_what_they_count(site: Site) -> None:
    assert "No picture has been added yet" in read(site, "/insights").text
    sure = site.add("sure.jpg", {"Dog": 98.0, "Beach": 80.0})
    site.add("unsure.jpg", {"Dog": 72.0})
    page = read(site, "/insights?label=dog")
    assert read(site, link_like(page, "90 to 100")).tiles() == [f"t-{sure}"]
    assert len(read(site, link_like(page, "Dog")).tiles()) == 2
    assert "2 pictures" in page.text
    # Having looked, one takes all that are as sure or surer.
    assert read(site, link_like(page, "from 90 % up: 1 picture")).tiles() == [f"t-{sure}"]
    assert len(read(site, link_like(page, "from 70 % up: 2 pictures")).tiles()) == 2
    waiting, failed = site.add_pending(), site.add("broken.jpg", failed="truncated")
    page = read(site, "/insights")
    counted = {
        url: int(number[1])
        for text, url in page.links.items()
        if (number := re.search(r": (\d+) pictures?\b", text))
    }
    assert counted["/?min=0"] == len({sure, waiting, failed}) + 1
    assert counted["/?min=90"] == 1
    assert len(counted) > 10
    for url, number in counted.items():
        assert len(read(site, url).tiles()) == number, url


def test_pictures_are_counted_by_days_or_by_weeks(site: Site) -> None:
    def added(moment: str) -> list[str]:
        site.add(f"{moment}.jpg", {"Dog": 90.0}, uploaded_at=f"{moment}T23:30:00Z")
        found = read(site, "/insights").links
        # The number of each column, and of the pictures to which it leads.
        counted = {text: url for text, url in found.items() if " Nov: " in text}
        for text, url in counted.items():
            assert f": {len(read(site, url).tiles())} picture" in text
        return list(counted)

    added("2026-11-10")
    assert "On 10 November 2026, in UTC." in read(site, "/insights").text
    days = added("2026-11-16")
    assert len(days) == 7
    assert not days[0].startswith("Week")
    assert "From 10 November 2026 to 16 November 2026, in UTC." in read(site, "/insights").text
    weeks = added("2026-11-30")
    assert [text.split(":")[0] for text in weeks] == [
        f"Week of {day} Nov" for day in (9, 16, 23, 30)
    ]


def test_the_original_is_found_however_long_the_page_is_open(site: Site) -> None:
    image_id = site.add("a b.jpg", {"Dog": 98.0}, content=b"the bytes")
    page = read(site, f"/images/{image_id}")
    answer = site.client.get(link_like(page, "Original"), follow_redirects=False)
    assert (answer.status_code, answer.headers["cache-control"]) == (302, "no-store")
    assert site.client.get(answer.headers["location"]).content == b"the bytes"
    saved = site.client.get(link_like(page, "Download"), follow_redirects=True)
    assert saved.headers["content-disposition"].startswith("attachment")
    assert saved.content == b"the bytes"
    assert site.client.get("/images/nothing/original", follow_redirects=False).status_code == 404


def test_all_that_failed_is_tried_again_by_one_form(site: Site) -> None:
    site.add("one.jpg", failed="truncated")
    site.add("two.jpg", failed="truncated")
    page = read(site, "/?q=is:failed")
    assert "Try all again" in page.text
    answer = post(site, "/retry-failed")
    assert "2 pictures will be tagged again" in site.client.get(answer.headers["location"]).text
    assert len(read(site, "/?q=is:pending").tiles()) == 2


def test_a_list_of_what_is_found_or_picked(site: Site) -> None:
    dog = site.add("=dog.jpg", {"Dog": 98.0, "Beach": 40.0})
    site.add("cat.jpg", {"Cat": 98.0})
    answer = site.client.get("/list.csv?q=dog&min=50")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="pictures.csv"'
    names, *rows = answer.text.splitlines()
    assert names.startswith("id,key,name,status")
    assert len(rows) == 1
    assert rows[0].startswith(dog)
    assert rows[0].endswith(",Dog 98")
    assert "'=dog.jpg" in rows[0]
    picked = site.client.get(f"/list.csv?id={dog}&id=nothing&id={dog}").text.splitlines()
    assert len(picked) == 2
    assert site.client.get("/list.csv?" + "&".join(["id=x"] * 1001)).status_code == 413


def test_what_waits_and_what_failed_is_a_click_away_and_so_is_the_trash(site: Site) -> None:
    assert "The trash is empty" in read(site, read(site, "/").links["Trash"]).text
    waiting, failed = site.add_pending("waiting.jpg"), site.add("failed.jpg", failed="truncated")
    deleted = site.add("dog.jpg", {"Dog": 98.0})
    post(site, f"/images/{deleted}/delete")
    page = read(site, "/")
    assert read(site, page.links["1 waiting"]).tiles() == [f"t-{waiting}"]
    assert read(site, page.links["1 failed"]).tiles() == [f"t-{failed}"]
    assert "dog.jpg" in read(site, page.links["Trash"]).text
    assert read(site, "/?q=is:trashed").tiles() == [f"t-{deleted}"]
    assert "1 failed" not in read(site, "/?q=dog").links


def test_the_next_page_is_a_link_and_shows_every_picture_once(site: Site) -> None:
    made = {f"t-{site.add(f'{number:03}.jpg', {'Dog': 90.0})}" for number in range(130)}
    seen: list[str] = []
    url: str | None = "/?q=dog&sort=name"
    while url:
        page = read(site, url)
        seen += page.tiles()
        url = page.links.get("More pictures")
    assert len(seen) == 130
    assert set(seen) == made


def test_a_picture_leads_to_its_neighbours_within_the_search(site: Site) -> None:
    site.add("a.jpg", {"Dog": 90.0})
    middle = site.add("b.jpg", {"Dog": 90.0})
    site.add("c.jpg", {"Dog": 90.0})
    site.add("d.jpg", {"Cat": 90.0})
    page = read(site, f"/images/{middle}?q=dog&sort=name")
    assert "2 of 3" in page.text
    assert read(site, page.links["Previous picture"]).links.get("Previous picture") is None
    last = read(site, page.links["Next picture"])
    assert "Next picture" not in last.links
    assert last.links["All pictures"] == "/?q=dog&sort=name"


def test_a_picture_shows_how_sure_each_label_is(site: Site) -> None:
    image_id = site.add("dog.jpg", {"Dog": 98.7, "Wolf": 41.0})
    page = read(site, f"/images/{image_id}")
    sure = page.links["98 %: pictures at least this sure of Dog98 %"]
    assert read(site, sure).tiles() == [f"t-{image_id}"]
    assert "1 less sure" in page.text
    assert '"SchemaVersion": 1' in page.text


def test_delete_and_undo_are_forms(site: Site) -> None:
    image_id = site.add("dog.jpg", {"Dog": 98.0})
    page = read(site, f"/images/{image_id}?q=dog")
    answer = post(site, page.action("Delete"))
    page = read(site, answer.headers["location"])
    assert page.tiles() == []
    assert "The picture is in the trash." in page.text
    assert "In the trash" in read(site, f"/images/{image_id}").text
    answer = post(site, page.action("Undo"))
    page = read(site, answer.headers["location"])
    assert page.tiles() == [f"t-{image_id}"]
    assert "The picture is back." in page.text


def test_undo_twice_is_no_harm(site: Site) -> None:
    image_id = site.add("dog.jpg", {"Dog": 98.0})
    post(site, f"/images/{image_id}/delete")
    post(site, f"/images/{image_id}/restore")
    answer = post(site, f"/images/{image_id}/restore")
    assert read(site, answer.headers["location"]).tiles() == [f"t-{image_id}"]


def test_what_is_deleted_cannot_be_deleted_again(site: Site) -> None:
    image_id = site.add("dog.jpg", {"Dog": 98.0})
    post(site, f"/images/{image_id}/delete")
    assert site.client.post(f"/images/{image_id}/delete").status_code == 404
    assert site.client.post("/images/nothing/delete").status_code == 404


def test_a_failed_picture_says_why_and_can_be_tried_again(site: Site) -> None:
    reason = "Could not read this picture: it ends in the middle."
    image_id = site.add("broken.jpg", failed=reason)
    assert reason in read(site, "/?q=is:failed").text
    page = read(site, f"/images/{image_id}")
    assert reason in page.text
    answer = post(site, page.action("Try"))
    assert "will be tagged again" in read(site, answer.headers["location"]).text
    message = site.journal.receive("tag", lease_seconds=10)
    assert message is not None and "broken.jpg" in str(message.body)


def test_a_waiting_picture_says_so(site: Site) -> None:
    image_id = site.add_pending("new.jpg")
    assert "Waiting to be tagged" in read(site, "/").text
    page = read(site, f"/images/{image_id}")
    assert "Waiting to be tagged" in page.text
    assert not any("labels" in form["action"] for form in page.forms)


def test_labels_are_corrected_by_forms(site: Site) -> None:
    image_id = site.add("dog.jpg", {"Dog": 98.0, "Wolf": 90.0})
    url = f"/images/{image_id}/labels"
    post(site, url, {"add": " Rex "})
    answer = post(site, url, {"remove": "Wolf"})
    page = read(site, answer.headers["location"])
    assert "Added by hand" in page.text
    assert "Rejected labels" in str(page.tags)
    assert read(site, "/?q=rex").tiles() == [f"t-{image_id}"]
    assert read(site, "/?q=wolf").tiles() == []
    post(site, url, {"add": "Wolf"})
    post(site, url, {"remove": "Rex"})
    assert read(site, "/?q=wolf").tiles() == [f"t-{image_id}"]
    assert read(site, "/?q=rex").tiles() == []


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("q=dog%3E%3E", "a number from 0 to 100"),
        ("q=%22dog", ""),
        ("min=abc", "a number from 0 to 100"),
        ("min=101", "a number from 0 to 100"),
        ("min=nan", "a number from 0 to 100"),
        ("sort=colour", "not by “colour”"),
        ("cursor=nonsense", "Start from the first"),
        ("cursor=%00", "Start from the first"),
        ("q=" + "a" * 10_001, ""),
        ("q=" + "a|" * 2_000, ""),
    ],
)
def test_a_mistake_is_told_and_the_page_stays_usable(site: Site, query: str, sentence: str) -> None:
    site.add("dog.jpg", {"Dog": 98.0})
    page = read(site, f"/?{query}", 400)
    assert sentence in page.text
    assert read(site, label_link(page, "Dog")).tiles()
    assert page.links["Show all pictures"] == "/"


def test_a_mistake_stays_in_the_box_and_its_place_is_marked(site: Site) -> None:
    response = site.client.get("/", params={"q": "cat <b>>> dog"})
    assert response.status_code == 400
    assert 'value="cat &lt;b&gt;&gt;&gt; dog"' in response.text
    assert re.search(r"<mark>[^<]+</mark>", response.text)


def test_nothing_found_offers_what_to_loosen(site: Site) -> None:
    image_id = site.add("dog.jpg", {"Dog": 60.0})
    page = read(site, "/?q=dog+-cat")
    assert page.tiles() == []
    assert read(site, page.links["Accept 50 % and over 1 picture"]).tiles() == [f"t-{image_id}"]


def test_only_what_finds_something_is_offered_and_how_much(site: Site) -> None:
    site.add("dog.jpg", {"Dog": 60.0})
    site.add("dogs.jpg", {"Dog": 80.0, "Beach": 45.0})
    ways = {
        "/?q=dog+zebra": {"Leave out “Zebra” 1 picture"},
        "/?q=dog+zebra+lion": set(),
        "/?q=dog+beach": {"Accept 30 % and over 1 picture", "Leave out “Beach” 1 picture"},
        "/?q=dog%3E95": {"Accept “Dog” from 70 % 1 picture"},
        "/?q=beach&min=10&sort=name": set(),
        "/?q=zebra": set(),
    }
    for url, expected in ways.items():
        page = read(site, url)
        offered = {text for text in page.links if re.match("Accept|Leave out", text)}
        assert offered == expected, url
        for text in offered:
            assert len(read(site, page.links[text]).tiles()) == 1
    page = read(site, "/?q=dog+beach%3E99&min=75&sort=oldest")
    shorter = page.links["Leave out “Beach over 99 %” 1 picture"]
    assert parse_qs(shorter[2:]) == {"q": ["dog"], "min": ["75"], "sort": ["oldest"]}
    assert "Accept 50 % and over 1 picture" not in page.links


def test_a_mistake_counts_nothing(site: Site) -> None:
    site.add("dog.jpg", {"Dog": 98.0})
    assert "1 picture" in read(site, "/").text
    assert "1 picture" not in read(site, "/?q=dog%3E", 400).text


def test_names_and_labels_of_others_are_text_everywhere(site: Site) -> None:
    path = "x/" + HOSTILE.replace("/", "_") + ".jpg"
    image_id = site.add(path, {HOSTILE: 95.0}, name=HOSTILE, content_type="image/jpeg")
    site.client.patch(f"/api/images/{image_id}/labels", json={"add": ["<i>me</i>"]})
    for url in ("/", f"/images/{image_id}", "/?" + urlencode({"q": f"-{HOSTILE[:20]}"})):
        response = site.client.get(url)
        page = Reader(response.text)
        scripts = [found for tag, found in page.tags if tag == "script"]
        assert [list(found) for found in scripts] == [["type", "src"]]
        names = {name for _, found in page.tags for name in found}
        assert not any(name.startswith("on") or name == "style" for name in names)
        assert "<i>me</i>" not in response.text
    assert HOSTILE in Reader(site.client.get("/").text).text
    assert html.escape("<i>me</i>") in site.client.get("/").text


def test_a_colour_from_a_strange_document_cannot_leave_the_style_sheet(site: Site) -> None:
    key = "uploads/strange.jpg"
    site.store.put(key, b"strange")
    box = BoundingBox(float(10**9), -5.0, 1e300, 0.5)
    document = Document(
        image=ImageFacts(key=key, width=40, height=30),
        tagging=Tagging("tagged"),
        labels=[Label("Dog", 99.0, instances=[Instance(box, 99.0)])],
    )
    color = b'{"HexCode": "red}body{display:none", "PixelPercent": 50}'
    properties = b'"ImageProperties": {"DominantColors": [' + color + b']}, "Labels"'
    raw = write_document(document).replace(b'"Labels"', properties)
    site.store.put(keys.metadata_key(key), raw)
    site.indexer.index(key)
    response = site.client.get(f"/images/{keys.image_id(key)}")
    assert response.status_code == 200
    style = response.text.partition("<style")[2].partition("</style>")[0]
    assert "display" not in style
    assert ".b0{--x:1;--y:0;--w:0;--h:0.5}" in style


def test_the_page_obeys_its_own_policy(site: Site) -> None:
    image_id = site.add("dog.jpg", {"Dog": 98.0})
    for url in ("/", f"/images/{image_id}", "/help", "/nothing"):
        response = site.client.get(url)
        policy = response.headers["content-security-policy"]
        page = Reader(response.text)
        styles = [found.get("nonce") for tag, found in page.tags if tag == "style"]
        assert all(f"'nonce-{nonce}'" in policy for nonce in styles)
        assert len(styles) <= 1
        assert not any("style" in found for _, found in page.tags)


def test_every_example_of_the_help_is_a_search(site: Site) -> None:
    page = read(site, "/help")
    examples = [url for url in page.links.values() if url.startswith("/?q=")]
    assert len(examples) >= 18
    for url in examples:
        read(site, url)


def test_an_unknown_picture_is_a_page(site: Site) -> None:
    page = read(site, "/images/nothing", 404)
    assert "This picture is not here." in page.text
    assert "Nothing is here" in page.text
    assert "Try again" not in page.links
    assert "Nothing is here" in read(site, "/no/such/page", 404).text


def test_style_sheets_stay_small() -> None:
    sheets = b"".join(path.read_bytes() for path in sorted((STATIC / "css").glob("*.css")))
    assert len(gzip.compress(sheets)) <= 12 * 1024

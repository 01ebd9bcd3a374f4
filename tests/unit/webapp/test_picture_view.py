"""What the picture page's regions compute."""

from catalog.document import (
    BoundingBox,
    Document,
    DominantColor,
    Edit,
    ImageProperties,
    Instance,
    Label,
    Tagging,
)
from catalog.query import parse
from catalog.records import Neighbours
from tests.view_records import NOON, Urls, picture, search
from webapp.label_view import Labels
from webapp.picture_view import Actions, Properties, Stage, pretty_json
from webapp.rendering import StyleSheet

DOCUMENT = Document(
    tagging=Tagging("tagged", recognizer="local"),
    labels=[
        Label("Dog", 98.31, ["Animal"], instances=[Instance(BoundingBox(0.8, -0.1, 0.6, 0.5), 97)]),
        Label("Wolf", 41.0),
        Label("Hot Dog", 35.0),
    ],
    properties=ImageProperties(
        61.2,
        None,
        55.0,
        [DominantColor("#0000ff", "blue", "blue", 60.0), DominantColor("x", "", "mauve", 10.0)],
    ),
    added=[Edit("Rex", "local", "2026-11-22T10:00:00Z")],
    removed=[Edit("Wolf", "local", "2026-11-22T10:00:00Z")],
)


def labels(low: float | None = None) -> Labels:
    shown = DOCUMENT.shown_labels()
    return Labels.of(search("dog", low), picture(), DOCUMENT, shown, StyleSheet())


def test_labels_below_the_slider_are_apart_and_rejected_ones_can_be_taken_back() -> None:
    found = labels()
    assert [row.name for row in found.rows] == ["Rex", "Dog"]
    assert [row.name for row in found.below] == ["Hot Dog"]
    assert found.rejected == [("Wolf", "local")]
    assert [row.name for row in labels(30).rows] == ["Rex", "Dog", "Hot Dog"]


def test_what_another_label_implies_comes_after_what_tells_most() -> None:
    boxed = [Instance(BoundingBox(0, 0, 1, 1), 90)]
    seen = Document(
        tagging=Tagging("tagged", recognizer="local"),
        labels=[
            Label("Animal", 96.0),
            Label("Mammal", 95.0, ["Animal"]),
            Label("Cat", 93.0, ["Mammal", "Animal"]),
            Label("Egyptian Cat", 71.0, ["Cat", "Pet", "Mammal", "Animal"]),
            Label("Pet", 72.0, instances=boxed),
            Label("Machine", 40.0),
        ],
    )
    found = Labels.of(search(), picture(), seen, seen.shown_labels(), StyleSheet())
    # Cat is much surer than the breed, and Pet has a box: both say something of their own.
    assert [row.name for row in found.rows] == ["Cat", "Pet", "Egyptian Cat"]
    assert [row.name for row in found.broader] == ["Animal", "Mammal"]
    paths = {row.name: ([name for name, _ in row.parents], row.between) for row in found.rows}
    assert paths["Cat"] == (["Animal", "Mammal"], " › ")
    assert paths["Egyptian Cat"] == (["Pet", "Animal", "Mammal", "Cat"], ", ")


def test_a_persons_label_looks_different_from_the_machines() -> None:
    rex, dog = labels().rows
    assert (rex.person, rex.note) == (True, "Added by hand")
    assert not dog.person


def test_the_confidence_leads_to_pictures_at_least_this_sure() -> None:
    [dog] = [row for row in labels().rows if row.name == "Dog"]
    assert dog.percent_url == "/?q=Dog%3E%3D98"
    [hot_dog] = labels().below
    assert parse('"Hot Dog">=35').atoms() and hot_dog.percent_url == "/?q=%22Hot+Dog%22%3E%3D35"


def test_a_box_stays_inside_the_picture() -> None:
    style = StyleSheet()
    stage = Stage.of(
        search(), picture(), DOCUMENT.shown_labels(), Urls(), Neighbours(None, "next", 1, 2), style
    )
    assert [box.text.replace("\u00a0", " ") for box in stage.boxes] == ["Dog 97 %"]
    assert ".b0{--x:0.8;--y:0;--w:0.2;--h:0.5}" in style.__html__()
    assert (stage.previous_url, stage.next_url, stage.place) == ("", "/images/next", "1 of 2")


def test_a_place_among_too_many_to_count_is_about() -> None:
    beside = Neighbours("one", "other", 12, 240_000, total_is_exact=False)
    stage = Stage.of(search(), picture(), [], Urls(), beside, StyleSheet())
    assert stage.place == "12 of about 240,000"
    beside = beside._replace(position=120_000, position_is_exact=False)
    stage = Stage.of(search(), picture(), [], Urls(), beside, StyleSheet())
    assert stage.place == "about 120,000 of about 240,000"


def test_only_colours_of_the_language_are_links_and_only_real_ones_are_styled() -> None:
    style = StyleSheet()
    found = Properties.of(picture(), DOCUMENT, b"{}", style)
    assert [swatch.url for swatch in found.swatches] == ["/?q=color%3Ablue", ""]
    assert "--c:#0000ff" in style.__html__() and "--c:x" not in style.__html__()
    assert [(row.name, row.value) for row in found.quality] == [
        ("Brightness", "61"),
        ("Contrast", "55"),
    ]


def test_a_picture_in_the_trash_can_only_be_put_back() -> None:
    record = picture(trash="trash/20261122T120000Z-0123abcd/", deleted_at=NOON)
    actions = Actions.of(search("is:trashed"), record)
    assert actions.restore_url.startswith(f"/images/{record.id}/restore")
    assert (actions.delete_url, actions.retry_url) == ("", "")


def test_a_document_is_shown_also_when_it_is_no_json() -> None:
    assert pretty_json(b'{"a":"\xc3\xa9"}') == '{\n  "a": "é"\n}'
    assert pretty_json(b"{nonsense \xff") == "{nonsense \ufffd"
    deep = b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    assert pretty_json(deep) == deep.decode()

"""Pictures that get no labels: each with a reason, and what was there is kept."""

import pytest

from catalog.document import TaggingError
from catalog.errors import StoreUnavailableError
from tagger.errors import RecognitionError
from tagger.imaging import Limits
from tagger.pipeline import TaggingSettings
from tagger.recognizers.errors import RecognizerUnavailableError
from tests import pictures
from tests.fakes import Stopped
from tests.pipeline_house import DOCUMENT, FOREIGN, KEY, House


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (pictures.truncated(), "truncated"),
        (pictures.hundred_bytes(), "truncated"),
        (pictures.text(), "not_a_picture"),
        (pictures.html(), "not_a_picture"),
        (pictures.svg(), "unsupported"),
        (pictures.bomb(), "too_many_pixels"),
    ],
)
def test_what_cannot_be_read_fails_with_a_reason(house: House, content: bytes, code: str) -> None:
    house.add(content)
    house.tagger.tag(KEY)
    assert house.error() == code
    assert house.document().image.sha256 == house.store.head(KEY).etag
    assert house.recognizer.asked == 0
    assert house.store.keys("thumbs/") == set()
    effects = house.effects()
    house.tagger.tag(KEY)
    assert effects == []


def test_an_empty_file_fails_with_a_reason(house: House) -> None:
    house.store.put(KEY, b"")
    house.tagger.tag(KEY)
    assert house.error() == "empty"


def test_a_file_beyond_the_limit_fails_with_a_reason() -> None:
    house = House(TaggingSettings(limits=Limits(max_bytes=10)))
    house.add()
    house.tagger.tag(KEY)
    assert house.error() == "too_large"


def test_a_picture_that_was_replaced_by_a_bad_one_shows_nothing_old(house: House) -> None:
    house.add()
    house.tagger.tag(KEY)
    house.add(pictures.text())
    house.tagger.tag(KEY)
    assert house.error() == "not_a_picture"
    assert house.labels() == []
    assert (house.document().thumbnails, house.store.keys("thumbs/")) == ([], set())


def test_what_the_recogniser_refuses_fails_with_its_reason_and_has_thumbnails(
    house: House,
) -> None:
    house.add()
    house.recognizer.raises = RecognitionError("refused", "The recogniser refuses this picture.")
    house.tagger.tag(KEY)
    assert house.error() == "refused"
    assert len(house.document().thumbnails) == 2


def test_labels_are_not_lost_to_a_recogniser_that_refuses(house: House) -> None:
    house.add()
    house.tagger.tag(KEY)
    house.recognizer.raises = RecognitionError("refused", "The recogniser refuses this picture.")
    house.tagger.tag(KEY, again=True)
    assert house.labels() == ["Red", "Colour"]


@pytest.mark.parametrize("error", [RecognizerUnavailableError("busy"), StoreUnavailableError("x")])
def test_trouble_that_passes_is_passed_on(house: House, error: Exception) -> None:
    house.add()
    house.recognizer.raises = error
    with pytest.raises(type(error)):
        house.tagger.tag(KEY)
    assert DOCUMENT not in house.store.objects
    house.recognizer.raises = None
    house.tagger.tag(KEY)
    assert house.labels() == ["Red", "Colour"]


def test_the_last_attempt_leaves_an_answer_even_when_the_process_ends(house: House) -> None:
    house.add()
    house.recognizer.raises = Stopped()
    with pytest.raises(Stopped):
        house.tagger.tag(KEY, last_attempt=True)
    assert house.error() == "gave_up"
    house.recognizer.raises = None
    house.tagger.tag(KEY)
    assert house.error() == "gave_up", "what ends the process is not tried for ever"
    house.tagger.tag(KEY, again=True)
    assert house.labels() == ["Red", "Colour"]


def test_success_at_the_last_attempt_replaces_the_answer(house: House) -> None:
    house.add()
    house.tagger.tag(KEY, last_attempt=True)
    assert house.labels() == ["Red", "Colour"]
    assert house.document().status == "tagged"


def test_a_last_attempt_at_adopting_keeps_the_labels(house: House) -> None:
    house.add()
    house.write(FOREIGN[0])
    house.tagger.tag(KEY, last_attempt=True)
    assert (house.labels(), house.document().tagging) == (["Dune"], None)


def test_a_last_attempt_at_tagging_again_risks_no_labels(house: House) -> None:
    house.add()
    house.tagger.tag(KEY)
    house.recognizer.raises = Stopped()
    with pytest.raises(Stopped):
        house.tagger.tag(KEY, again=True, last_attempt=True)
    assert house.labels() == ["Red", "Colour"]


WAITED = TaggingError("waited_too_long", "The recogniser was too busy for a day.")


def test_what_waited_too_long_fails_with_its_reason(house: House) -> None:
    house.add()
    house.tagger.fail(KEY, WAITED)
    assert house.error() == "waited_too_long"
    assert house.index.rows[KEY][1] == house.store.read(DOCUMENT)[0]
    house.tagger.tag(KEY, again=True)
    assert house.labels() == ["Red", "Colour"]
    house.tagger.fail(KEY, WAITED)
    assert house.labels() == ["Red", "Colour"], "an answer that is there stays"


def test_what_is_gone_needs_no_answer(house: House) -> None:
    house.tagger.fail(KEY, WAITED)
    assert house.store.objects == {}

"""What is written about a picture: pure functions from what was there and what was seen.

People's edits and unknown fields pass through all of them untouched.
"""

from copy import deepcopy
from dataclasses import dataclass, field, replace

from catalog.clock import utc_text
from catalog.document import (
    Document,
    ImageFacts,
    ImageProperties,
    Tagging,
    TaggingError,
    Thumbnail,
)
from catalog.keys import file_name
from catalog.storage import ObjectInfo
from tagger.imaging import Picture
from tagger.recognizers import Recognition

GAVE_UP = TaggingError(
    "gave_up",
    "Tagging this picture was tried several times and never came to an end. You can try again.",
)


@dataclass(frozen=True, slots=True)
class Seen:
    """A picture as it was read just now; `sha256` is "" where it was not read at all.

    `picture` is None where it cannot be read or was not looked at again.
    """

    info: ObjectInfo
    name: str
    sha256: str = ""
    picture: Picture | None = None
    properties: ImageProperties | None = None
    thumbnails: list[Thumbnail] = field(default_factory=list)


def is_foreign(document: Document) -> bool:
    """Tell whether another tool's labels stand in a document: without a mark of our recogniser.

    One whose picture could not be read is marked as failed, by no recogniser.
    """
    tagging = document.tagging
    return tagging is None or (tagging.status == "failed" and not tagging.recognizer)


def is_about(document: Document, info: ObjectInfo) -> bool:
    """Tell whether a document was written by us, or adopted, about just this picture."""
    return bool(document.image.etag) and document.image.etag == info.etag


def is_tagged(document: Document, info: ObjectInfo) -> bool:
    """Tell whether a document holds the labels of just this picture."""
    return document.status == "tagged" and is_about(document, info)


def is_same_picture(document: Document, sha256: str) -> bool:
    """Tell whether a document is about a picture of just these bytes."""
    return bool(sha256) and document.image.sha256 == sha256


def speaks_of(document: Document, sha256: str) -> bool:
    """Tell whether a document's labels are about these bytes.

    Those of a tool that does not say which bytes it saw are about the picture of that key.
    """
    if document.status == "tagged" and not (document.image.etag or document.image.sha256):
        return True
    return is_same_picture(document, sha256)


def tagged(base: Document | None, seen: Seen, recognition: Recognition, mark: Tagging) -> Document:
    """Return the document of a picture that was just recognised; `mark` says how."""
    document = _measured(base, seen)
    document.labels = list(recognition.labels)
    if recognition.properties:
        document.properties = _with_measures(document.properties, recognition.properties)
    document.label_model_version = recognition.model_version
    document.tagging = _marked(document, mark)
    return document


def kept(base: Document, seen: Seen) -> Document:
    """Return a document whose labels hold, with what was measured: an adopted one among others."""
    document = _measured(base, seen)
    if is_foreign(base):
        document.tagging = None
    return document


def disowned(document: Document) -> Document:
    """Return a document that is about no picture for now: its thumbnails are being replaced."""
    return replace(document, image=replace(document.image, etag=""), thumbnails=[])


def is_disowned(document: Document) -> bool:
    """Tell whether a document lost its thumbnails to another picture, which did not stay."""
    return bool(document.image.sha256) and not document.image.etag


def has_given_up(document: Document) -> bool:
    """Tell whether a document only says that tagging was given up."""
    return document.tagging is not None and document.tagging.error == GAVE_UP


def without_giving_up(now: Document, base: Document) -> Document:
    """Return `base` with the edits of `now`, where `now` only says that tagging it was given up."""
    if not has_given_up(now) or is_foreign(now):  # another tool's labels are still there
        return now
    edited = now if now.added or now.removed else base
    return replace(base, added=edited.added, removed=edited.removed)


def failed(base: Document | None, seen: Seen, error: TaggingError, mark: Tagging) -> Document:
    """Return the document of a picture that got no labels; another tool's labels stay."""
    document = _measured(base, seen)
    foreign = base is not None and is_foreign(base)
    if not foreign:
        document.labels, document.label_model_version = [], ""
    recognizer = "" if foreign else mark.recognizer
    mark = replace(mark, status="failed", error=error, recognizer=recognizer)
    if base and base.tagging and base.tagging.error == error:
        mark.tagged_at = base.tagging.tagged_at  # the same failure again is no change
    document.tagging = _marked(document, mark)
    return document


def _marked(document: Document, mark: Tagging) -> Tagging:
    extra = document.tagging.extra if document.tagging else {}
    return replace(mark, extra=dict(extra))


def _measured(base: Document | None, seen: Seen) -> Document:
    document = deepcopy(base) if base else Document()
    same = _may_be_same(document, seen)
    document.image = _facts(document, seen, same=same)
    if seen.properties:
        document.properties = _properties(document, seen.properties)
    if seen.picture:
        document.thumbnails = list(seen.thumbnails)
    elif not same:
        document.properties, document.thumbnails = None, []
    return document


def _may_be_same(document: Document, seen: Seen) -> bool:
    """Tell whether a document may be about these bytes, as far as they were looked at."""
    if seen.sha256 and document.image.sha256:
        return is_same_picture(document, seen.sha256)
    return document.image.size in (None, seen.info.size)


def _facts(document: Document, seen: Seen, *, same: bool) -> ImageFacts:
    """Return what is known of the file; of the old one what is still true, where it is `same`."""
    old, info, picture = document.image, seen.info, seen.picture
    known = old if same else ImageFacts(name=old.name, extra=old.extra)
    facts = replace(
        known,
        key=info.key,
        name=known.name or seen.name or file_name(info.key),
        size=info.size,
        sha256=seen.sha256 or (known.sha256 if is_about(document, info) else ""),
        etag=info.etag,
        uploaded_at=known.uploaded_at or utc_text(info.modified),
    )
    if picture is None:
        return facts
    return replace(
        facts,
        content_type=picture.content_type,
        width=picture.width,
        height=picture.height,
        taken_at=picture.taken_at or (known.taken_at if is_foreign(document) else ""),
        camera=picture.camera or (known.camera if is_foreign(document) else ""),
    )


def _with_measures(ours: ImageProperties | None, theirs: ImageProperties) -> ImageProperties:
    """Return the recogniser's figures of quality, with our colours: those are searched by."""
    colors = ours.dominant_colors if ours else []
    return replace(theirs, dominant_colors=colors or theirs.dominant_colors)


def _properties(document: Document, ours: ImageProperties) -> ImageProperties:
    """Return our measures; of another tool's, its own figures of quality and unknown fields."""
    old = document.properties
    if old is None:
        return ours
    merged = replace(ours, extra=old.extra, quality_extra=old.quality_extra)
    if is_foreign(document):
        for name in ("brightness", "sharpness", "contrast"):
            if getattr(old, name) is not None:
                setattr(merged, name, getattr(old, name))
    return merged

"""Labels that are known already for the same bytes: nobody pays a recogniser twice for them."""

from catalog.document import Tagging
from catalog.documents_io import document_of
from catalog.errors import DocumentError
from catalog.library import Index
from catalog.storage import ObjectStore
from tagger.composing import is_same_picture
from tagger.recognizers import Recognition


def labels_elsewhere(
    store: ObjectStore,
    index: Index,
    key: str,
    sha256: str,
    mark: Tagging,
    *,
    with_properties: bool = False,
) -> Recognition | None:
    """Return what the recogniser that `mark` names said of these bytes under another key.

    The catalog says where to look; the document itself is believed, and only where it was made
    with the same settings (and holds the recogniser's own measures where those are wanted).
    """
    for other in index.same_bytes(sha256):
        if other == key:
            continue
        try:
            found = document_of(store, other)
        except DocumentError:
            continue
        if found is None or not is_same_picture(found[0], sha256):
            continue
        document = found[0]
        if not _is_answer_of(document.tagging, mark):
            continue
        measures = document.properties if with_properties else None
        # Foreground and background come from the recogniser alone: we do not measure them.
        if with_properties and not (measures and measures.extra):
            continue
        return Recognition(document.labels, document.label_model_version, measures)
    return None


def _is_answer_of(tagging: Tagging | None, mark: Tagging) -> bool:
    return (
        tagging is not None
        and tagging.status == "tagged"
        and (tagging.recognizer, tagging.min_confidence, tagging.max_labels)
        == (mark.recognizer, mark.min_confidence, mark.max_labels)
    )

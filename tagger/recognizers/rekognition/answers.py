"""Rekognition's answers, of any version of its model, read as tolerantly as documents are."""

import json
from typing import Any

from catalog.document import SCHEMA_VERSION, Document, Label, read_document
from catalog.errors import DocumentError
from tagger.errors import RecognitionError
from tagger.recognizers import Recognition
from tagger.recognizers.rekognition.sending import Sent


def read_answer(answer: Any, sent: Sent, *, min_confidence: float, max_labels: int) -> Recognition:
    """Return the labels of an answer, surest first, with boxes of the picture itself.

    Raises RecognitionError for an answer that makes no sense.
    """
    document = _read(answer)
    labels = [label for label in document.labels if label.confidence >= min_confidence]
    for label in labels:
        _place(label, sent)
    labels.sort(key=lambda label: (-label.confidence, label.name))
    return Recognition(labels[:max_labels], document.label_model_version, document.properties)


def _read(answer: Any) -> Document:
    """Read an answer as if it stood in a document: what cannot be used is left out."""
    if not isinstance(answer, dict) or not isinstance(answer.get("Labels"), list):
        raise _nonsense("it has no list of labels")
    told = [label for label in answer["Labels"] if _has_confidence(label)]
    if answer["Labels"] and not told:
        raise _nonsense("none of its labels has a confidence")
    content = {
        "SchemaVersion": SCHEMA_VERSION,  # so confidences below 1 % are taken as they are
        "Labels": told,
        "LabelModelVersion": answer.get("LabelModelVersion"),
        "ImageProperties": answer.get("ImageProperties"),
    }
    try:
        return read_document(json.dumps(content, default=str).encode())
    except DocumentError as error:
        raise _nonsense(error.reason) from error
    except (TypeError, ValueError, RecursionError) as error:
        raise _nonsense("it cannot be written down") from error


def _has_confidence(label: Any) -> bool:
    """Tell whether a label says how sure it is: without that, there is nothing to filter by."""
    if not isinstance(label, dict):
        return False
    confidence = label.get("Confidence")
    return isinstance(confidence, int | float) and confidence is not True and 0 <= confidence <= 100


def _place(label: Label, sent: Sent) -> None:
    kept = []
    for instance in label.instances:
        box = sent.back(instance.box)
        if box is not None:
            instance.box = box
            kept.append(instance)
    label.instances = kept


def _nonsense(reason: str) -> RecognitionError:
    reason = reason.rstrip(".")
    return RecognitionError(
        "recognizer_nonsense",
        f"The answer of Amazon Rekognition makes no sense: {reason}. You can try again.",
    )

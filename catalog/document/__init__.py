"""The metadata document: types, tolerant reader, strict writer (docs/metadata-format.md).

Rekognition's own fields keep Rekognition's own names and shape. Unknown fields are kept on rewrite.
"""

from catalog.document.model import (
    SCHEMA_VERSION,
    BoundingBox,
    Document,
    DominantColor,
    Edit,
    ImageFacts,
    ImageProperties,
    Instance,
    Label,
    ShownLabel,
    Source,
    Status,
    Tagging,
    TaggingError,
    Thumbnail,
    fold_name,
)
from catalog.document.reader import (
    MAX_DOCUMENT_BYTES,
    document_of,
    parse_document,
    read_document,
)
from catalog.document.writer import write_document

__all__ = [
    "MAX_DOCUMENT_BYTES",
    "SCHEMA_VERSION",
    "BoundingBox",
    "Document",
    "DominantColor",
    "Edit",
    "ImageFacts",
    "ImageProperties",
    "Instance",
    "Label",
    "ShownLabel",
    "Source",
    "Status",
    "Tagging",
    "TaggingError",
    "Thumbnail",
    "document_of",
    "fold_name",
    "parse_document",
    "read_document",
    "write_document",
]

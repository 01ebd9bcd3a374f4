"""Everything that can go wrong, in the words of the catalog.

One root; subclasses carry the facts as attributes. Nothing here knows HTTP:
webapp/errors.py maps each class to a status and a sentence, once.

TaglightError
 ├ InvalidKeyError          a key that no store may hold
 ├ ObjectNotFoundError      no such key in the store
 ├ PreconditionFailedError  If-Match or If-None-Match did not hold
 │  └ KeyTakenError         the key, or a folder of that name, is there already
 ├ ContentMismatchError     bytes of another length or checksum than announced
 ├ StoreUnavailableError    the store does not answer or refuses
 │  ├ StoreFullError        no space left
 │  ├ StoreReadOnlyError    it can be read only
 │  └ StoreRefusedError     the rights do not reach that far
 ├ CatalogUnavailableError  the database does not answer
 │  └ CatalogFullError      no space left for its file
 ├ DocumentError            a metadata document that makes no sense
 │  └ NotTaggedYetError     a picture without a document cannot be corrected yet
 ├ ImageNotFoundError       no picture of that id
 ├ NotInTrashError          nothing of that id to restore
 ├ SearchSyntaxError        a mistake in the search text, with its position
 ├ InvalidCursorError       a cursor that is not of this query
 ├ InvalidTicketError       an upload ticket that does not cover this request
 └ SettingsError            a setting of the environment that makes no sense
"""


class TaglightError(Exception):
    """The root of all errors that Taglight raises on purpose."""


class InvalidKeyError(TaglightError):
    """A key that no store may hold; `reason` is a sentence for a person."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"{reason} ({key!r})")
        self.key = key
        self.reason = reason


class ObjectNotFoundError(TaglightError):
    """There is no object of this key."""

    def __init__(self, key: str) -> None:
        super().__init__(f"There is no object {key!r}.")
        self.key = key


class PreconditionFailedError(TaglightError):
    """A conditional write or delete met another state than the caller had read."""

    def __init__(self, key: str) -> None:
        super().__init__(f"{key!r} has changed, or is there already.")
        self.key = key


class KeyTakenError(PreconditionFailedError):
    """The key is taken, by an object or by a folder of the same name."""


class ContentMismatchError(TaglightError):
    """The bytes received are not those announced; `what` is `length` or `checksum`."""

    def __init__(self, key: str, what: str) -> None:
        super().__init__(f"The {what} of {key!r} is not what was announced.")
        self.key = key
        self.what = what


class StoreUnavailableError(TaglightError):
    """The store does not answer, or refuses; trying again later may help."""


class StoreFullError(StoreUnavailableError):
    """There is no space left for what should be written."""


class StoreReadOnlyError(StoreUnavailableError):
    """The store can be read, and nothing in it be changed."""


class StoreRefusedError(StoreUnavailableError):
    """The store says no: these credentials lack the right, or end."""


class CatalogUnavailableError(TaglightError):
    """The database of the catalog does not answer."""


class CatalogFullError(CatalogUnavailableError):
    """There is no space left on the disk of the catalog."""


class DocumentError(TaglightError):
    """A metadata document that makes no sense; `reason` is a sentence for a person."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotTaggedYetError(DocumentError):
    """The picture still waits to be tagged: it has no document that could be corrected."""

    def __init__(self) -> None:
        super().__init__(
            "This picture is still waiting to be tagged. Its labels can be changed after that."
        )


class ImageNotFoundError(TaglightError):
    """There is no picture of this id."""

    def __init__(self, image_id: str) -> None:
        super().__init__(f"There is no picture {image_id!r}.")
        self.image_id = image_id


class NotInTrashError(TaglightError):
    """There is nothing of this id in the trash."""

    def __init__(self, image_id: str) -> None:
        super().__init__(f"There is no picture {image_id!r} in the trash.")
        self.image_id = image_id


class SearchSyntaxError(TaglightError):
    """A mistake in the search text; `position` counts characters from 0."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


class InvalidCursorError(TaglightError):
    """A cursor that was made up, or belongs to another query or order."""


class InvalidTicketError(TaglightError):
    """An upload ticket that is forged, expired, used, or does not cover this request."""


class SettingsError(TaglightError):
    """A setting of the environment that makes no sense; the message names it and the cure."""

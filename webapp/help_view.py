"""The examples of the help page, each a search that can be tried."""

from dataclasses import dataclass

from webapp.addresses import Address


@dataclass(frozen=True, slots=True)
class Example:
    text: str
    url: str


_EXAMPLES = [
    ("dog", "pictures labelled Dog, at or above the slider"),
    ("dog beach", "both labels"),
    ("dog|cat", "either label"),
    ("-person", "everything without Person"),
    ("dog>90", "more than 90 % sure of Dog, whatever the slider says; also >=, < and <="),
    ("dog:60..90", "between 60 and 90 % sure, both ends included"),
    ('"hot dog"', "a label of several words"),
    ("dog*", "labels that begin with dog"),
    ("is:failed", "pictures that could not be tagged, with the reason"),
    ("is:pending", "pictures that wait to be tagged"),
    ("is:unlabelled", "tagged pictures in which nothing was recognised"),
    ("is:edited", "pictures whose labels people have corrected"),
    ("is:trashed", "deleted pictures, kept for 30 days"),
    ("name:img_20*", "file names; * stands for anything"),
    ("in:2026/11", "pictures in this folder of the library"),
    ("type:heic", "one format: jpeg, png, webp, heic …"),
    ("color:blue", "a dominant colour of the picture"),
    ("after:2026-01-01", "uploaded on this day or later (UTC)"),
    ("before:2026-02", "uploaded before this month"),
]


def examples() -> list[tuple[Example, str]]:
    """Return the examples with what each finds."""
    return [(Example(text, Address.only(text)), meaning) for text, meaning in _EXAMPLES]

"""What the network's 1,000 classes are called, and the groups that people look for them under.

Two tables in `data/`: classes.tsv (one line per class, with its WordNet id and its direct groups)
and groups.tsv (with their parents). A class named as one of its groups is that group: no label
is its own parent.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources

__all__ = ["REVISION", "Entry", "Taxonomy", "load_taxonomy", "make_taxonomy"]

REVISION = 1
"""Raise it when the tables change: documents hold it as part of the model's version."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One label: its name, all its ancestors (nearest first), its categories and other names."""

    name: str
    parents: tuple[str, ...]
    categories: tuple[str, ...]
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """All labels by name, and the labels that each class counts for, itself first."""

    entries: Mapping[str, Entry]
    labels_of_class: tuple[tuple[str, ...], ...]


def load_taxonomy() -> Taxonomy:
    """Read the tables that ship with the package."""
    return make_taxonomy(_rows("classes.tsv"), _rows("groups.tsv"))


def make_taxonomy(
    classes: Iterable[Mapping[str, str]], groups: Iterable[Mapping[str, str]]
) -> Taxonomy:
    """Combine rows of the two tables; raise ValueError or KeyError where they do not fit."""
    table = {row["name"]: row for row in groups}
    parents = {name: _list(row["parents"]) for name, row in table.items()}
    entries = {
        name: Entry(name, _above(name, parents), (row["category"],), _list(row["aliases"]))
        for name, row in table.items()
    }
    labels_of_class = []
    for row in classes:
        name, direct, aliases = row["name"], _list(row["groups"]), _list(row["aliases"])
        above = _ancestors(direct, parents)
        if name in table:  # the class is the group
            if name not in above:
                raise ValueError(f"The class {name!r} is not a member of its own group.")
            known = entries[name]
            entries[name] = Entry(
                name, known.parents, known.categories, _distinct(known.aliases + aliases)
            )
        elif name in entries:
            raise ValueError(f"Two labels are called {name!r}.")
        else:
            categories = _distinct(table[group]["category"] for group in direct)
            entries[name] = Entry(name, above, categories, aliases)
        labels_of_class.append(_distinct((name, *above)))
    return Taxonomy(entries, tuple(labels_of_class))


def _above(group: str, parents: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    above = _ancestors(parents[group], parents)
    if group in above:
        raise ValueError(f"The group {group!r} is its own ancestor.")
    return above


def _ancestors(start: Iterable[str], parents: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return `start` and all above it, nearest first, each once."""
    found: dict[str, None] = {}
    level = list(start)
    while level:
        found.update(dict.fromkeys(level))
        level = [parent for name in level for parent in parents[name] if parent not in found]
    return tuple(found)


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _list(text: str) -> tuple[str, ...]:
    return tuple(text.split("; ")) if text else ()


def _rows(name: str) -> list[dict[str, str]]:
    text = resources.files(__package__).joinpath("data", name).read_text(encoding="utf-8")
    head, *lines = (line.split("\t") for line in text.splitlines())
    return [dict(zip(head, line, strict=True)) for line in lines]

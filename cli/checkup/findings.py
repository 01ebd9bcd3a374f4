"""What the doctor says: what is well, what is worth knowing, what is wrong and how it is mended."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Level = Literal["well", "note", "wrong"]
_SIGNS: dict[Level, str] = {"well": "ok", "note": "--", "wrong": "!!"}
_MOST_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    `means` says what it means, `cure` what a person may do, `mends` what --fix will do ("" where
    it can do nothing). `keys` are what it is about.
    """

    level: Level
    title: str
    means: str = ""
    cure: str = ""
    mends: str = ""
    keys: Sequence[str] = ()


def well(title: str) -> Finding:
    """Return a finding that all is well with something."""
    return Finding("well", title)


def lines(finding: Finding) -> list[str]:
    """Return a finding as lines for people."""
    found = [f" {_SIGNS[finding.level]}  {finding.title}"]
    if finding.means:
        found.append(f"     {finding.means}")
    if finding.cure:
        found.append(f"     What to do: {finding.cure}")
    found += [f"       {printable(key)}" for key in finding.keys[:_MOST_EXAMPLES]]
    if len(finding.keys) > _MOST_EXAMPLES:
        found.append(f"       … and {len(finding.keys) - _MOST_EXAMPLES:,} more")
    return found


def counted(count: int, one: str, many: str) -> str:
    """Return `1 picture has` or `1,200 pictures have`."""
    return f"{count:,} {one if count == 1 else many}"


def printable(key: str) -> str:
    """Return a key with nothing in it that would move the cursor of a terminal."""
    return "".join(each if each.isprintable() else "�" for each in key)

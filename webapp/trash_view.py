"""The trash as people see it: what was deleted, since when, and how long it can be had back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from catalog.emptying import KEPT
from catalog.keys import trash_stamp
from catalog.records import ImageRecord
from webapp.addresses import Address
from webapp.media import MediaUrls
from webapp.wording import day, pictures

_NARROWEST, _WIDEST = 0.5, 2.5


@dataclass(frozen=True, slots=True)
class Deleted:
    """One picture in the trash; `left` says how long, `taken` that it cannot come back now."""

    name: str
    url: str
    source: str
    width: int
    height: int
    when: str
    left: str
    taken: bool
    restore_url: str
    delete_url: str


@dataclass(frozen=True, slots=True)
class Trash:
    """One page of the trash; `until` is the moment up to which its buttons act."""

    items: list[Deleted]
    count: str
    until: str
    next_url: str

    @classmethod
    def of(
        cls,
        records: Sequence[ImageRecord],
        total: int,
        taken: set[str],
        urls: MediaUrls,
        address: Address,
        now: datetime,
        *,
        has_more: bool,
    ) -> "Trash":
        """Show these pictures; `taken` are the keys at which other pictures are now."""
        items = [_deleted(each, urls, address, now, taken=each.key in taken) for each in records]
        next_url = f"/trash?before={trash_stamp(records[-1].trash)}" if has_more else ""
        return cls(items, pictures(total), now.isoformat(), next_url)


def _deleted(
    record: ImageRecord, urls: MediaUrls, address: Address, now: datetime, *, taken: bool
) -> Deleted:
    stamp = trash_stamp(record.trash)
    at = record.deleted_at or now
    width, height = record.width or 3, record.height or 2
    ratio = min(max(width / height, _NARROWEST), _WIDEST)
    return Deleted(
        name=record.name,
        url=address.picture_of(record),
        source=urls.thumbnail(record, 320) or "",
        width=int(ratio * 200),
        height=200,
        when=_when(day(at.date(), now.date())),
        left=_left(at + KEPT - now),
        taken=taken,
        restore_url=f"/images/{record.id}/restore?trash={stamp}&trash-page=1",
        delete_url=f"/images/{record.id}/delete-for-good?trash={stamp}",
    )


def _when(named: str) -> str:
    """Say on which day a picture was deleted; `named` is the day as headings have it."""
    return f"Deleted {named.lower()}" if named in ("Today", "Yesterday") else f"Deleted on {named}"


def _left(left: timedelta) -> str:
    """Say how long a picture can still be had back."""
    if left < timedelta(days=1):
        return "gone for good today"
    days = round(left / timedelta(days=1))
    return f"kept {days} more day" + ("" if days == 1 else "s")

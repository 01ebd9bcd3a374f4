"""Which pictures of a segment match, in the form that each question can use.

A page of labels needs a bitmap only, cut from others in a fraction of the time that marking a
million places takes; counts need the mask as well. What is not there is made once it is asked for.
"""

from array import array
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

Mask = NDArray[np.bool_]
Integers = NDArray[np.int64]


class Chosen:
    """Some places of a segment of `size` pictures: a mask, a bitmap, or the places in any order."""

    def __init__(
        self,
        size: int,
        *,
        mask: Mask | None = None,
        bitmap: BitMap | None = None,
        places: NDArray[Any] | None = None,
    ) -> None:
        self.size = size
        self.is_marked = mask is not None
        if mask is not None:
            self.__dict__["mask"] = mask
        if bitmap is not None:
            self.__dict__["bitmap"] = bitmap
        if places is not None:
            self.__dict__["places"] = places

    @classmethod
    def of(cls, mask: Mask) -> "Chosen":
        """Choose what a mask has set."""
        return cls(len(mask), mask=mask)

    @cached_property
    def mask(self) -> Mask:
        """Whether each place is chosen."""
        marked = np.zeros(self.size, np.bool_)
        marked[self.places] = True
        return marked

    @cached_property
    def bitmap(self) -> BitMap:
        """The places as a bitmap."""
        return bitmap_of(self.places if self.is_marked else np.sort(self.places))

    @cached_property
    def places(self) -> NDArray[Any]:
        """The places, in any order."""
        return np.flatnonzero(self.mask) if self.is_marked else places_of(self.bitmap)

    @cached_property
    def count(self) -> int:
        """How many places are chosen."""
        if self.is_marked:
            return int(np.count_nonzero(self.mask))
        return len(self.bitmap if "bitmap" in self.__dict__ else self.places)


def bitmap_of(places: NDArray[Any]) -> BitMap:
    """Make a bitmap of places in order, from which it is made at once and lies in one piece."""
    numbers = array("I")
    numbers.frombytes(places.astype(np.uint32).tobytes())
    return BitMap(numbers)


def places_of(bitmap: BitMap) -> Integers:
    """Return the places of a bitmap, in order."""
    return np.frombuffer(bitmap.to_array(), np.uint32).astype(np.int64)

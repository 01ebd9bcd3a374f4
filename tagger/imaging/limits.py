"""How much of a picture is read, and the sentences for what passes that."""

from dataclasses import dataclass

from tagger.errors import PictureError, out_of_memory

MIB = 1024 * 1024
MEGAPIXEL = 1_000_000
# What opening a picture may take beside the process itself, and what decoders hold of each pixel
# at their worst moment, in bytes. docs/adr/0008 has the measurements.
MEMORY = 404 * MIB
_HELD = {"WEBP": 12, "AVIF": 8, "HEIF": 8, "JPEG": 3}
_HELD_BY_OTHERS = 4


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what is opened; sizes in bytes and pixels.

    `max_decoded_pixels` bounds what is held in memory, as does `max_memory` (bytes) for decoders
    that hold more of each pixel: only a baseline JPEG can be read smaller than it is, so only
    there may `max_pixels` be more. `memory` is what there is just now, where that is less.
    """

    max_bytes: int = 50 * MIB
    max_pixels: int = 200 * MEGAPIXEL
    max_decoded_pixels: int = 100 * MEGAPIXEL
    max_side: int = 65_535
    max_scans: int = 200
    working_side: int = 2048
    max_memory: int = MEMORY
    memory: int = MEMORY

    def check_bytes(self, size: int) -> None:
        """Raise PictureError for a file that is empty or has too many bytes."""
        if size == 0:
            raise PictureError("empty", "This file is empty: it has no bytes at all.")
        if size > self.max_bytes:
            raise PictureError(
                "too_large",
                f"This file is too large: it has {_amount(size, MIB)} MB, "
                f"and at most {_amount(self.max_bytes, MIB)} MB are read.",
            )

    def check_size(self, width: int, height: int) -> None:
        """Raise PictureError for a picture of impossible or too many pixels."""
        if width < 1 or height < 1:
            raise PictureError("damaged", "Could not read this picture: it has no pixels.")
        if max(width, height) > self.max_side and width * height <= self.max_pixels:
            raise PictureError(
                "too_many_pixels",
                f"This picture is too large: one side has {max(width, height)} pixels, "
                f"and at most {self.max_side} are read.",
            )
        self._check_pixels(width * height, self.max_pixels)

    def check_decoded(self, width: int, height: int, decoder: str, beside: int = 0) -> None:
        """Raise PictureError where decoding this many pixels would take too much memory.

        `beside` are bytes that the decoder holds beside the picture.
        """
        held = _HELD.get(decoder, _HELD_BY_OTHERS)
        most = min(self.max_decoded_pixels, self.max_memory // held // MEGAPIXEL * MEGAPIXEL)
        self._check_pixels(width * height, most)
        if width * height * held + beside > self.memory:
            raise out_of_memory()

    def _check_pixels(self, pixels: int, most: int) -> None:
        if pixels > most:
            raise PictureError(
                "too_many_pixels",
                f"This picture is too large: it has {_amount(pixels, MEGAPIXEL)} megapixels, "
                f"and at most {_amount(most, MEGAPIXEL)} are read.",
            )


def _amount(value: int, unit: int) -> str:
    """Write a value in a unit, rounded up so that "50.1" never reads as 50."""
    tenths = -(-value * 10 // unit)
    return str(tenths // 10) if tenths % 10 == 0 or tenths >= 1000 else f"{tenths / 10:.1f}"

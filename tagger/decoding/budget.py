"""How much memory and time the opening of pictures may take (docs/adr/0008 has measurements)."""

from dataclasses import dataclass

from tagger.imaging.limits import MEMORY, MIB

# All processes together stay under 600 MB, which are 572 MiB.
_TOGETHER = 572 * MIB
# The tagging process with its recogniser loaded; without, it is 108 MiB, so MEMORY fits.
_TAGGER = 190 * MIB
# A decoding process that has nothing to do.
_PROCESS = 40 * MIB


@dataclass(frozen=True, slots=True)
class Budget:
    """What one picture may take: bytes of memory beside the process itself, and seconds.

    `alone` is for one whose turn comes when nothing else is held: no other picture, and no
    recogniser. `cpu_seconds` are of the processor, `seconds` by the clock.
    """

    beside_others: int
    alone: int = MEMORY
    cpu_seconds: int = 30
    seconds: float = 45.0

    @classmethod
    def for_processes(cls, count: int) -> "Budget":
        """Share the memory between so many pictures at once; each gets enough for a usual one."""
        share = (_TOGETHER - _TAGGER) // count - _PROCESS
        return cls(beside_others=max(share, 64 * MIB))

"""The tagger against bare library calls: each format, at 1, 12 and 50 megapixels.

    .venv/bin/python -m benchmarks.tagger [--rounds 7] [--only jpg,png] [--sizes 1,12,50]

Everything but the recogniser's call: bytes from a file, SHA-256, open in the other process,
upright, thumbnails, measures, documents and rows, against what Pillow alone takes to decode (with
draft), resize and encode the same two thumbnails. Both take turns; what counts is the processor's
time of all processes together, as others use the machine too.
"""

import argparse
import io
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import psutil
from PIL import Image

from catalog import reads
from catalog.database import Database
from catalog.document import Label
from catalog.indexer import Indexer
from catalog.storage.folder import FolderStore
from tagger.decoding import Decoder
from tagger.imaging.opening import prepare_decoders
from tagger.pipeline import Tagger
from tagger.recognizers import Recognition
from tagger.recognizers.local.views import SHORT_SIDE
from tests.pictures import FORMATS, encode, noise

SIZES = {1: (1200, 900), 12: (4000, 3000), 50: (8165, 6124)}
OWED = 1.25
WIDTHS = (1280, 320)
MIB = 2**20


class NotReadError(Exception):
    """A picture that is larger than its format is read."""


class Silent:
    """A recogniser that takes no time."""

    name = "local"

    def recognize(self, _: Image.Image, **__: object) -> Recognition:
        """Answer at once."""
        return Recognition([Label("Dog", 90.0)], "none")


def processor_seconds() -> float:
    """Return what this process has used of the processor, with all it has ended."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(sum(resource.getrusage(kind)[:2]) for kind in kinds)


def children_seconds() -> float:
    """Return what the processes have used that still run."""
    return sum(sum(child.cpu_times()[:2]) for child in psutil.Process().children())


def bare(path: Path) -> None:
    """Do with Pillow alone what the thumbnails take."""
    with Image.open(path) as source:
        width, height = source.size
        if source.format == "JPEG":
            scale = next((s for s in (8, 4, 2) if max(width, height) / s >= 1707), 1)
            source.draft("RGB", (width // scale, height // scale))
        image = source.convert("RGB")
    for wide in WIDTHS:
        if image.width > wide:
            size = wide, round(image.height * wide / image.width)
            image = image.resize(size, Image.Resampling.BICUBIC)
        image.save(io.BytesIO(), "WEBP", quality=80, method=2)


def timed(call: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds of a call: of the processor in all processes, and by the clock."""
    start = processor_seconds() + children_seconds(), time.perf_counter()
    call()
    return processor_seconds() + children_seconds() - start[0], time.perf_counter() - start[1]


@cache
def photograph(megapixels: int) -> Image.Image:
    """Return a picture of this size, as hard to pack as a photograph of 12 megapixels."""
    return noise(*SIZES[min(megapixels, 12)]).resize(SIZES[megapixels], Image.Resampling.BICUBIC)


def encoded(megapixels: int, extension: str) -> bytes:
    """Return such a picture in a format, packed in no more time than need be."""
    options: dict[str, object] = {
        "jpg": {"quality": 85, "subsampling": 2},
        "png": {"compress_level": 3},
        "webp": {"quality": 70, "method": 0},
        "avif": {"quality": 60, "speed": 10},
        "heic": {"quality": 50, "enc_params": {"preset": "ultrafast"}},
    }.get(extension, {})
    return encode(photograph(megapixels), extension, **options)


def peak_mib(path: Path) -> float:
    """Return the most memory that a process of its own takes to open this, in MiB."""
    code = (
        "import sys; from tagger.imaging import Limits, open_here\n"
        "open_here(open(sys.argv[1], 'rb'), Limits(max_bytes=2**30))\n"
        "print(next(line for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    )
    command = [sys.executable, "-c", code, path]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    return int(done.stdout.split()[1]) / 1024


class Measuring:
    """A library in a folder, whose pictures are tagged again and again."""

    def __init__(self, root: Path) -> None:
        self.store = FolderStore(root)
        self.store.prepare()
        self.database = Database.open(f"sqlite:///{root / 'catalog.sqlite'}")
        self.decoder = Decoder(short_side=SHORT_SIDE)
        index = Indexer(self.store, self.database)
        self.tagger = Tagger(self.store, index, Silent(), opener=self.decoder)

    def row(self, megapixels: int, extension: str, rounds: int) -> tuple[tuple[float, str], str]:
        """Measure one picture; return ratio and row, and pictures a second with their memory.

        Raises NotReadError.
        """
        key = f"uploads/{megapixels}.{extension}"
        data = encoded(megapixels, extension)
        path = self.store.root / key
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)

        def ours() -> None:
            self.tagger.tag(key, again=True)

        ours()
        with self.database.reading() as connection:
            record = reads.find_by_key(connection, key)
        if record is None or record.status != "tagged":
            raise NotReadError(record.error_message if record else "It is gone.")
        bare(path)
        pairs = [(timed(ours), timed(lambda: bare(path))) for _ in range(rounds)]
        mine, floor = (statistics.median(pair[side][0] for pair in pairs) for side in (0, 1))
        clock = statistics.median(pair[0][1] for pair in pairs)
        name = f"{megapixels} megapixels, {extension}"
        owed = f"≤ {OWED}" if (megapixels, extension) == (12, "jpg") else ""
        row = (
            f"| {name} ({len(data) / 1e6:.1f} MB) | {floor * 1000:.0f} ms | {mine * 1000:.0f} ms "
            f"| {mine / floor:.2f} × | {owed} |"
        )
        return (
            mine / floor,
            row,
        ), f"| {name} | {1 / clock:.1f} | {1 / mine:.1f} | {peak_mib(path):.0f} MiB |"

    def close(self) -> None:
        """Let go of the library."""
        self.decoder.close()
        self.database.close()
        self.store.close()


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", default=",".join(FORMATS))
    parser.add_argument("--sizes", default="1,12,50")
    options = parser.parse_args()
    prepare_decoders()
    rows, figures, refused = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        measuring = Measuring(Path(folder))
        for megapixels in map(int, options.sizes.split(",")):
            for extension in options.only.split(","):
                try:
                    row, figure = measuring.row(megapixels, extension, options.rounds)
                except NotReadError as error:
                    refused.append(f"| {megapixels} megapixels, {extension} | {error} | | |")
                    continue
                rows.append(row)
                figures.append(figure)
        measuring.close()
    print("| picture | bare calls | ours | ratio | owed |\n|---|---|---|---|---|")
    print("\n".join(row for _, row in sorted(rows, reverse=True)))
    print("\n| picture | a second by the clock | a second of one processor | opening takes |")
    print("|---|---|---|---|")
    print("\n".join(figures + refused))


if __name__ == "__main__":
    main()

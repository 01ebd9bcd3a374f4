"""The local recogniser against bare onnxruntime on the same views, and the memory it takes.

    python -m benchmarks.recognizer [--rounds 30]

The picture is as the tagger hands it over (`short_side`), and once more at 2,048 pixels, as
the recogniser takes it from anyone. All take turns, so that whatever else the machine does meets
all. They run on one thread, so their time on the processor is the ratio to trust where others use
the machine too.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import psutil
from PIL import Image

from tagger.recognizers.local import LocalRecognizer
from tagger.recognizers.local.cache import cached_model
from tagger.recognizers.local.network import Network
from tagger.recognizers.local.views import centre_views, crop_views

OWED_RATIO = 1.15
OWED_MEMORY = 350  # MB


def picture(width: int = 2048, height: int = 1536) -> Image.Image:
    """Return a picture with shapes of every size, made from a fixed seed."""
    numbers = np.random.default_rng(7)
    image = Image.new("RGB", (width, height))
    for side in (8, 32, 128, 512):
        coarse = numbers.integers(0, 255, (side * 3 // 4, side, 3), dtype=np.uint8)
        layer = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
        image = Image.blend(image, layer, 0.5)
    return image


def seconds(call: Callable[[], object]) -> tuple[float, float]:
    """Return how long one call takes, by the clock and on the processor."""
    start = time.perf_counter(), time.thread_time()
    call()
    return time.perf_counter() - start[0], time.thread_time() - start[1]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds

    start = time.perf_counter()
    recognizer = LocalRecognizer()
    recognizer.prepare()
    preparing = time.perf_counter() - start
    large = picture()
    small = large.reduce(min(large.size) // recognizer.short_side)

    def recognize(image: Image.Image) -> object:
        return recognizer.recognize(image, min_confidence=30, max_labels=100)

    for _ in range(10):
        recognize(large)
    memory = psutil.Process().memory_info().rss / 2**20

    views = [*centre_views(small), *crop_views(small)]
    network = Network(cached_model())

    def bare() -> object:
        return [network.logits(view) for view in views]

    calls = (lambda: recognize(small), lambda: recognize(large), bare)
    for call in calls:
        call()
    turns = [[seconds(call) for call in calls] for _ in range(rounds)]
    ours, whole, floor = (
        [statistics.median(turn[which][kind] * 1000 for turn in turns) for kind in (0, 1)]
        for which in range(3)
    )

    print(f"{len(views)} views, {rounds} rounds, medians\n")
    print("| what | by the clock | on the processor | owed |")
    print("|---|---|---|---|")
    print(f"| prepare (model from the cache, or built) | {preparing * 1000:.0f} ms | | |")
    print(f"| bare onnxruntime | {floor[0]:.1f} ms | {floor[1]:.1f} ms | |")
    for image, figures in ((small, ours), (large, whole)):
        print(f"| local recogniser, {image.width} × {image.height} pixels ", end="")
        print(f"| {figures[0]:.1f} ms | {figures[1]:.1f} ms | |")
        print("| ratio ", end="")
        print(f"| {figures[0] / floor[0]:.2f} | {figures[1] / floor[1]:.2f} ", end="")
        print(f"| at most {OWED_RATIO} |")
    print(f"| resident memory | {memory:.0f} MB | | at most {OWED_MEMORY} MB |")


if __name__ == "__main__":
    main()

"""The recogniser that needs no account and no network connection."""

import ctypes
import sys
import threading
from pathlib import Path

from PIL.Image import Image

from catalog.document import Label
from tagger.recognizers import Recognition
from tagger.recognizers.local.cache import cached_model
from tagger.recognizers.local.network import Network
from tagger.recognizers.local.scoring import label_scores
from tagger.recognizers.local.taxonomy import REVISION, Taxonomy, load_taxonomy
from tagger.recognizers.local.views import SHORT_SIDE, centre_views, crop_views, shrink

__all__ = ["LocalRecognizer"]

MODEL_VERSION = f"efficientnet-lite0-1 / taxonomy {REVISION}"


class LocalRecognizer:
    """Labels pictures with EfficientNet-Lite0: 1,000 classes and the groups above them."""

    short_side = SHORT_SIDE
    """Pixels on the shorter side of a picture beyond which it has no use for more."""

    def __init__(self, cache: Path | None = None, *, threads: int = 1) -> None:
        """Take the folder of the cache (default: the user's) and the threads to run with."""
        self._cache = cache
        self._threads = threads
        self._lock = threading.Lock()
        self._ready: tuple[Network, Taxonomy] | None = None

    @property
    def name(self) -> str:
        """The recogniser's name in documents."""
        return "local"

    @property
    def model_version(self) -> str:
        """What the labels depend on, as documents hold it."""
        return MODEL_VERSION

    def prepare(self) -> None:
        """Load the network, building it first where it is not in the cache.

        Done by the first picture otherwise. Raises RecognizerUnavailableError with what to do.
        """
        self._loaded()

    def rest(self) -> None:
        """Let go of the network and its memory (70 MB); the next picture loads it again."""
        with self._lock:
            self._ready = None
        if sys.platform == "linux":
            # What is freed stays with the C library otherwise; other libraries have no such call.
            trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
            if trim is not None:
                trim(0)

    def recognize(self, image: Image, *, min_confidence: float, max_labels: int) -> Recognition:
        """Label an upright RGB picture.

        Returns at most `max_labels` labels of at least `min_confidence` percent, surest first; a
        tie goes to the more special label, then to the alphabet. No label has instances.
        Raises RecognizerUnavailableError where the network cannot be loaded.
        """
        network, taxonomy = self._loaded()
        small = shrink(image if image.mode == "RGB" else image.convert("RGB"))
        # All views first: in turns with the network, each finds the other's data in the caches.
        centres, crops = list(centre_views(small)), list(crop_views(small))
        scores = label_scores(
            [network.probabilities(view) for view in centres],
            (network.probabilities(view) for view in crops),
            taxonomy.labels_of_class,
        )
        labels = [
            _label(taxonomy, name, percent)
            for name, score in scores.items()
            if (percent := round(100 * score, 2)) >= min_confidence
        ]
        labels.sort(key=lambda label: (-label.confidence, -len(label.parents), label.name))
        return Recognition(labels[:max_labels], self.model_version)

    def _loaded(self) -> tuple[Network, Taxonomy]:
        with self._lock:
            if self._ready is None:
                network = Network(cached_model(self._cache), threads=self._threads)
                self._ready = network, load_taxonomy()
            return self._ready


def _label(taxonomy: Taxonomy, name: str, percent: float) -> Label:
    entry = taxonomy.entries[name]
    return Label(
        name=name,
        confidence=percent,
        parents=list(entry.parents),
        aliases=list(entry.aliases),
        categories=list(entry.categories),
    )

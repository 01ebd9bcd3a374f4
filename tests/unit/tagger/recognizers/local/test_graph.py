"""The network is exact: held to numbers that torch computed from the same weights."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image

from tagger.recognizers.local.cache import cached_model
from tagger.recognizers.local.network import Network
from tagger.recognizers.local.views import to_input

GOLDEN = np.loadtxt(Path(__file__).parent / "cat_logits.txt")


@pytest.fixture(scope="session")
def model(cache: Path) -> bytes:
    return cached_model(cache)


@pytest.fixture
def view(photograph: Callable[[str], Image.Image]) -> np.ndarray:
    return to_input(photograph("chelsea"), 113, 38, 224)  # whole pixels: nothing is resampled


def test_logits_are_those_of_the_weights(model: bytes, view: np.ndarray) -> None:
    np.testing.assert_allclose(Network(model).logits(view), GOLDEN, atol=1e-3)


def test_threads_change_no_answer(model: bytes, view: np.ndarray) -> None:
    np.testing.assert_allclose(Network(model, threads=2).logits(view), GOLDEN, atol=1e-3)


def test_probabilities_sum_to_one(model: bytes, view: np.ndarray) -> None:
    probabilities = Network(model).probabilities(view)

    assert probabilities.shape == (1000,)
    assert probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert probabilities.argmax() == GOLDEN.argmax()


def test_even_padding_on_stride_two_would_be_noticed(model: bytes, view: np.ndarray) -> None:
    """Even padding still says "cat": only the numbers tell, so they must tell clearly."""
    changed = onnx.load_from_string(model)
    for node in changed.graph.node:
        attributes = {attribute.name: attribute for attribute in node.attribute}
        if node.op_type != "Conv" or list(attributes["strides"].ints) != [2, 2]:
            continue
        assert attributes["auto_pad"].s == b"SAME_UPPER"
        half = attributes["kernel_shape"].ints[0] // 2
        node.attribute.remove(attributes["auto_pad"])
        node.attribute.append(onnx.helper.make_attribute("pads", [half] * 4))

    logits = Network(changed.SerializeToString()).logits(view)

    assert np.abs(logits - GOLDEN).max() > 0.1

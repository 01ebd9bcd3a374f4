"""Builds the network, EfficientNet-Lite0, as an ONNX model from its weights.

Each batch normalisation is folded into the convolution before it. In float64, with epsilon inside
the root: four channels have a stored variance of exactly zero.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["INPUT", "OUTPUT", "SIZE", "build_model"]

INPUT = "view"
OUTPUT = "logits"
SIZE = 224
"""Width and height of a view in pixels."""

_EPSILON = 1e-3
_CLASSES = 1000
# Kernel sizes and channels follow from the weights.
_STAGES = ((1, 1), (2, 2), (2, 2), (2, 3), (1, 3), (2, 4), (1, 1))
"""Stride of a stage's first block, and how many blocks it has."""


class _Builder:
    """Collects nodes and numbers; each method adds one layer and returns its output's name."""

    def __init__(self, weights: Mapping[str, NDArray[Any]]) -> None:
        self.weights = weights
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []

    def number(self, name: str, value: NDArray[Any]) -> str:
        from onnx import numpy_helper

        self.initializers.append(numpy_helper.from_array(value.astype(np.float32), name))
        return name

    def node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        from onnx import helper

        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def convolution(
        self, x: str, conv: str, norm: str, *, stride: int = 1, activate: bool = True
    ) -> str:
        """Convolution with its normalisation; depthwise where a filter has one input channel."""
        kernel = self.weights[f"{conv}.weight"]
        factor, bias = self._folded(norm)
        depthwise = kernel.shape[1] == 1
        folded = kernel.astype(np.float64) * factor[:, None, None, None]
        y = self.node(
            "Conv",
            [x, self.number(f"{conv}.weight", folded), self.number(f"{conv}.bias", bias)],
            conv,
            # The padding is TensorFlow's: on stride 2 there is more of it below and to the right.
            auto_pad="SAME_UPPER",
            kernel_shape=list(kernel.shape[2:]),
            strides=[stride, stride],
            group=kernel.shape[0] if depthwise else 1,
        )
        return self.node("Clip", [y, "zero", "six"], f"{conv}.relu6") if activate else y

    def _folded(self, norm: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        scale, shift, mean, variance = (
            self.weights[f"{norm}.{part}"].astype(np.float64)
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        factor = scale / np.sqrt(variance + _EPSILON)
        return factor, shift - mean * factor

    def block(self, x: str, number: int, stride: int, *, residual: bool) -> str:
        """Inverted bottleneck: widen, filter each channel, narrow, and add the input again."""
        name = f"_blocks.{number}"
        y = x
        if f"{name}._expand_conv.weight" in self.weights:
            y = self.convolution(y, f"{name}._expand_conv", f"{name}._bn0")
        y = self.convolution(y, f"{name}._depthwise_conv", f"{name}._bn1", stride=stride)
        y = self.convolution(y, f"{name}._project_conv", f"{name}._bn2", activate=False)
        return self.node("Add", [y, x], f"{name}.sum") if residual else y


def build_model(weights: Mapping[str, NDArray[Any]]) -> bytes:
    """Return the serialized ONNX model: views (n, 3, 224, 224) in, logits (n, 1000) out."""
    from onnx import TensorProto, checker, helper

    graph = _Builder(weights)
    graph.number("zero", np.array(0))
    graph.number("six", np.array(6))
    x = graph.convolution(INPUT, "_conv_stem", "_bn0", stride=2)
    number = 0
    for first_stride, repeats in _STAGES:
        for repeat in range(repeats):
            x = graph.block(x, number, first_stride if repeat == 0 else 1, residual=repeat > 0)
            number += 1
    x = graph.convolution(x, "_conv_head", "_bn1")
    x = graph.node("GlobalAveragePool", [x], "pooled")
    x = graph.node("Flatten", [x], "features")
    weight = graph.number("_fc.weight", weights["_fc.weight"])
    bias = graph.number("_fc.bias", weights["_fc.bias"])
    graph.node("Gemm", [x, weight, bias], OUTPUT, transB=1)

    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "efficientnet-lite0",
            [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["n", 3, SIZE, SIZE])],
            [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["n", _CLASSES])],
            graph.initializers,
        ),
        opset_imports=[helper.make_opsetid("", 17)],
        producer_name="taglight",
        ir_version=8,
    )
    checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())

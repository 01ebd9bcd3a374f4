"""Runs the network with onnxruntime."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.recognizers.local.graph import INPUT, OUTPUT

__all__ = ["Network"]


class Network:
    """The network, loaded: one view in, 1,000 numbers out.

    One thread by default: on a busy machine two are slower than one. Views go in one by one,
    because a batch takes as long and three times the memory.
    """

    def __init__(self, model: bytes, *, threads: int = 1) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors only
        self._session: Any = onnxruntime.InferenceSession(
            model, options, providers=["CPUExecutionProvider"]
        )

    def logits(self, view: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the 1,000 logits of one view of shape (1, 3, 224, 224)."""
        result: NDArray[np.float32] = self._session.run([OUTPUT], {INPUT: view})[0][0]
        return result

    def probabilities(self, view: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the 1,000 probabilities (0 to 1, summing to 1) of one view."""
        logits = self.logits(view)
        powers = np.exp(logits - logits.max())
        result: NDArray[np.float32] = powers / powers.sum()
        return result

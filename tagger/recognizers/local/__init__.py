"""EfficientNet-Lite0 (ImageNet, 1,000 classes) on onnxruntime: the recogniser of one machine."""

from tagger.recognizers.local.recognizer import LocalRecognizer

__all__ = ["LocalRecognizer"]

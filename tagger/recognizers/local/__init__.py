"""EfficientNet-Lite0 (ImageNet, 1,000 classes) on onnxruntime."""

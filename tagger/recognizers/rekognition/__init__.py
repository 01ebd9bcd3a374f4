"""The recogniser that is Amazon's: Rekognition `DetectLabels`."""

from tagger.recognizers.rekognition.recognizer import RekognitionRecognizer

__all__ = ["RekognitionRecognizer"]

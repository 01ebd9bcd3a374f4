"""What goes wrong when Rekognition is asked, in the tagger's words: for now, or for good."""

from typing import TYPE_CHECKING, Any

from catalog.errors import TaglightError
from tagger.errors import RecognitionError
from tagger.recognizers.errors import RecognizerBusyError, RecognizerUnavailableError

if TYPE_CHECKING:
    from botocore.exceptions import BotoCoreError, ClientError

# Too many requests at this moment: the quota of the account in this region.
BUSY = frozenset(
    {
        "ThrottlingException",
        "ProvisionedThroughputExceededException",
        "Throttling",
        "RequestLimitExceeded",
        "TooManyRequestsException",
        "BandwidthLimitExceeded",
        "LimitExceededException",
        "SlowDown",
    }
)
# It passes by itself: their trouble, or credentials that are renewed a moment later.
PASSING = frozenset(
    {
        "InternalServerError",
        "InternalFailure",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ExpiredToken",
        "ExpiredTokenException",
        "RequestExpired",
        "UnrecognizedClientException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
    }
)
# For good: a stable code of ours, and what a person needs to know.
PERMANENT = {
    "InvalidImageFormatException": (
        "recognizer_format",
        "Amazon Rekognition could not read this picture.",
    ),
    "ImageTooLargeException": (
        "recognizer_too_large",
        "This picture is too large for Amazon Rekognition.",
    ),
    "InvalidParameterException": (
        "recognizer_parameter",
        "Amazon Rekognition refused what it was asked for: "
        "see MIN_CONFIDENCE and MAX_LABELS in the tagger's settings, then try again.",
    ),
    "InvalidS3ObjectException": (
        "recognizer_object",
        "Amazon Rekognition could not read this picture from its bucket.",
    ),
    "AccessDeniedException": (
        "recognizer_access",
        "The tagger may not use Amazon Rekognition: "
        "allow rekognition:DetectLabels to its role, then try again.",
    ),
}


def of_answer(error: "ClientError") -> TaglightError:
    """Return what an error that Rekognition answered means."""
    answer: dict[str, Any] = error.response if isinstance(error.response, dict) else {}
    code = str((answer.get("Error") or {}).get("Code") or "")
    status = (answer.get("ResponseMetadata") or {}).get("HTTPStatusCode")
    if code in BUSY or status == 429:
        return RecognizerBusyError("Amazon Rekognition is asked too often at the moment.")
    if code in PERMANENT:
        return RecognitionError(*PERMANENT[code])
    if code in PASSING or not isinstance(status, int) or status >= 500:
        return RecognizerUnavailableError(
            f"Amazon Rekognition cannot answer at the moment ({code or 'no code'})."
        )
    return RecognitionError(
        "recognizer_refused", f"Amazon Rekognition refused this picture ({code or status})."
    )


def of_silence(error: "BotoCoreError") -> TaglightError:
    """Return what it means that no answer came at all."""
    from botocore.exceptions import (
        NoCredentialsError,
        NoRegionError,
        ParamValidationError,
        PartialCredentialsError,
    )

    if isinstance(error, ParamValidationError):
        return RecognitionError(*PERMANENT["InvalidParameterException"])
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return RecognizerUnavailableError(
            "There are no credentials for Amazon Rekognition: "
            "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        )
    if isinstance(error, NoRegionError):
        return RecognizerUnavailableError(
            "It is not known where to ask Amazon Rekognition: set AWS_REGION."
        )
    kind = type(error).__name__
    return RecognizerUnavailableError(f"Amazon Rekognition cannot be reached ({kind}).")

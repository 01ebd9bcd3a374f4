"""The tagger's Lambda: `tagger.lambda_handler.handler`.

One log line is one JSON object; `picture` in it is the picture's id, the same from the upload to
the index. Metrics go out with the log (namespace Taglight).
"""

import functools
import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.logging.utils import copy_config_to_registered_loggers
from aws_lambda_powertools.metrics import MetricUnit

from catalog.keys import image_id, picture_key
from tagger.aws.environment import lambda_environment
from tagger.aws.home import Home, compose
from tagger.aws.serving import serve

SERVICE = os.environ.get("POWERTOOLS_SERVICE_NAME") or "tagger"
METRICS = {
    "tagged": "PicturesTagged",
    "failed": "PicturesFailed",
    "recognized": "RecognizerCalls",
    "copied": "LabelsCopied",
    "indexed": "DocumentsIndexed",
    "sent_back": "SentBack",
    "gave_up": "GaveUp",
    "ignored": "EventsIgnored",
}

logger = Logger(service=SERVICE)
metrics = Metrics(
    namespace=os.environ.get("POWERTOOLS_METRICS_NAMESPACE") or "Taglight", service=SERVICE
)


def handler(event: Mapping[str, Any], context: Any = None) -> dict[str, Any] | None:
    """Handle what Lambda hands over: see docs/from-the-seed.md and template.yaml."""
    _listen()
    logger.append_keys(request=getattr(context, "aws_request_id", ""))
    try:
        return serve(_home(), event, context)
    finally:
        if metrics.provider.metric_set:
            metrics.flush_metrics()


@functools.cache
def _home() -> Home:
    """Compose the home once for all calls of this process."""
    return compose(lambda_environment(), _count, _about, measure=_measure)


@functools.cache
def _listen() -> None:
    """Have our modules' lines written as this one's are; only where Lambda reads them."""
    if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
        copy_config_to_registered_loggers(logger, include={"tagger", "catalog"})


def _about(key: str) -> AbstractContextManager[Any]:
    about: AbstractContextManager[Any] = logger.append_context_keys(
        picture=image_id(picture_key(key) or key)
    )
    return about


def _count(what: str) -> None:
    metrics.add_metric(name=METRICS[what], unit=MetricUnit.Count, value=1)


def _measure(took: float, since: float | None) -> None:
    for name, seconds in (("TimeToTag", took), ("TimeSinceUpload", since)):
        if seconds is not None:
            value = round(max(0.0, seconds) * 1000)
            metrics.add_metric(name=name, unit=MetricUnit.Milliseconds, value=value)

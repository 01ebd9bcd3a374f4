"""What each function may do on AWS, and what it does: rows of (action, where).

`where` is a prefix of the bucket (`uploads/`), `bucket` itself, the name of a queue, or `*`.
The template has to allow exactly EXPECTED; what the code calls in any test has to be in it.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.stack import Stack

Row = tuple[str, str]

PREFIXES = ("uploads/", "metadata/", "thumbs/", "trash/")


def _rows(action: str, *places: str) -> set[Row]:
    return {(action, place) for place in places}


# What AWS itself does in a function's name: Lambda fetches messages and writes logs, S3 uses the
# key; a token of DSQL is signed here and checked there. No call of ours shows them.
OF_THE_PLATFORM: dict[str, set[Row]] = {
    "web": {
        *_rows("logs:CreateLogStream", "WebLogs"),
        *_rows("logs:PutLogEvents", "WebLogs"),
        *_rows("dsql:DbConnectAdmin", "Catalog"),
    },
    "tagger": {
        *_rows("logs:CreateLogStream", "TaggerLogs"),
        *_rows("logs:PutLogEvents", "TaggerLogs"),
        *_rows("sqs:ReceiveMessage", "TagQueue", "IndexQueue"),
        *_rows("sqs:DeleteMessage", "TagQueue", "IndexQueue"),
        *_rows("sqs:GetQueueAttributes", "IndexQueue"),
        *_rows("dsql:DbConnectAdmin", "Catalog"),
    },
}
OF_THE_CODE: dict[str, set[Row]] = {
    "web": {
        *_rows("s3:ListBucket", "bucket"),
        *_rows("s3:GetObject", *PREFIXES),
        *_rows("s3:PutObject", *PREFIXES),
        *_rows("s3:DeleteObject", *PREFIXES),
        *_rows("s3:GetObjectTagging", *PREFIXES),
        *_rows("s3:PutObjectTagging", *PREFIXES),
        *_rows("sqs:SendMessage", "TagQueue"),
    },
    "tagger": {
        *_rows("s3:ListBucket", "bucket"),
        *_rows("s3:GetObject", *PREFIXES),
        *_rows("s3:PutObject", "metadata/", "thumbs/", "trash/"),
        *_rows("s3:DeleteObject", "metadata/", "thumbs/", "trash/"),
        *_rows("s3:GetObjectTagging", "metadata/"),
        *_rows("s3:PutObjectTagging", "trash/"),
        *_rows("rekognition:DetectLabels", "*"),
        *_rows("sqs:SendMessage", "TagQueue", "IndexQueue"),
        *_rows("sqs:GetQueueAttributes", "TagQueue"),
    },
}
EXPECTED = {name: OF_THE_CODE[name] | OF_THE_PLATFORM[name] for name in OF_THE_CODE}


def allowed(stack: "Stack", role: str) -> set[Row]:
    """Return what a role of the stack allows; a wildcard in an action stays one."""
    rows = set()
    for policy in stack.properties(role)["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Allow"
            for action in _list(statement["Action"]):
                rows |= {(action, _place(stack, arn)) for arn in _list(statement["Resource"])}
    return rows


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _place(stack: "Stack", arn: str) -> str:
    """Return the short name of what an ARN means; the ARN itself where it has none."""
    bucket = stack.arn_of("Bucket")
    if arn == bucket:
        return "bucket"
    if arn.startswith(f"{bucket}/") and arn.endswith("*"):
        return arn.removeprefix(f"{bucket}/").removesuffix("*")
    names = ("TagQueue", "IndexQueue", "Catalog", "TaggerLogs", "WebLogs")
    return next((name for name in names if arn == stack.arn_of(name)), arn)


def rights_of_call(service: str, operation: str, params: Mapping[str, Any]) -> Iterator[Row]:
    """Yield the rights that a call of boto3 needs."""
    if service == "s3":
        yield from _rights_of_s3(operation, params)
    elif service == "sqs":
        action = "SendMessage" if operation == "SendMessageBatch" else operation
        yield f"sqs:{action}", _queue(str(params.get("QueueUrl", "")))
    else:
        yield f"{service}:{operation}", "*"


def _rights_of_s3(operation: str, params: Mapping[str, Any]) -> Iterator[Row]:
    place = _prefix(str(params.get("Key", "")))
    if operation in ("ListObjectsV2", "HeadBucket"):
        yield "s3:ListBucket", "bucket"
    elif operation in ("GetObject", "HeadObject"):
        yield "s3:GetObject", place
    elif operation == "CopyObject":
        source = params["CopySource"]
        key = source["Key"] if isinstance(source, Mapping) else source.partition("/")[2]
        yield "s3:GetObject", _prefix(key)
        yield "s3:PutObject", place
        # Of what has tags S3 copies them, too, or refuses to copy at all.
        yield "s3:GetObjectTagging", _prefix(key)
        yield "s3:PutObjectTagging", place
    else:
        yield f"s3:{operation}", place
        if params.get("IfMatch"):
            yield "s3:GetObject", place


def _prefix(key: str) -> str:
    return next((prefix for prefix in PREFIXES if key.startswith(prefix)), key)


def _queue(url: str) -> str:
    """Return which queue of the template a test's queue stands for."""
    return "IndexQueue" if "index" in url.rsplit("/", 1)[-1].lower() else "TagQueue"

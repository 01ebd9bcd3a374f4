"""S3's way to say no."""

from xml.sax.saxutils import escape

STATUSES = {
    "AccessDenied": 403,
    "AccessForbidden": 403,
    "AuthorizationHeaderMalformed": 400,
    "AuthorizationQueryParametersError": 400,
    "BadDigest": 400,
    "ConditionalRequestConflict": 409,
    "EntityTooLarge": 400,
    "IncompleteBody": 400,
    "InvalidAccessKeyId": 403,
    "InvalidArgument": 400,
    "InvalidRequest": 400,
    "InvalidToken": 400,
    "KeyTooLongError": 400,
    "MissingContentLength": 411,
    "NoSuchKey": 404,
    "PreconditionFailed": 412,
    "RequestTimeTooSkewed": 403,
    "ServiceUnavailable": 503,
    "SignatureDoesNotMatch": 403,
    "SlowDown": 503,
    "XAmzContentSHA256Mismatch": 400,
}


class RefusedError(Exception):
    """What S3 would have refused: its code, and what it would have said."""

    def __init__(self, code: str, message: str, **facts: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.facts = facts
        self.status = STATUSES[code]

    def xml(self) -> bytes:
        """Return the body of the answer."""
        facts = {"Code": self.code, "Message": self.message, **self.facts, "RequestId": "STRICT"}
        inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in facts.items())
        return f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{inner}</Error>'.encode()

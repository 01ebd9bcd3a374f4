"""CORS as S3 applies it, from rules in the shape that CloudFormation has for them."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from tests.strict_s3.errors import RefusedError

Rule = Mapping[str, Any]  # AllowedOrigins, AllowedMethods, AllowedHeaders, ExposedHeaders, MaxAge


def preflight(rules: Iterable[Rule], headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that allow a request, as a browser asks for it. Raises RefusedError."""
    method = headers.get("access-control-request-method", "")
    asked = headers.get("access-control-request-headers", "")
    wanted = [name.strip().lower() for name in asked.split(",") if name.strip()]
    if not headers.get("origin") or not method:
        raise RefusedError("AccessForbidden", "CORSResponse: Origin and method are needed.")
    rule = _rule(rules, headers["origin"], method, wanted)
    if rule is None:
        raise RefusedError(
            "AccessForbidden",
            "CORSResponse: This CORS request is not allowed. This is usually because the "
            "evalution of Origin, request method / Access-Control-Request-Method or "
            "Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.",
        )
    answer = _allowing(rule, headers["origin"])
    if wanted:
        answer["access-control-allow-headers"] = ", ".join(wanted)
    if "MaxAge" in rule:
        answer["access-control-max-age"] = str(rule["MaxAge"])
    return answer


def headers_for(rules: Iterable[Rule], origin: str | None, method: str) -> dict[str, str]:
    """Return the headers that let a page of this origin read the answer, none where it may not."""
    rule = _rule(rules, origin, method, []) if origin else None
    return _allowing(rule, origin) if rule and origin else {}


def _rule(rules: Iterable[Rule], origin: str, method: str, wanted: list[str]) -> Rule | None:
    for rule in rules:
        allowed = [name.lower() for name in rule.get("AllowedHeaders", [])]
        if (
            any(fnmatchcase(origin, pattern) for pattern in rule["AllowedOrigins"])
            and method in rule["AllowedMethods"]
            and all(any(fnmatchcase(name, pattern) for pattern in allowed) for name in wanted)
        ):
            return rule
    return None


def _allowing(rule: Rule, origin: str) -> dict[str, str]:
    anyone = "*" in rule["AllowedOrigins"]
    answer = {
        "access-control-allow-origin": "*" if anyone else origin,
        "access-control-allow-methods": ", ".join(rule["AllowedMethods"]),
        "vary": "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
    }
    if not anyone:
        answer["access-control-allow-credentials"] = "true"
    exposed = rule.get("ExposedHeaders", [])
    return answer | ({"access-control-expose-headers": ", ".join(exposed)} if exposed else {})

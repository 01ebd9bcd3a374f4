"""A real OpenID provider (oidc-provider-mock) in a process of its own, which can be made to lie.

    python -W ignore -m tests.oidc_provider

It prints its address. Beside what a provider does, it takes orders: /tests/next (spoil the next
id_token), /tests/token (sign a bearer token), /tests/rotate (take a new key), /tests/asked (tell
what came with the last code). It insists on PKCE.
"""

import base64
import hashlib
import hmac
import json
import re
import sys
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import flask
import oidc_provider_mock
import werkzeug.serving
from authlib import jose
from joserfc import jwt
from joserfc.jwk import RSAKey
from oidc_provider_mock import _app


class Orders:
    """What the tests asked for, and what the provider knows."""

    def __init__(self) -> None:
        self.next: dict[str, Any] = {}
        self.challenges: dict[str, str] = {}
        self.last_id_token = ""
        self.asked: dict[str, Any] = {}
        self.storage: Any = None

    def sign(self, claims: dict[str, Any], alg: str = "RS256", key: str = "own") -> str:
        """Return a token: `key` is own, other (with our own's id), or public (as an HMAC key)."""
        own = RSAKey.import_key(self.storage.jwk.as_dict(is_private=True))
        own.ensure_kid()
        header = {"alg": alg, "kid": own.kid}
        if alg == "none":
            return ".".join([_base64(header), _base64(claims), ""])
        if key == "public":
            signed = f"{_base64(header)}.{_base64(claims)}"
            proof = hmac.digest(own.as_pem(private=False), signed.encode(), "sha256")
            return f"{signed}.{base64.urlsafe_b64encode(proof).rstrip(b'=').decode()}"
        signed_by = RSAKey.generate_key(2048) if key == "other" else own
        return jwt.encode(header, claims, signed_by, algorithms=[alg])

    def spoil(self, token: str) -> str:
        """Return an id_token as the tests want it; without an order, as it is."""
        order, self.next = self.next, {}
        if order.get("replay"):
            return self.last_id_token
        self.last_id_token = token
        if not order:
            return token
        claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        claims |= order.get("claims", {})
        for name in order.get("without", []):
            claims.pop(name, None)
        return self.sign(claims, order.get("alg", "RS256"), order.get("key", "own"))


def _base64(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def make_app() -> flask.Flask:
    """Compose the provider with its orders."""
    # Public clients, too: they have no secret, and send none.
    ways = ["none", "client_secret_basic", "client_secret_post"]
    _app.AuthorizationCodeGrant.TOKEN_ENDPOINT_AUTH_METHODS = ways
    app = oidc_provider_mock.app(require_nonce=True)
    app.debug = False
    orders = Orders()

    @app.before_request
    def remember() -> None:
        orders.storage = flask.g.oidc_provider_mock_storage

    @app.get("/favicon.ico")
    def icon() -> Any:
        return "", 204

    @app.post("/tests/next")
    def take_order() -> Any:
        orders.next = flask.request.get_json()
        return "", 204

    @app.post("/tests/asked")
    def asked() -> Any:
        return orders.asked

    @app.post("/tests/rotate")
    def rotate() -> Any:
        orders.storage.jwk = jose.RSAKey.generate_key(is_private=True)
        return "", 204

    @app.post("/tests/token")
    def token() -> Any:
        asked = flask.request.get_json()
        now = int(time.time())
        claims = {"iss": flask.request.host_url.rstrip("/"), "iat": now, "exp": now + 600}
        return orders.sign(
            claims | asked["claims"], asked.get("alg", "RS256"), asked.get("key", "own")
        )

    @app.after_request
    def watch(answer: flask.Response) -> flask.Response:
        if flask.request.path == "/oauth2/authorize" and answer.status_code in (302, 303):
            codes = parse_qs(urlsplit(answer.headers["Location"]).query).get("code", [])
            if codes:
                assert flask.request.args["code_challenge_method"] == "S256"
                orders.challenges[codes[0]] = flask.request.args["code_challenge"]
        if flask.request.path == "/oauth2/token":
            form, headers = flask.request.form, flask.request.headers
            orders.asked = {"form": form.to_dict(), "headers": dict(headers)}
        if flask.request.path == "/oauth2/token" and answer.status_code == 200:
            verifier = flask.request.form.get("code_verifier", "")
            digest = hashlib.sha256(verifier.encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            if challenge != orders.challenges.get(flask.request.form["code"]):
                return flask.make_response({"error": "invalid_grant"}, 400)
            content = answer.get_json()
            content["id_token"] = orders.spoil(content["id_token"])
            answer.set_data(json.dumps(content))
        if answer.mimetype == "text/html":  # its style sheet is on another site: not for tests
            page = answer.get_data(as_text=True)
            answer.set_data(re.sub(r"<link[^>]*https://[^>]*>", "", page))
        return answer

    return app


def main() -> None:
    """Serve on a free port of this machine until killed."""
    server = werkzeug.serving.make_server("127.0.0.1", 0, make_app(), threaded=True)
    sys.stdout.write(f"http://127.0.0.1:{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()

"""What is answered while nobody can sign in: static files, and that it is so."""

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from webapp.errors import RequestError, problem
from webapp.origins import Authority, Gate
from webapp.security import Security
from webapp.static_files import StaticTree, answer

NOT_SET_UP = "This Taglight is not set up yet. Its operator finds the reason in the function's log."
NO_CATALOG = "The catalog cannot be reached now: try again shortly."
TREE = "/static/"


class Closed:
    """Answers nothing but static files, whoever asks; all else is 503 with a sentence."""

    def __init__(self, sentence: str) -> None:
        self._sentence = sentence
        self._tree = StaticTree()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self._answer(scope)(scope, receive, send)

    def _answer(self, scope: Scope) -> Response:
        version, _, path = scope["path"].removeprefix(TREE).partition("/")
        if scope["path"].startswith(TREE) and scope["method"] == "GET":
            accepted = dict(scope["headers"]).get(b"accept-encoding", b"").decode("latin-1")
            try:
                return answer(self._tree, version, path, accepted)
            except RequestError as error:
                return problem(error.status, error.sentence, {}, {})
        return problem(503, self._sentence, {"Retry-After": "60"}, {})


class AnyHost(Gate):
    """Answers whatever host is asked for: there is nothing here but what everyone may have."""

    def answers(self, host: Authority, scheme: str) -> bool:  # noqa: ARG002
        """Tell that it is answered."""
        return True


def closed_app(sentence: str) -> ASGIApp:
    """Return the closed app with the headers that every answer has."""
    return Security(Closed(sentence), AnyHost(loopback=False), tls=True, personal=True)

"""Templates to HTML: one environment, compiled once, escaped everywhere, strict about names."""

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, ModuleLoader, StrictUndefined, Template
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
# Where a package holds them as Python (baking.py): compiling them takes longer than a page.
COMPILED = TEMPLATES.with_name("templates_compiled")

# So many tiles are remembered as HTML, two kilobytes each: searches that follow each other show
# many of the same pictures.
_REMEMBERED_TILES = 4000
_ASKED = "\0"


@cache
def environment() -> Environment:
    """Return the template environment; templates are compiled at their first use and kept."""
    made = Environment(
        loader=ModuleLoader(COMPILED) if COMPILED.is_dir() else FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        cache_size=-1,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["tiles_html"] = tiles_html
    return made


@cache
def template(name: str) -> Template:
    """Return a compiled template."""
    return environment().get_template(name)


def tiles_html(tiles: Sequence[tuple[Any, ...]], asked: str) -> Markup:
    """Return the HTML of tiles; `asked` stands behind the path of each picture they lead to."""
    between = escape(asked)
    pieces = [_tile_pieces(tile) for tile in tiles]
    joined = "".join([f"{before}{between}{behind}" for before, behind in pieces])
    return Markup(joined)  # noqa: S704 - the template has escaped all else


@lru_cache(maxsize=_REMEMBERED_TILES)
def _tile_pieces(tile: tuple[Any, ...]) -> tuple[str, str]:
    show: Any = template("gallery/tile.html").module.show  # type: ignore[attr-defined]
    before, _, behind = str(show(tile, _ASKED)).partition(_ASKED)
    return before, behind


def render(
    request: Request, name: str, context: dict[str, Any], status_code: int = 200
) -> HTMLResponse:
    """Render a template for this request; what the layout needs is always there."""
    state = request.app.state
    root = str(getattr(state, "static_root", "/static")).rstrip("/")
    values = {
        "static": lambda path: f"{root}/{path}",
        "modules": getattr(state, "modules", []),
        "nonce": getattr(request.state, "nonce", ""),
        "max_upload_bytes": max_upload_bytes(state),
        "messages": [],
        "search_text": "",
        "mistake": None,
        "may_edit": may_edit(request),
        "only_read": is_only_read(request),
        "signed_in": signed_in(request),
        **context,
    }
    return HTMLResponse(template(name).render(values), status_code)


def may_edit(request: Request) -> bool:
    """Tell whether controls that change things are shown: to editors, and where none sign in."""
    if is_only_read(request):
        return False
    user = request.scope.get("state", {}).get("user")
    services = getattr(request.app.state, "services", None)
    return bool(user.may_edit) if user else getattr(services, "signin", None) is None


def is_only_read(request: Request) -> bool:
    """Tell whether nobody can change anything here, because the library cannot be written."""
    return bool(getattr(getattr(request.app.state, "services", None), "only_read", False))


def signed_in(request: Request) -> str:
    """Return the name of who is signed in, "" for nobody."""
    user = request.scope.get("state", {}).get("user")
    return (user.name or "Signed in") if user else ""


def max_upload_bytes(state: Any) -> int:
    """Return the largest upload that is taken, in bytes, as the settings of this app say."""
    settings = getattr(getattr(state, "services", None), "settings", None)
    return int(getattr(settings, "max_upload_bytes", 50 * 1024 * 1024))


_COLOR = re.compile(r"#[0-9a-fA-F]{6}")


class StyleSheet:
    """Collects the few rules that depend on data: numbers and checked colours, never text."""

    def __init__(self) -> None:
        self._rules: list[str] = []

    def add(self, selector: str, **values: float | str) -> None:
        """Add custom properties to a selector; what is no number and no #rrggbb is dropped."""
        parts = []
        for name, value in values.items():
            if isinstance(value, str):
                if _COLOR.fullmatch(value):
                    parts.append(f"--{name}:{value}")
            else:
                parts.append(f"--{name}:{value:.4g}")
        if parts:
            self._rules.append(f"{selector}{{{';'.join(parts)}}}")

    def __html__(self) -> str:
        return "\n".join(self._rules)

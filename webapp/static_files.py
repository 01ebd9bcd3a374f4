"""Style sheets, scripts and icons under /static/<hash of the tree>/…, cacheable for ever.

The hash is in the path, not in a query: relative imports of modules stay within one version.
Scripts are sent without their comments, and those of the pages as one file, as are the style
sheets: half the bytes, and two requests where there would be fifty.
"""

import gzip
import hashlib
import json
import posixpath
import re
from functools import cached_property
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from rjsmin import jsmin
from starlette.requests import Request
from starlette.responses import Response

from webapp.errors import RequestError
from webapp.module_joining import joined
from webapp.params import path_part

STATIC = Path(__file__).resolve().parent.parent / "static"
CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
}
_IMPORT = re.compile(r"""\b(?:import|from)\s*["'](\.[^"']+)["']""")
COMPRESSED = frozenset({".css", ".js", ".mjs", ".json", ".webmanifest", ".svg", ".txt"})

ENTRY = "js/main.js"  # of all pages
# In a package, where all files are as they are sent (baking.py): the hash of the tree, and what
# ENTRY imports. So a page needs no file read.
BAKED = ".baked.json"
SHEET = "css/all.css"
SHEETS = ("base", "layout", "gallery", "picture", "tray", "insights", "trash")  # in this order

router = APIRouter()


class StaticTree:
    """The files of one folder as they were at first use, without hidden and unknown kinds."""

    def __init__(self, folder: Path = STATIC) -> None:
        self._folder = folder
        self._compressed: dict[str, bytes] = {}

    @cached_property
    def _files(self) -> dict[str, bytes]:
        files = {}
        for path in sorted(self._folder.rglob("*")):
            name = path.relative_to(self._folder)
            hidden = any(part.startswith(".") for part in name.parts)
            if path.suffix in CONTENT_TYPES and not hidden and path.is_file():
                files[name.as_posix()] = path.read_bytes()
        if self._baked:
            return files
        if ENTRY in files:
            scripts = {name: code.decode() for name, code in files.items() if name.endswith(".js")}
            files[ENTRY] = joined(scripts, ENTRY).encode()
        sheets = [files.get(f"css/{name}.css") for name in SHEETS]
        if all(sheets):
            files[SHEET] = b"\n".join(sheet for sheet in sheets if sheet)
        return {name: _as_sent(name, content) for name, content in files.items()}

    @cached_property
    def _baked(self) -> dict[str, Any] | None:
        path = self._folder / BAKED
        found: dict[str, Any] | None = json.loads(path.read_bytes()) if path.exists() else None
        return found

    def bake(self) -> None:
        """Write all files as they are sent, so that no process has to make them so again."""
        known = {"version": self.version, "modules": self.modules(ENTRY)}
        for name, content in self._files.items():
            (self._folder / name).write_bytes(content)
        (self._folder / BAKED).write_text(json.dumps(known), "utf-8")

    @cached_property
    def version(self) -> str:
        """The hash of all names and bytes of the tree: 16 hex digits."""
        if self._baked:
            return str(self._baked["version"])
        total = hashlib.sha256()
        for name, content in self._files.items():
            total.update(name.encode() + b"\0" + hashlib.sha256(content).digest())
        return total.hexdigest()[:16]

    @property
    def root(self) -> str:
        """The URL path of the tree, without a slash at its end."""
        return f"/static/{self.version}"

    def url(self, path: str) -> str:
        """Return the URL path of one file of the tree."""
        return f"{self.root}/{path}"

    def modules(self, entry: str) -> list[str]:
        """Return the URL paths of all modules that one of them imports, at any depth, in order.

        A browser that is told of them at once need not read one to learn of the next.
        """
        if self._baked and entry == ENTRY:
            return list(self._baked["modules"])
        found: dict[str, None] = {}
        waiting = [entry]
        while waiting:
            here = waiting.pop()
            for name in _IMPORT.findall(self._files.get(here, b"").decode()):
                path = posixpath.normpath(posixpath.join(posixpath.dirname(here), name))
                if path in self._files and path not in found and path != entry:
                    found[path] = None
                    waiting.append(path)
        return [self.url(path) for path in found]

    def read(self, path: str) -> bytes | None:
        """Return the bytes of one file, None where there is none."""
        return self._files.get(path)

    def read_compressed(self, path: str) -> bytes | None:
        """Return the bytes of one file in gzip, None where that does not pay."""
        if Path(path).suffix not in COMPRESSED or path not in self._files:
            return None
        if path not in self._compressed:
            self._compressed[path] = gzip.compress(self._files[path], 9, mtime=0)
        small = self._compressed[path]
        return small if len(small) < len(self._files[path]) else None


def _as_sent(name: str, content: bytes) -> bytes:
    if not name.endswith((".js", ".mjs")):
        return content
    small: str = jsmin(content.decode())
    return small.encode()


def answer(tree: StaticTree, version: str, path: str, accepted: str) -> Response:
    """Return one file of the tree, in gzip where that is `accepted`. Raises RequestError (404).

    Under the hash of another version it is the present one, not to be kept.
    """
    content = tree.read(path)
    if content is None:
        raise RequestError(404, "There is no such file.")
    current = version == tree.version
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable" if current else "no-cache",
        "Content-Type": CONTENT_TYPES[Path(path).suffix],
        "Vary": "Accept-Encoding",
    }
    if "gzip" in accepted:
        small = tree.read_compressed(path)
        if small is not None:
            return Response(small, headers=headers | {"Content-Encoding": "gzip"})
    return Response(content, headers=headers)


@router.get("/static/{version}/{path:path}")
async def static_file(request: Request) -> Response:
    """One file of the tree; under the hash of another version the present one, not to be kept."""
    version = path_part(request, "version")
    path = path_part(request, "path")
    tree = request.app.state.services.static
    return answer(tree, version, path, request.headers.get("accept-encoding", ""))

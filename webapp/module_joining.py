"""Our ES modules as one file: what a page runs comes in one answer, and compresses better so.

Each module becomes a function that returns what it exports, in the order of the imports. Only the
forms that our own modules use are understood, at the beginning of a line; anything else is refused.
"""

import posixpath
import re
from collections.abc import Mapping

_IMPORT = re.compile(r'^import (?:\{([^}]*)\} from )?"(\.[^"]+)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?function\*?|const|class) (\w+)", re.MULTILINE)
_LEFT = re.compile(r"^(?:import|export)\b.*$", re.MULTILINE)


def joined(files: Mapping[str, str], entry: str) -> str:
    """Return one script that does what the module `entry` and all that it imports do.

    Raises ValueError for a module that is not there, a circle, or a form that is not understood.
    """
    names: dict[str, str] = {}
    parts: list[str] = []

    def add(path: str, above: tuple[str, ...]) -> str:
        if path in above:
            raise ValueError(f"{path} imports itself, over {' and '.join(above)}.")
        if path not in names:
            if path not in files:
                raise ValueError(f"There is no module {path}.")
            source, here = files[path], posixpath.dirname(path)

            def bring(match: re.Match[str]) -> str:
                wanted, where = match.groups()
                module = add(posixpath.normpath(posixpath.join(here, where)), (*above, path))
                return f"const {{{_renamed(wanted)}}} = {module};" if wanted else ""

            body = _IMPORT.sub(bring, source)
            exported = [match[2] for match in _EXPORT.finditer(body)]
            body = _EXPORT.sub(r"\1 \2", body)
            if left := _LEFT.search(body):
                raise ValueError(f"{path}: not understood: {left[0]}")
            names[path] = f"module{len(parts)}"
            end = f"return {{ {', '.join(exported)} }};" if exported else ""
            parts.append(f"const {names[path]} = (() => {{\n{body}\n{end}\n}})();\n")
        return names[path]

    add(entry, ())
    return "".join(parts)


def _renamed(wanted: str) -> str:
    """Write the names of an import as those of a destructuring: `a as b` becomes `a: b`."""
    return re.sub(r"\s+as\s+", ": ", wanted.strip())

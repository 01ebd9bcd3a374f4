"""Fail when a room has grown too large: files over 400 lines, functions over 60."""

import ast
import sys
from pathlib import Path

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("catalog", "tagger", "webapp", "cli", "benchmarks", "scripts")
FRONT_END = (("static", "*.js"), ("static", "*.css"), ("templates", "*.html"))


def long_functions(path: Path) -> list[str]:
    """Return a line for each function of a Python file that is too long."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MAX_FUNCTION_LINES:
                found.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {length} lines")
    return found


def main() -> int:
    """Print every room that is too large and return the exit status."""
    python = [path for name in PACKAGES for path in (ROOT / name).rglob("*.py")]
    others = [path for name, glob in FRONT_END for path in (ROOT / name).rglob(glob)]
    problems = []
    for path in [*python, *others]:
        length = len(path.read_text(encoding="utf-8").splitlines())
        if length > MAX_FILE_LINES:
            problems.append(f"{path.relative_to(ROOT)}: {length} lines")
    for path in python:
        problems += long_functions(path)
    sys.stdout.writelines(f"{problem}\n" for problem in problems)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

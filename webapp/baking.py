"""Makes in advance what every start of a package would make again.

    python -m webapp.baking FOLDER

FOLDER holds copies of templates/ and static/, as scripts/build_lambda.py has put them there:
templates become Python, scripts what is sent of them.
"""

import sys
from pathlib import Path

from webapp.rendering import COMPILED, environment
from webapp.static_files import StaticTree


def bake(package: Path) -> None:
    """Write compiled templates and ready-made static files. Raises OSError."""
    into = package / COMPILED.name
    environment().compile_templates(into, zip=None, ignore_errors=False)
    StaticTree(package / "static").bake()


if __name__ == "__main__":
    bake(Path(sys.argv[1]))

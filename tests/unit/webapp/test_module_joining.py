"""Modules as one file: the same names, each module once, and nothing half understood."""

import shutil
import subprocess

import pytest

from webapp.module_joining import joined


def run(files: dict[str, str], entry: str = "js/main.js") -> str:
    """Return what the joined script prints."""
    done = subprocess.run(
        ["node", "-e", joined(files, entry)],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed")
def test_each_module_runs_once_before_those_that_import_it() -> None:
    files = {
        "js/main.js": 'import { two } from "./deep/b.js";\nimport "./log.js";\nconsole.log(two());',
        "js/deep/b.js": 'import {\n  one as uno,\n} from "../a.js";\nimport "../log.js";\n'
        "const hidden = 1;\nexport function two() {\n  return uno + hidden;\n}",
        "js/a.js": "const hidden = 40;\nexport const one = hidden;\nexport class Never {}",
        "js/log.js": 'console.log("once");',
    }
    assert run(files) == "once\n41"


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ('import { a } from "./gone.js";', "no module js/gone.js"),
        ('import "./main.js";', "imports itself"),
        ("export default 1;", "not understood: export default"),
        ('import all from "./main.js";', "not understood: import all"),
    ],
)
def test_what_is_not_understood_is_refused(source: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        joined({"js/main.js": source}, "js/main.js")

"""The documentation names what there is."""

import json
import re
from pathlib import Path

import pytest

from catalog.settings import TaggingEnvironment
from cli.export_rows import COLUMNS
from cli.logs import LogEnvironment
from cli.main import app
from tagger.aws.environment import LambdaEnvironment
from webapp.on_lambda.settings import LambdaSettings
from webapp.settings import WebSettings

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]


@pytest.mark.parametrize(
    "settings", [TaggingEnvironment, LambdaEnvironment, WebSettings, LambdaSettings, LogEnvironment]
)
def test_every_setting_is_documented(settings: type) -> None:
    page = (ROOT / "docs" / "settings.md").read_text("utf-8")
    for field in settings.model_fields.values():  # type: ignore[attr-defined]
        assert f"`{field.validation_alias}`" in page


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
        if not re.match(r"[a-z]+:", target):
            assert (page.parent / target).exists(), f"{page.name} points at {target}"


def test_every_reason_of_a_failure_is_documented() -> None:
    page = (ROOT / "docs" / "metadata-format.md").read_text("utf-8")
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "tagger").rglob("*.py"))
    made = re.findall(r'(?:Picture|Tagging|Recognition)Error\(\s*"([a-z_]+)"', sources)
    codes = {*made, *re.findall(r'"(recognizer_[a-z_]+)"', sources)}
    assert {"empty", "out_of_memory", "gave_up", "waited_too_long", "recognizer_access"} <= codes
    for code in codes:
        assert f"`{code}`" in page


def test_every_command_and_column_is_documented() -> None:
    page = (ROOT / "docs" / "commands.md").read_text("utf-8")
    for command in app.registered_commands:
        assert command.callback is not None
        assert f"## {command.name or command.callback.__name__}\n" in page
    assert ",".join(COLUMNS) in page


def test_every_test_that_the_threat_model_names_is_there() -> None:
    page = (ROOT / "docs" / "security.md").read_text("utf-8")
    model = page.split("## Who attacks what")[1].split("## What is out of scope")[0]
    rows = [line for line in model.splitlines() if line.startswith("| ")][1:]
    tests = "".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py"))
    assert len(rows) > 20
    for row in rows:
        named = re.findall(r"`(\w+)`", row.split("|")[3])
        assert named, f"no test proves: {row}"
        for name in named:
            assert f"def {name}(" in tests, f"{name} is not there"


def test_the_described_api_is_the_one_there_is() -> None:
    described = json.loads((ROOT / "docs" / "openapi.json").read_text("utf-8"))["paths"]
    operations = {f"{method.upper()} {path}" for path, item in described.items() for method in item}
    table = re.findall(r"^\| `(\w+ \S+)` \|", (ROOT / "docs/security.md").read_text("utf-8"), re.M)
    there = {row for row in table if row.split()[1].startswith(("/api", "/healthz"))}
    assert operations == there

"""Each finding says what it means and what to do."""

import ast
from pathlib import Path

import pytest

import cli.checkup
from cli.checkup.findings import Finding, lines

SOURCES = sorted(Path(cli.checkup.__file__).parent.glob("*.py"))
PARTS = ("level", "title", "means", "cure", "mends", "keys")


def findings(source: Path) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(ast.parse(source.read_text("utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Finding"
    ]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_what_it_means_and_what_to_do(source: Path) -> None:
    for call in findings(source):
        given = {*PARTS[: len(call.args)], *(word.arg for word in call.keywords)}
        level = getattr(call.args[0], "value", "wrong")
        wanted = {"well": set(), "note": {"cure"}}.get(level, {"means", "cure"})
        assert wanted <= given, f"{source.name}:{call.lineno}"


def test_a_finding_as_people_read_it() -> None:
    keys = [f"uploads/{number}.jpg" for number in range(7)]
    shown = lines(Finding("wrong", "This is.", "It means.", "Do this.", "Mends.", keys))
    assert shown[:3] == [" !!  This is.", "     It means.", "     What to do: Do this."]
    assert shown[-1] == "       … and 2 more"

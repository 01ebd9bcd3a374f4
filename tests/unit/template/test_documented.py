"""What the template has, the pages for operators name."""

import re
from pathlib import Path

from tests.stack import Stack, template

DOCS = Path(__file__).resolve().parents[3] / "docs"


def test_every_parameter_is_documented_as_it_is() -> None:
    rows = (DOCS / "deploy.md").read_text("utf-8").splitlines()
    for name, parameter in template()["Parameters"].items():
        default = str(parameter.get("Default", ""))
        shown = f"`{default}`" if default else ""
        assert f"| `{name}` | {shown} | {parameter['Description']} |" in rows


def test_every_parameter_has_a_default_and_a_place_in_the_console() -> None:
    whole = template()
    groups = whole["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    placed = [name for group in groups for name in group["Parameters"]]
    assert sorted(placed) == sorted(whole["Parameters"])
    assert all("Default" in parameter for parameter in whole["Parameters"].values())


def test_every_alarm_says_where_one_reads_what_to_do() -> None:
    page = (DOCS / "operate.md").read_text("utf-8")
    alarms = Stack().of_type("AWS::CloudWatch::Alarm")
    assert set(re.findall(r"^### (\w+)$", page, re.M)) == set(alarms)
    for name, alarm in alarms.items():
        assert alarm["AlarmDescription"].endswith(f"docs/operate.md, {name}.")


def test_outputs_that_the_pages_name_are_there() -> None:
    outputs = Stack().outputs
    for page in ("deploy.md", "operate.md"):
        text = (DOCS / page).read_text("utf-8")
        for name in re.findall(r"<([A-Z]\w+)>", text):
            assert name in outputs, f"{page} names {name}"

"""Print what CloudFormation gets of template.yaml, as JSON.

AWS's own translator makes it, without an account: only the addresses of the packages are made up.
Nothing is decided here: conditions and parameters stay as they are.
"""

import json
import sys
from pathlib import Path
from typing import Any

import boto3
import yaml
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

TEMPLATE = Path(__file__).resolve().parent.parent / "template.yaml"
REGION = "eu-central-1"  # the translator wants to know one
PACKAGE = {"Bucket": "packages", "Key": "package.zip"}


class Loader(yaml.SafeLoader):
    """Reads YAML with CloudFormation's short forms: !Ref, !GetAtt, !Sub and the others."""


def _intrinsic(loader: Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", _intrinsic)


def read_template(path: Path = TEMPLATE) -> dict[str, Any]:
    """Return template.yaml as it is written, its short forms in long."""
    template: dict[str, Any] = yaml.load(path.read_text("utf-8"), Loader)  # noqa: S506 - a safe one
    return template


def transformed(path: Path = TEMPLATE) -> dict[str, Any]:
    """Return what CloudFormation gets. Raises samtranslator's errors for what SAM does not know."""
    # Anchors share their values; the translator changes what it is given.
    template = json.loads(json.dumps(read_template(path)))
    template["Globals"]["Function"]["CodeUri"] = PACKAGE
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name=REGION))
    result: dict[str, Any] = translator.translate(template, {}, passthrough_metadata=True)
    return result


if __name__ == "__main__":
    json.dump(transformed(), sys.stdout, indent=1)

"""Print what CloudFormation will get of template.yaml, as JSON; run by the Python of `.venv-sam`.

The same translator that AWS runs, without an account: only the addresses of the packages are
made up. With --all-on, conditions and parameters are left as they are: all resources are printed.
"""

import json
import sys
from pathlib import Path

import yaml
from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform

TEMPLATE = Path(__file__).resolve().parent.parent / "template.yaml"


class NoManagedPolicies:
    """The template names no policy of AWS's own, so none is looked up."""

    def load(self) -> dict[str, str]:
        """Return no policy."""
        return {}


def main() -> int:
    """Write the transformed template to standard output."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else TEMPLATE
    template = yaml_parse(path.read_text("utf-8"))
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = {"Bucket": "packages", "Key": "package.zip"}
    code = template["Globals"]["Function"]
    code.pop("CodeUri", None)
    transformed = transform(template, {}, NoManagedPolicies(), passthrough_metadata=True)
    json.dump(transformed, sys.stdout, indent=1)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except yaml.YAMLError as error:
        sys.exit(f"template.yaml cannot be read: {error}")

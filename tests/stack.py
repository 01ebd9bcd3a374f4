"""template.yaml as a stack: transformed as AWS does it, its intrinsics resolved for parameters.

What only AWS knows (ARNs, URLs, a distribution's name) is made up, and always alike:
`arn_of("TagQueue")` is what `!GetAtt TagQueue.Arn` becomes.
"""

import json
import re
from functools import cache
from typing import Any

from scripts.transform_template import transformed

ACCOUNT = "123456789012"
REGION = "eu-west-1"
STACK_ID = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/taglight/0a1b2c3d-1111-2222-3333-44"
PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackId": STACK_ID,
    "AWS::StackName": "taglight",
    "AWS::URLSuffix": "amazonaws.com",
}
_ARNS = {
    "AWS::SQS::Queue": f"arn:aws:sqs:{REGION}:{ACCOUNT}:taglight-{{name}}",
    "AWS::Lambda::Function": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:taglight-{{name}}",
    "AWS::Logs::LogGroup": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:taglight-{{name}}:*",
    "AWS::DSQL::Cluster": f"arn:aws:dsql:{REGION}:{ACCOUNT}:cluster/{{name}}",
}
_NOTHING = object()


@cache
def _template() -> str:
    return json.dumps(transformed())


def template() -> dict[str, Any]:
    """Return what CloudFormation gets, intrinsics and all; a copy of one's own."""
    copy: dict[str, Any] = json.loads(_template())
    return copy


class Stack:
    """The stack that these parameters make; the others have their defaults."""

    def __init__(self, **parameters: str) -> None:
        self._template = template()
        declared = self._template["Parameters"]
        assert parameters.keys() <= declared.keys(), parameters.keys() - declared.keys()
        self.parameters = {
            name: parameters.get(name, each.get("Default")) for name, each in declared.items()
        }
        self._all = self._template["Resources"]
        names = [name for name, each in self._all.items() if self._holds(each.get("Condition"))]
        self.resources: dict[str, dict[str, Any]] = {
            name: {"Type": self._all[name]["Type"], "Properties": self._properties(name)}
            for name in names
        }
        self.outputs = {
            name: self.resolve(each["Value"])
            for name, each in self._template["Outputs"].items()
            if self._holds(each.get("Condition"))
        }

    def properties(self, name: str) -> dict[str, Any]:
        """Return the properties of a resource. Raises KeyError where there is none."""
        found: dict[str, Any] = self.resources[name]["Properties"]
        return found

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return name and properties of all resources of a type."""
        found = self.resources.items()
        return {name: each["Properties"] for name, each in found if each["Type"] == kind}

    def environment(self, function: str) -> dict[str, str]:
        """Return the variables that a function finds."""
        variables = self.properties(function)["Environment"]["Variables"]
        return {name: str(value) for name, value in variables.items()}

    def _properties(self, name: str) -> Any:
        return self.resolve(self._all[name].get("Properties", {}))

    def _holds(self, condition: str | None) -> bool:
        if condition is None:
            return True
        return bool(self.resolve(self._template["Conditions"][condition]))

    def resolve(self, value: Any) -> Any:
        """Return a value of the template as CloudFormation would have it."""
        if isinstance(value, list):
            return [each for item in value if (each := self.resolve(item)) is not _NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (name, argument), *_ = value.items()
            if name == "Ref":
                return self._ref(argument)
            if name == "Condition" and isinstance(argument, str):
                return self._holds(argument)
            if name.startswith("Fn::"):
                return self._function(name.removeprefix("Fn::"), argument)
        found = {name: self.resolve(each) for name, each in value.items()}
        return {name: each for name, each in found.items() if each is not _NOTHING}

    def _function(self, name: str, argument: Any) -> Any:
        if name == "If":
            condition, yes, no = argument
            return self.resolve(yes if self._holds(condition) else no)
        if name == "GetAtt":
            return self._attribute(*argument)
        if name == "Sub":
            return self._substitute(argument)
        argument = self.resolve(argument)
        if name == "FindInMap":
            where, first, second = argument
            return self._template["Mappings"][where][first][second]
        results: dict[str, Any] = {
            "Equals": lambda a: str(a[0]) == str(a[1]),
            "Not": lambda a: not a[0],
            "And": all,
            "Or": any,
            "Select": lambda a: a[1][int(a[0])],
            "Split": lambda a: a[1].split(a[0]),
            "Join": lambda a: a[0].join(str(each) for each in a[1]),
        }
        return results[name](argument)

    def _substitute(self, argument: Any) -> str:
        text, own = argument if isinstance(argument, list) else (argument, {})
        own = {name: self.resolve(value) for name, value in own.items()}

        def filled(match: re.Match[str]) -> str:
            name = match[1]
            if name in own:
                return str(own[name])
            return str(self._attribute(*name.split(".", 1)) if "." in name else self._ref(name))

        return re.sub(r"\$\{([\w:.]+)\}", filled, text)

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NOTHING
        if name in PSEUDO:
            return PSEUDO[name]
        if name in self.parameters:
            return self.parameters[name]
        kind = self._all[name]["Type"]
        if kind == "AWS::S3::Bucket":
            return self.resolve(self._all[name]["Properties"]["BucketName"])
        if kind == "AWS::SQS::Queue":
            return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/taglight-{name}"
        return f"{name}-id"

    def _attribute(self, name: str, attribute: str) -> str:
        if attribute in ("Arn", "ResourceArn"):
            return self.arn_of(name)
        if attribute == "DomainName":
            return "d111111abcdef8.cloudfront.net"
        if attribute == "Identifier":
            return "abcdefghijklmnopqrstuvwxyz"
        if attribute == "ProviderURL":
            return f"https://cognito-idp.{REGION}.amazonaws.com/{REGION}_pool"
        if attribute == "QueueName":
            return f"taglight-{name}"
        assert self._all[name]
        return f"{name}-{attribute}"

    def arn_of(self, name: str) -> str:
        """Return the ARN of a resource, made up where it is not derived."""
        kind = self._all[name]["Type"]
        if kind == "AWS::S3::Bucket":
            return f"arn:aws:s3:::{self._ref(name)}"
        made_up = f"arn:aws:{kind.split('::')[1].lower()}:{REGION}:{ACCOUNT}:{name}"
        return _ARNS.get(kind, made_up).format(name=name)

"""The resource types that templates may use: those of the services that are here, and CloudFormation's own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fogbank.kernel import Context
from fogbank.kernel.resource_types import Properties, ResourceType, service_of
from fogbank.services.cloudformation import errors
from fogbank.services.cloudformation.templates.template import Declared, Template

CUSTOM = "AWS::CloudFormation::CustomResource"


def lookup(ctx: Context, name: str) -> ResourceType | None:
    if name.startswith("Custom::"):
        name = CUSTOM
    owner = "cloudformation" if name == "AWS::CDK::Metadata" else service_of(name)
    service = ctx.app.services.get(owner)
    return service.resource_types.get(name) if service is not None else None


def find(ctx: Context, name: str) -> ResourceType:
    """Raises ValidationError for a type that is not here."""
    found = lookup(ctx, name)
    if found is None:
        raise errors.format_error(f"Unrecognized resource types: [{name}]")
    return found


def check(ctx: Context, template: Template) -> None:
    """Raises ValidationError when a template wants what is not here: before anything of it is made."""
    unknown = [name for name in template.types() if lookup(ctx, name) is None]
    if unknown:
        raise errors.format_error(f"Unrecognized resource types: [{', '.join(unknown)}]")


_IAM_NAMES = {
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
}
_IAM = frozenset({*_IAM_NAMES, "AWS::IAM::AccessKey", "AWS::IAM::Policy", "AWS::IAM::UserToGroupAddition"})


def capabilities(declared: Iterable[Declared], transforms: Iterable[str]) -> tuple[list[str], list[str]]:
    """(the capabilities that a template takes, the types why).

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
    """
    wanted: set[str] = set()
    why: dict[str, None] = {}
    for each in declared:
        if each.type in _IAM:
            named = _IAM_NAMES.get(each.type) in each.properties
            wanted.add("CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM")
            why[each.type] = None
    if "CAPABILITY_NAMED_IAM" in wanted:
        wanted.discard("CAPABILITY_IAM")
    if any(name != "AWS::LanguageExtensions" for name in transforms):
        wanted.add("CAPABILITY_AUTO_EXPAND")
    return sorted(wanted), list(why)


def lacking(wanted: Iterable[str], given: Iterable[str]) -> list[str]:
    """Those of the capabilities that were not acknowledged: named IAM acknowledges IAM, too."""
    known = set(given)
    if "CAPABILITY_NAMED_IAM" in known:
        known.add("CAPABILITY_IAM")
    return [each for each in wanted if each not in known]


def physical(kind: ResourceType, identifier: str, properties: Properties) -> str:
    """What Ref answers."""
    return kind.ref(identifier, properties)


def attribute(kind: ResourceType, properties: Properties, name: str) -> Any:
    """What Fn::GetAtt answers, None when there is no such attribute. Parts of a name are separated by points."""
    found: Any = properties
    if name in properties:
        return properties[name]
    for part in name.split("."):
        if not isinstance(found, dict) or part not in found:
            return None
        found = found[part]
    return found

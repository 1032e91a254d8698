"""Parameters: what a template takes, and the values that it is given.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fogbank.services.cloudformation import errors
from fogbank.services.cloudformation.templates.parsing import Document
from fogbank.services.cloudformation.templates.template import Template

_SSM = re.compile(r"AWS::SSM::Parameter::Value<(.+)>")
_LIST = re.compile(r"List<(.+)>")
_PLAIN = frozenset(
    {"String", "Number", "CommaDelimitedList", "List<Number>", "List<String>", "AWS::SSM::Parameter::Name"}
)
_OF_AWS = re.compile(
    r"AWS::EC2::(AvailabilityZone::Name|Image::Id|Instance::Id|KeyPair::KeyName|SecurityGroup::GroupName"
    r"|SecurityGroup::Id|Subnet::Id|Volume::Id|VPC::Id)|AWS::Route53::HostedZone::Id"
)
_VALUE_CHARACTERS = 4096


def check(template: Template) -> None:
    """Raises ValidationError for a parameter that is not well declared."""
    for name, declared in template.parameters.items():
        if not re.fullmatch(r"[A-Za-z0-9]{1,255}", name):
            raise errors.format_error(f"Parameter name {name} is non alphanumeric.")
        if not isinstance(declared, dict):
            raise errors.format_error(f"[/Parameters/{name}] parameter definition is malformed")
        kind = declared.get("Type")
        if not isinstance(kind, str):
            raise errors.format_error(f"Every Parameters object must contain a Type member. ({name})")
        if not _is_known(kind):
            raise errors.format_error(f"Unrecognized parameter type: {kind}")
        allowed = declared.get("AllowedValues")
        if allowed is not None and not isinstance(allowed, list):
            raise errors.format_error(f"[/Parameters/{name}/AllowedValues] expected an array")


def _is_known(kind: str) -> bool:
    ssm = _SSM.fullmatch(kind)
    inner = ssm[1] if ssm is not None else kind
    listed = _LIST.fullmatch(inner)
    return inner in _PLAIN or _OF_AWS.fullmatch(listed[1] if listed is not None else inner) is not None


def ssm_name(declared: Document, value: str) -> str | None:
    """The Parameter Store's name of the value, for a parameter whose value is kept there."""
    return value if _SSM.fullmatch(declared["Type"]) is not None else None


def is_list(declared: Document) -> bool:
    ssm = _SSM.fullmatch(declared["Type"])
    kind = ssm[1] if ssm is not None else declared["Type"]
    return kind == "CommaDelimitedList" or kind.startswith("List<")


def is_hidden(declared: Document) -> bool:
    return str(declared.get("NoEcho", "")).lower() == "true"


def values(template: Template, given: Mapping[str, str]) -> dict[str, str]:
    """The value of each parameter as text: what was given, or its default. Raises ValidationError."""
    unknown = [name for name in given if name not in template.parameters]
    if unknown:
        raise errors.invalid(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    found: dict[str, str] = {}
    missing = []
    for name, declared in template.parameters.items():
        if name in given:
            found[name] = given[name]
        elif "Default" in declared:
            found[name] = text_of(declared["Default"])
        else:
            missing.append(name)
    if missing:
        raise errors.invalid(f"Parameters: [{', '.join(missing)}] must have values")
    for name, value in found.items():
        _check_value(name, template.parameters[name], value)
    return found


def text_of(value: Any) -> str:
    """A value as the text that a parameter has: lists with commas."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(map(text_of, value))
    return str(value)


def _check_value(name: str, declared: Document, value: str) -> None:
    if len(value) > _VALUE_CHARACTERS:
        raise errors.invalid(f"Parameter '{name}' must contain at most {_VALUE_CHARACTERS} characters")
    kind = declared["Type"]
    parts = [each.strip() for each in value.split(",")] if is_list(declared) else [value]
    allowed = declared.get("AllowedValues")
    for part in parts:
        if allowed is not None and part not in [text_of(each) for each in allowed]:
            raise _refusal(name, declared, f"Parameter '{name}' must be one of AllowedValues")
        if kind in ("Number", "List<Number>"):
            _check_number(name, declared, part)
        elif kind == "String":
            _check_text(name, declared, part)


def _check_number(name: str, declared: Document, text: str) -> None:
    try:
        number = float(text)
    except ValueError:
        raise errors.invalid(f"Parameter '{name}' must be a number") from None
    least, most = declared.get("MinValue"), declared.get("MaxValue")
    if least is not None and number < float(least):
        raise _refusal(name, declared, f"Parameter '{name}' must be a number not less than {least}")
    if most is not None and number > float(most):
        raise _refusal(name, declared, f"Parameter '{name}' must be a number not greater than {most}")


def _check_text(name: str, declared: Document, text: str) -> None:
    least, most, pattern = declared.get("MinLength"), declared.get("MaxLength"), declared.get("AllowedPattern")
    if least is not None and len(text) < int(least):
        raise _refusal(name, declared, f"Parameter '{name}' must contain at least {least} characters")
    if most is not None and len(text) > int(most):
        raise _refusal(name, declared, f"Parameter '{name}' must contain at most {most} characters")
    if pattern is not None and re.fullmatch(str(pattern), text) is None:
        raise _refusal(name, declared, f"Parameter '{name}' must match pattern {pattern}")


def _refusal(name: str, declared: Document, told: str) -> Exception:
    constraint = declared.get("ConstraintDescription")
    return errors.invalid(f"Parameter '{name}' failed to satisfy constraint: {constraint}" if constraint else told)


def referred(template: Template, texts: Mapping[str, str]) -> dict[str, Any]:
    """What Ref answers for each parameter: lists are lists."""
    return {
        name: [part.strip() for part in text.split(",")] if is_list(template.parameters[name]) else text
        for name, text in texts.items()
    }

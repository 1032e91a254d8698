"""The intrinsic functions: what a value of a template is, once the values that it refers to are known.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html

A value that is only known when a resource has been made is KNOWN_AFTER_APPLY, also as a part of a text: so a change can be planned with
the same code that makes it.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from fogbank.services.cloudformation import errors
from fogbank.services.cloudformation.templates.template import Template

KNOWN_AFTER_APPLY = "{{changeSet:KNOWN_AFTER_APPLY}}"

NO_VALUE: Any = object()

_VARIABLE = re.compile(r"\$\{(!?)([^{}]*)\}")
_VARIABLE_NAME = re.compile(r"[A-Za-z0-9_.:]+")
_CONDITIONS = frozenset({"Condition", "Fn::And", "Fn::Equals", "Fn::Not", "Fn::Or"})


class Resources(Protocol):
    """What is known of the resources of a stack."""

    def ref(self, logical: str) -> Any:
        """What Ref answers, or KNOWN_AFTER_APPLY."""

    def attribute(self, logical: str, name: str) -> Any:
        """What Fn::GetAtt answers, or KNOWN_AFTER_APPLY. Raises ValidationError for an attribute that there is not."""


class NoResources:
    """Of a stack that has none yet: everything is known later."""

    def ref(self, logical: str) -> Any:
        return KNOWN_AFTER_APPLY

    def attribute(self, logical: str, name: str) -> Any:
        return KNOWN_AFTER_APPLY


class Values:
    """The values of a template.

    parameters  those of the template and the pseudo parameters (`AWS::Region`), by name
    zones       of a Region: its Availability Zones
    exports     what other stacks export, by name
    """

    def __init__(
        self,
        template: Template,
        parameters: Mapping[str, Any],
        zones: Callable[[str], list[str]],
        exports: Mapping[str, str],
        resources: Resources | None = None,
    ) -> None:
        self.template = template
        self.parameters = parameters
        self.zones = zones
        self.exports = exports
        self.resources = resources or NoResources()
        self._conditions: dict[str, bool | None] = {}

    # -- conditions

    def holds(self, name: str | None) -> bool:
        """Does the condition of that name hold? What has none is always there."""
        if name is None:
            return True
        if name not in self.template.conditions:
            raise errors.format_error(f"Unresolved condition dependency {name}")
        if name not in self._conditions:
            self._conditions[name] = None
            self._conditions[name] = self._is_true(self.template.conditions[name])
        found = self._conditions[name]
        if found is None:
            raise errors.format_error(f"Circular dependency between conditions: {name}")
        return found

    def _is_true(self, node: Any) -> bool:
        found = self.value(node)
        if isinstance(found, bool):
            return found
        if str(found).lower() in ("true", "false"):
            return str(found).lower() == "true"
        raise errors.template_error("Every Condition member must be a condition function or a boolean.")

    # -- values

    def value(self, node: Any) -> Any:
        """What a part of a template is; NO_VALUE when it is not to be there."""
        if isinstance(node, list):
            found = (self.value(each) for each in node)
            return [each for each in found if each is not NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((name, argument),) = node.items()
            function = _FUNCTIONS.get(name)
            if function is not None and (name != "Condition" or isinstance(argument, str)):
                return function(self, argument)
            if name.startswith("Fn::"):
                raise errors.template_error(f"Encountered unsupported function: {name}")
        pairs = ((key, self.value(each)) for key, each in node.items())
        return {key: each for key, each in pairs if each is not NO_VALUE}

    def text(self, node: Any, told: str) -> str:
        found = self.value(node)
        if isinstance(found, bool):
            return "true" if found else "false"
        if isinstance(found, str | int | float):
            return str(found)
        raise errors.template_error(told)

    def values(self, node: Any, told: str) -> list[Any]:
        """A list, or a function that answers one."""
        found = self.value(node)
        if found == KNOWN_AFTER_APPLY:
            return [found]
        if not isinstance(found, list):
            raise errors.template_error(told)
        return found


def _ref(values: Values, argument: Any) -> Any:
    name = values.value(argument)
    if name == "AWS::NoValue":
        return NO_VALUE
    if isinstance(name, str) and name in values.parameters:
        return values.parameters[name]
    if name not in values.template.resources:
        raise errors.format_error(f"Unresolved resource dependencies [{name}] in the Resources block of the template")
    return values.resources.ref(name)


def _get_att(values: Values, argument: Any) -> Any:
    told = "every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute"
    parts = argument.split(".", 1) if isinstance(argument, str) else argument
    if not isinstance(parts, list) or len(parts) < 2 or not isinstance(parts[0], str):
        raise errors.template_error(told)
    name = ".".join(values.text(each, told) for each in parts[1:])
    if parts[0] not in values.template.resources:
        raise errors.template_error(f"instance of Fn::GetAtt references undefined resource {parts[0]}")
    return values.resources.attribute(parts[0], name)


def _sub(values: Values, argument: Any) -> Any:
    told = (
        "One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string as first argument, "
        "and an optional second argument to specify a mapping of values to replace in the string"
    )
    text, given = argument if isinstance(argument, list) and len(argument) == 2 else (argument, {})
    if not isinstance(text, str) or not isinstance(given, dict):
        raise errors.template_error(told)

    def replaced(match: re.Match[str]) -> str:
        name = match[2].strip()
        if match[1]:
            return f"${{{match[2]}}}"
        if _VARIABLE_NAME.fullmatch(name) is None:
            raise errors.template_error(
                "variable names in Fn::Sub syntax must contain only alphanumeric characters, "
                "underscores, periods, and colons"
            )
        if name in given:
            return values.text(given[name], told)
        return _text_of(_named(values, name))

    return _VARIABLE.sub(replaced, text)


def _named(values: Values, name: str) -> Any:
    """What a variable of Fn::Sub stands for."""
    if name in values.parameters:
        return values.parameters[name]
    logical, _, attribute = name.partition(".")
    if logical not in values.template.resources:
        raise errors.format_error(f"Unresolved resource dependencies [{name}] in the Resources block of the template")
    return values.resources.attribute(logical, attribute) if attribute else values.resources.ref(logical)


def _text_of(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(map(_text_of, value))
    if isinstance(value, dict):
        raise errors.template_error("Fn::Sub expression does not resolve to a string")
    return str(value)


def _join(values: Values, argument: Any) -> str:
    told = (
        "every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be joined "
        "or a function that returns a list of strings (such as Fn::GetAZs) to be joined."
    )
    if not isinstance(argument, list) or len(argument) != 2 or not isinstance(argument[0], str):
        raise errors.template_error(told)
    parts = values.values(argument[1], told)
    if any(isinstance(each, dict | list) for each in parts):
        raise errors.template_error(told)
    return argument[0].join(map(_text_of, parts))


def _split(values: Values, argument: Any) -> list[str]:
    told = (
        "every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string to be split or a "
        "function that returns a string to be split."
    )
    if not isinstance(argument, list) or len(argument) != 2 or not isinstance(argument[0], str) or not argument[0]:
        raise errors.template_error(told)
    text = values.text(argument[1], told)
    return [KNOWN_AFTER_APPLY] if text == KNOWN_AFTER_APPLY else text.split(argument[0])


def _select(values: Values, argument: Any) -> Any:
    told = "Fn::Select requires a list argument with two elements: an integer index and a list"
    if not isinstance(argument, list) or len(argument) != 2:
        raise errors.template_error(told)
    index = values.text(argument[0], told)
    if not index.isdigit():
        raise errors.template_error(told)
    found = values.values(argument[1], told)
    if found == [KNOWN_AFTER_APPLY]:
        return KNOWN_AFTER_APPLY
    if int(index) >= len(found):
        raise errors.template_error(f"Fn::Select cannot select nonexistent value at index {index}")
    return found[int(index)]


def _if(values: Values, argument: Any) -> Any:
    if not isinstance(argument, list) or len(argument) != 3:
        raise errors.template_error("Fn::If requires a list argument with three elements")
    if not isinstance(argument[0], str):
        raise errors.template_error("Fn::If requires the name of a condition as its first element")
    if argument[0] not in values.template.conditions:
        raise errors.template_error(f"unresolved condition dependency {argument[0]} in Fn::If")
    return values.value(argument[1] if values.holds(argument[0]) else argument[2])


def _condition(values: Values, argument: Any) -> bool:
    return values.holds(argument)


def _equals(values: Values, argument: Any) -> bool:
    if not isinstance(argument, list) or len(argument) != 2:
        raise errors.template_error("every Fn::Equals object requires a list of 2 string parameters.")
    first, second = (values.value(each) for each in argument)
    return bool(_comparable(first) == _comparable(second))


def _comparable(value: Any) -> Any:
    return value if isinstance(value, list | dict) else _text_of(value)


def _boolean(name: str, least: int, most: int, combine: Callable[[list[bool]], bool]) -> Callable[[Values, Any], bool]:
    def function(values: Values, argument: Any) -> bool:
        if not isinstance(argument, list) or not least <= len(argument) <= most:
            wanted = f"{least} to {most} boolean parameters" if most > 1 else "1 boolean parameter"
            raise errors.template_error(f"every {name} object requires a list of {wanted}.")
        return combine([bool(values._is_true(each)) for each in argument])

    return function


def _find_in_map(values: Values, argument: Any) -> Any:
    if not isinstance(argument, list) or len(argument) not in (3, 4):
        raise errors.template_error(
            "Fn::FindInMap requires a list argument with three elements: a map name, and two keys"
        )
    told = (
        "every Fn::FindInMap object requires three parameters, the map name, map key and the attribute for return value"
    )
    name, first, second = (values.text(each, told) for each in argument[:3])
    mapping = values.template.mappings.get(name)
    found = mapping.get(first) if isinstance(mapping, dict) else None
    if isinstance(found, dict) and second in found:
        return values.value(found[second])
    if len(argument) == 4 and isinstance(argument[3], dict) and "DefaultValue" in argument[3]:
        return values.value(argument[3]["DefaultValue"])
    if mapping is None:
        raise errors.template_error(f"Mapping named '{name}' is not present in the 'Mappings' section of template.")
    raise errors.template_error(f"Unable to get mapping for {name}::{first}::{second}")


def _base64(values: Values, argument: Any) -> str:
    text = values.text(argument, "every Fn::Base64 object must have a String-typed value.")
    return text if KNOWN_AFTER_APPLY in text else base64.b64encode(text.encode()).decode()


def _get_azs(values: Values, argument: Any) -> list[str]:
    region = values.text(argument, "every Fn::GetAZs object requires a Region") or str(values.parameters["AWS::Region"])
    return values.zones(region)


def _cidr(values: Values, argument: Any) -> list[str]:
    """(block, how many, bits of each host part: 8 if it is not said). Blocks of the size that leaves so many bits."""
    told = "every Fn::Cidr object requires two or three parameters, the CIDR, a count and the cidrBits."
    if not isinstance(argument, list) or len(argument) not in (2, 3):
        raise errors.template_error(told)
    block, count, *bits = (values.text(each, told) for each in argument)
    if block == KNOWN_AFTER_APPLY:
        return [KNOWN_AFTER_APPLY] * int(count)
    try:
        network = ipaddress.ip_network(block, strict=False)
        subnets = network.subnets(new_prefix=network.max_prefixlen - int(bits[0] if bits else 8))
        found = [str(each) for each, _ in zip(subnets, range(int(count)), strict=False)]
    except ValueError:
        raise errors.template_error(told) from None
    if not 1 <= int(count) <= 256 or len(found) < int(count):
        raise errors.template_error(f"Fn::Cidr cannot make {count} blocks of {block}")
    return found


def _import_value(values: Values, argument: Any) -> str:
    name = values.text(
        argument, "the attribute in Fn::ImportValue must be a string or a function that returns a string"
    )
    if name not in values.exports:
        raise errors.invalid(f"No export named {name} found.")
    return values.exports[name]


def _length(values: Values, argument: Any) -> int:
    return len(values.values(argument, "Fn::Length expects a list."))


def _to_json(values: Values, argument: Any) -> str:
    return json.dumps(values.value(argument), separators=(",", ":"))


# -- of rules: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-rules.html


def _of_lists(name: str, holds: Callable[[list[str], list[str]], bool]) -> Callable[[Values, Any], bool]:
    """A function of two lists of texts; the second may be one text."""

    def function(values: Values, argument: Any) -> bool:
        told = f"every {name} object requires two parameters, a list of strings and what they are compared with."
        if not isinstance(argument, list) or len(argument) != 2:
            raise errors.template_error(told)
        first, second = (values.value(each) for each in argument)
        if not isinstance(first, list):
            raise errors.template_error(told)
        others = second if isinstance(second, list) else [second]
        return holds([_text_of(each) for each in first], [_text_of(each) for each in others])

    return function


_FUNCTIONS: dict[str, Callable[[Values, Any], Any]] = {
    "Condition": _condition,
    "Fn::And": _boolean("Fn::And", 2, 10, all),
    "Fn::Base64": _base64,
    "Fn::Cidr": _cidr,
    "Fn::Contains": _of_lists("Fn::Contains", lambda listed, wanted: wanted[0] in listed),
    "Fn::EachMemberEquals": _of_lists(
        "Fn::EachMemberEquals", lambda listed, wanted: all(each == wanted[0] for each in listed)
    ),
    "Fn::EachMemberIn": _of_lists("Fn::EachMemberIn", lambda listed, others: set(listed) <= set(others)),
    "Fn::Equals": _equals,
    "Fn::FindInMap": _find_in_map,
    "Fn::GetAZs": _get_azs,
    "Fn::GetAtt": _get_att,
    "Fn::If": _if,
    "Fn::ImportValue": _import_value,
    "Fn::Join": _join,
    "Fn::Length": _length,
    "Fn::Not": _boolean("Fn::Not", 1, 1, lambda found: not found[0]),
    "Fn::Or": _boolean("Fn::Or", 2, 10, any),
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::Sub": _sub,
    "Fn::ToJsonString": _to_json,
    "Ref": _ref,
}

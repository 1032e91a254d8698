"""AWS::LanguageExtensions: `Fn::ForEach` written out. Its other functions are there without it.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-languageextensions.html
"""

from __future__ import annotations

from typing import Any

from fogbank.services.cloudformation import errors
from fogbank.services.cloudformation.templates.parsing import Document


def unrolled(node: Any, document: Document, parameters: dict[str, str]) -> Any:
    """The node with each `Fn::ForEach::Name: [identifier, collection, {key: value}]` replaced by what it stands for."""
    if isinstance(node, list):
        return [unrolled(each, document, parameters) for each in node]
    if not isinstance(node, dict):
        return node
    found: Document = {}
    for key, value in node.items():
        if key.startswith("Fn::ForEach::"):
            found |= _loop(key, value, document, parameters)
        else:
            found[key] = unrolled(value, document, parameters)
    return found


def _loop(name: str, given: Any, document: Document, parameters: dict[str, str]) -> Document:
    told = f"{name} layout is incorrect"
    if (
        not isinstance(given, list)
        or len(given) != 3
        or not isinstance(given[0], str)
        or not isinstance(given[2], dict)
    ):
        raise errors.template_error(told)
    variable, collection, body = given
    found: Document = {}
    for item in _collection(collection, parameters, told):
        found |= unrolled(_replaced(body, variable, item), document, parameters)
    return found


def _collection(given: Any, parameters: dict[str, str], told: str) -> list[str]:
    if isinstance(given, dict) and given.keys() == {"Ref"} and given["Ref"] in parameters:
        return [each.strip() for each in parameters[given["Ref"]].split(",")]
    if not isinstance(given, list):
        raise errors.template_error(told)
    found: list[str] = []
    for each in given:
        found += _collection(each, parameters, told) if isinstance(each, dict) else [str(each)]
    return found


def _replaced(node: Any, variable: str, item: str) -> Any:
    """The node with `${variable}` (and `&{variable}`, without what is not alphanumeric) in it replaced; so is a Ref to it."""
    if isinstance(node, list):
        return [_replaced(each, variable, item) for each in node]
    if isinstance(node, dict):
        if node == {"Ref": variable}:
            return item
        return {_replaced(key, variable, item): _replaced(each, variable, item) for key, each in node.items()}
    if isinstance(node, str):
        plain = "".join(filter(str.isalnum, item))
        return node.replace(f"${{{variable}}}", item).replace(f"&{{{variable}}}", plain)
    return node

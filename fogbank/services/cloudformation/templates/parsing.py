"""A template's text, JSON or YAML, as a document. YAML's short forms become the functions that they stand for (`!Sub` -> `Fn::Sub`).

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html. YAML is 1.1, and dates stay texts.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from fogbank.services.cloudformation import errors

Document = dict[str, Any]

BODY_BYTES = 51_200
TEMPLATE_BYTES = 1_048_576

_DEEPEST = 200


def parse(text: str) -> Document:
    """Raises ValidationError where it is neither, or no mapping."""
    document = _json(text) if text.lstrip().startswith("{") else _yaml(text)
    if not isinstance(document, dict):
        raise errors.format_error("unsupported structure.")
    _check_keys(document, 0)
    return document


def _json(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        # a flow mapping is YAML as well
        try:
            return _yaml(text)
        except Exception:
            where = f"(line {error.lineno}, column {error.colno})"
            raise errors.format_error(f"JSON not well-formed. {where}") from None
    except RecursionError:
        raise errors.format_error("JSON not well-formed.") from None


def _object(pairs: list[tuple[str, Any]]) -> Document:
    return dict(pairs)


def _yaml(text: str) -> Any:
    import yaml

    try:
        return yaml.load(text, Loader=_loader())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark is not None else ""
        raise errors.format_error(f"YAML not well-formed.{where}") from None
    except (yaml.YAMLError, RecursionError, ValueError):
        raise errors.format_error("YAML not well-formed.") from None


@cache
def _loader() -> Any:
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        """YAML as CloudFormation reads it."""

    def function(loader: Any, suffix: str, node: Any) -> Any:
        value = _plain(loader, node)
        if suffix in ("Ref", "Condition"):
            return {suffix: value}
        if suffix == "GetAtt" and isinstance(value, str):
            value = value.split(".", 1)
        return {f"Fn::{suffix}": value}

    def mapping(loader: Any, node: Any) -> Document:
        seen: set[Any] = set()
        for key, _ in node.value:
            name = getattr(key, "value", None)
            if isinstance(name, str) and name in seen:
                mark = key.start_mark
                raise yaml.MarkedYAMLError(problem="duplicate", problem_mark=mark)
            if isinstance(name, str):
                seen.add(name)
        loader.flatten_mapping(node)
        return {loader.construct_object(key, True): loader.construct_object(value, True) for key, value in node.value}

    def text_of(loader: Any, node: Any) -> Any:
        return loader.construct_scalar(node)

    Loader.add_multi_constructor("!", function)
    Loader.add_constructor("tag:yaml.org,2002:map", mapping)
    Loader.add_constructor("tag:yaml.org,2002:timestamp", text_of)
    return Loader


def _plain(loader: Any, node: Any) -> Any:
    import yaml

    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_object(_as_mapping(node), True)


def _as_mapping(node: Any) -> Any:
    import yaml

    return yaml.MappingNode("tag:yaml.org,2002:map", node.value, node.start_mark, node.end_mark)


def _check_keys(value: Any, depth: int) -> None:
    """Keys are texts: YAML would have numbers and truth values, too."""
    if depth > _DEEPEST:
        raise errors.format_error("The template is nested too deeply.")
    if isinstance(value, dict):
        for key in [key for key in value if not isinstance(key, str)]:
            value[_key(key)] = value.pop(key)
        for each in value.values():
            _check_keys(each, depth + 1)
    elif isinstance(value, list):
        for each in value:
            _check_keys(each, depth + 1)


def _key(key: Any) -> str:
    if key is None:
        raise errors.format_error("[/] map keys must be strings; received null instead")
    return str(key).lower() if isinstance(key, bool) else str(key)

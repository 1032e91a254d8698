"""Properties of templates and members of API Gateway's requests: the same things, in other letters. Pure.

`Integration: {IntegrationHttpMethod: ...}` is `integrationHttpMethod`, and where the API says something else the type says what.
"""

from __future__ import annotations

from typing import Any

import orjson

from fogbank.protocols import Shape

Properties = dict[str, Any]


def as_request(shape: Shape | None, properties: Any) -> Any:
    """Those of the properties that the shape has, by its names."""
    if shape is None or properties is None:
        return {}
    if shape.type == "structure" and isinstance(properties, dict):
        known = {name.lower(): value for name, value in properties.items()}
        found = {name: (member, known.get(name.lower())) for name, member in shape.members.items()}
        return {name: as_request(member, value) for name, (member, value) in found.items() if value is not None}
    if shape.type == "list" and isinstance(properties, list):
        return [as_request(shape.member, each) for each in properties]
    if shape.type == "map" and isinstance(properties, dict):
        return {name: as_request(shape.value, each) for name, each in properties.items()}
    if shape.type == "string" and isinstance(properties, dict | list):
        return orjson.dumps(properties).decode()
    return properties


def as_properties(shape: Shape | None, answer: Any) -> Any:
    """An answer as properties: names of members begin with a capital letter, names in maps stay."""
    if shape is None:
        return answer
    if shape.type == "structure" and isinstance(answer, dict):
        return {
            name[:1].upper() + name[1:]: as_properties(member, answer[name])
            for name, member in shape.members.items()
            if answer.get(name) is not None
        }
    if shape.type == "list" and isinstance(answer, list):
        return [as_properties(shape.member, each) for each in answer]
    if shape.type == "map" and isinstance(answer, dict):
        return {name: as_properties(shape.value, each) for name, each in answer.items()}
    return answer


def tag_pairs(tags: dict[str, str] | None) -> list[dict[str, str]] | None:
    return [{"Key": key, "Value": value} for key, value in tags.items()] if tags else None


def patches(before: Properties, after: Properties, places: dict[str, str]) -> list[dict[str, str]]:
    """Patch operations that lead from one to the other; `places` are the paths of properties."""
    found: list[dict[str, str]] = []
    for name, path in places.items():
        found += _patched(path, before.get(name), after.get(name))
    return found


def _patched(path: str, before: Any, after: Any) -> list[dict[str, str]]:
    if before == after:
        return []
    if isinstance(before, dict) or isinstance(after, dict):
        old, new = before or {}, after or {}
        found = [{"op": "remove", "path": f"{path}/{_escaped(key)}"} for key in old if key not in new]
        return found + [each for key in new for each in _patched(f"{path}/{_escaped(key)}", old.get(key), new[key])]
    if isinstance(before, list) or isinstance(after, list):
        old, new = before or [], after or []
        found = [{"op": "remove", "path": f"{path}/{_escaped(each)}"} for each in old if each not in new]
        return found + [{"op": "add", "path": f"{path}/{_escaped(each)}"} for each in new if each not in old]
    if after is None:
        return [{"op": "remove", "path": path}]
    return [{"op": "replace", "path": path, "value": _text(after)}]


def _escaped(segment: Any) -> str:
    return str(segment).replace("~", "~0").replace("/", "~1")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return orjson.dumps(value).decode() if isinstance(value, dict | list) else str(value)

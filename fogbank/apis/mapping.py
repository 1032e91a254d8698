"""What mapping templates and parameter mappings of REST APIs see: `$input`, `$util`, `$context`, `$stageVariables`. Pure.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote_plus, unquote_plus

import orjson

from fogbank.apis.velocity import Template, TemplateError, Tool
from fogbank.apis.velocity.values import written
from fogbank.kernel import json_paths


class Given(NamedTuple):
    """What a template is rendered with. `params` has `path`, `querystring` and `header`; `body` is that of the request or response.

    `context` is made for this one template, which may change it.
    """

    body: str
    params: Mapping[str, Mapping[str, str]]
    context: Mapping[str, Any]
    variables: Mapping[str, str]


class Rendered(NamedTuple):
    """The text, and what the template has set in `$context.responseOverride` or `requestOverride`."""

    text: str
    overrides: dict[str, Any]


def rendered(template: str, given: Given) -> Rendered:
    """Raises TemplateError."""
    overrides: dict[str, Any] = {
        "requestOverride": {"path": {}, "querystring": {}, "header": {}},
        "responseOverride": {"header": {}},
    }
    names = {
        "input": _input(given),
        "util": _UTIL,
        "context": {**given.context, **overrides},
        "stageVariables": dict(given.variables),
    }
    return Rendered(Template(template).render(names), overrides)


# -- $input


def parsed(body: str) -> Any:
    """A body as JSON; one that is none is a text."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return body


def at_path(document: Any, path: str) -> Any:
    """What a JSON path finds, None where nothing is. Raises TemplateError for what is no path."""
    try:
        found = json_paths.extract(path, document)
    except ValueError as error:
        raise TemplateError(f"not a JSON path: {path}") from error
    return None if found is json_paths.ABSENT else found


def _input(given: Given) -> Tool:
    def path(expression: str) -> Any:
        return at_path(parsed(given.body) if given.body else {}, expression)

    def as_json(expression: str) -> str:
        found = path(expression)
        return '""' if found is None else orjson.dumps(found).decode()

    def params(name: str | None = None) -> Any:
        if name is None:
            return {kind: dict(values) for kind, values in given.params.items()}
        for kind in ("path", "querystring", "header"):
            value = _found(given.params[kind], name, kind == "header")
            if value is not None:
                return value
        return ""

    return Tool({"path": path, "json": as_json, "params": params}, {"body": given.body})


def _found(values: Mapping[str, str], name: str, any_case: bool) -> str | None:
    if name in values or not any_case:
        return values.get(name)
    return next((value for known, value in values.items() if known.lower() == name.lower()), None)


# -- $util

_ESCAPES = {
    "\\": "\\\\",
    '"': '\\"',
    "'": "\\'",
    "/": "\\/",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\b": "\\b",
    "\f": "\\f",
}


def escape_javascript(value: Any) -> str:
    """As a text within quotes. What is beyond ASCII is written as `\\uXXXX`."""
    out = []
    for character in written(value):
        if character in _ESCAPES:
            out.append(_ESCAPES[character])
        elif character < " " or character > "~":
            encoded = character.encode("utf-16-be")
            out += [f"\\u{encoded[at] << 8 | encoded[at + 1]:04X}" for at in range(0, len(encoded), 2)]
        else:
            out.append(character)
    return "".join(out)


def _parse_json(text: Any) -> Any:
    try:
        return orjson.loads(written(text))
    except orjson.JSONDecodeError as error:
        raise TemplateError(f"parseJson: {error}") from error


_UTIL = Tool(
    {
        "escapeJavaScript": escape_javascript,
        "parseJson": _parse_json,
        "urlEncode": lambda text: quote_plus(written(text)),
        "urlDecode": lambda text: unquote_plus(written(text)),
        "base64Encode": lambda text: base64.b64encode(written(text).encode()).decode(),
        "base64Decode": lambda text: base64.b64decode(written(text) + "==").decode(errors="replace"),
    }
)


# -- stage variables and context in texts

_VARIABLE = re.compile(r"\$\{stageVariables\.(\w+)\}|\$stageVariables\.(\w+)")


def with_variables(text: str, variables: Mapping[str, str]) -> str:
    """`arn:...:function:${stageVariables.name}` with what the stage says."""
    return _VARIABLE.sub(lambda found: variables.get(found[1] or found[2], ""), text)


def context_value(context: Mapping[str, Any], path: str) -> str | None:
    """`identity.sourceIp` in `$context`, as text."""
    value: Any = context
    for name in path.split("."):
        if not isinstance(value, Mapping) or name not in value:
            return None
        value = value[name]
    if value is None:
        return None
    return orjson.dumps(value).decode() if isinstance(value, dict | list) else written(value)


_CONTEXT = re.compile(r"\$context\.([\w.-]+)|\$\{context\.([\w.-]+)\}")


def with_context(text: str, context: Mapping[str, Any]) -> str:
    """The format of an access log; what there is not is a hyphen."""
    return _CONTEXT.sub(lambda found: context_value(context, (found[1] or found[2]).rstrip(".")) or "-", text)

"""Payload templates: documents in which `"name.$": "$.path"` and `"name.$": "States.Function(...)"` stand for values.

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-inputpath-params.html
"""

from __future__ import annotations

from typing import Any

from fogbank.services.stepfunctions.language import intrinsics, paths
from fogbank.services.stepfunctions.language.failure import runtime
from fogbank.services.stepfunctions.language.intrinsics import Draw
from fogbank.services.stepfunctions.language.paths import Missing, Scope, text_of

_MARK = ".$"


def fill(template: Any, scope: Scope, draw: Draw) -> Any:
    """The template with its values. Raises Broken."""
    if isinstance(template, dict):
        return dict(_entry(key, value, scope, draw) for key, value in template.items())
    if isinstance(template, list):
        return [fill(item, scope, draw) for item in template]
    return template


def _entry(key: str, value: Any, scope: Scope, draw: Draw) -> tuple[str, Any]:
    if key.endswith(_MARK) and isinstance(value, str):
        return key[: -len(_MARK)], resolve(value, scope, key, draw)
    return key, fill(value, scope, draw)


def resolve(text: str, scope: Scope, field: str, draw: Draw) -> Any:
    """What a path or a call of an intrinsic function stands for. Raises Broken."""
    try:
        return intrinsics.evaluate(text, scope, draw) if intrinsics.is_call(text) else paths.find(text, scope)
    except Missing:
        raise runtime(
            f"The JSONPath '{text}' specified for the field '{field}' could not be found in the input "
            f"'{text_of(scope.document)}'"
        ) from None
    except ValueError as error:
        raise runtime(f"The value '{text}' of the field '{field}' cannot be evaluated: {error}") from None


def select(text: str | None, scope: Scope, draw: Draw) -> Any:
    """What InputPath, OutputPath or ItemsPath select; null selects an empty object. Raises Broken."""
    if text is None:
        return {}
    if text == "$":
        return scope.document
    if intrinsics.is_call(text):
        return resolve(text, scope, "Path", draw)
    try:
        return paths.find(text, scope)
    except Missing:
        raise runtime(f"Invalid path '{text}' : No results for path: {paths.normal(text)}") from None
    except ValueError:
        raise runtime(f"Invalid path '{text}'") from None

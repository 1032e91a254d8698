"""Finding types, and what may be said about their properties before a handler sees them."""

from __future__ import annotations

from typing import Any

import orjson

from fogbank.kernel import AWSError, Context
from fogbank.kernel.resource_types import Properties, ResourceType, service_of
from fogbank.services.cloudcontrol import errors


def find(ctx: Context, name: str) -> ResourceType:
    """The type of that name. Raises TypeNotFoundException."""
    service = ctx.app.services.get(service_of(name))
    found = service.resource_types.get(name) if service is not None else None
    if found is None:
        raise errors.type_not_found(name)
    return found


def desired(kind: ResourceType, text: str) -> Properties:
    """The properties of a resource that is to be made. Raises InvalidRequestException."""
    properties = _object(text, "DesiredState")
    missing = sorted(kind.required - properties.keys())
    if missing:
        raise errors.invalid_request(f"Model validation failed (#: required key [{missing[0]}] not found)")
    decided = sorted(kind.read_only & properties.keys())
    if decided:
        raise errors.invalid_request(f"Encountered unsupported property: {decided[0]} is read-only")
    return properties


def patched(before: Properties, document: str) -> Properties:
    """The properties with a JSON patch (RFC 6902) applied. Raises InvalidRequestException."""
    import jsonpatch
    import jsonpointer

    try:
        patch = orjson.loads(document)
        return jsonpatch.JsonPatch(patch).apply(before)  # type: ignore[no-any-return]
    except (orjson.JSONDecodeError, jsonpatch.JsonPatchException, jsonpointer.JsonPointerException, TypeError) as error:
        raise errors.invalid_request(f"Invalid patch document: {error}") from None


def not_updatable(kind: ResourceType, before: Properties, after: Properties) -> AWSError | None:
    """Why the change cannot be made in place, if it cannot."""
    fixed = kind.create_only | kind.read_only
    changed = sorted(name for name in fixed if before.get(name) != after.get(name))
    if not changed:
        return None
    names = ", ".join(f"/properties/{name}" for name in changed)
    return AWSError("NotUpdatable", f"Invalid patch update: createOnlyProperties [{names}] cannot be updated")


def told(kind: ResourceType, properties: Properties) -> str:
    """The properties as JSON, without what is never told."""
    shown = {name: value for name, value in properties.items() if name not in kind.write_only and value is not None}
    return orjson.dumps(shown).decode()


def given(text: str | None) -> Properties:
    return {} if text is None else _object(text, "ResourceModel")


def _object(text: str, member: str) -> dict[str, Any]:
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise errors.invalid_request(f"{member} is not valid JSON: {error}") from None
    if not isinstance(document, dict):
        raise errors.invalid_request(f"{member} must be a JSON object")
    return document

"""Attributes of users and groups: paths to them, changing them, and what they have to be.

https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_AttributeOperation.html. Paths and the names in values may
begin with a small letter, as SCIM has them (`name.familyName`).
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.identitystore import errors, limits

Request = dict[str, Any]
Attributes = dict[str, Any]

_IDENTIFYING = frozenset({"IdentityStoreId", "MemberId", "GroupId"})


def of_new(request: Request) -> Attributes:
    """The attributes in a request that creates something."""
    return {name: value for name, value in request.items() if name not in _IDENTIFYING}


def spelled(path: str) -> str:
    """A path as the model spells its parts: `emails.value` is `Emails.Value`. Extensions keep their names."""
    extension, _, rest = path.rpartition(":") if ":" in path else ("", "", path)
    if extension:
        name, dot, inner = rest.partition(".")
        return f"{extension}:{name}{dot}{inner}"
    return ".".join(part[:1].upper() + part[1:] for part in path.split("."))


def changed(ctx: Context, present: Attributes, request: Request, operation: str) -> Attributes:
    """The attributes after a request's operations; `operation` (CreateUser) says which there are, and of what form.

    Raises ValidationException.
    """
    after = present
    for change in request["Operations"]:
        path = spelled(change["AttributePath"])
        value = change.get("AttributeValue")
        if ":" in path:
            after = _with_extension(ctx, after, path, value)
        else:
            after = _with(after, path.split("."), _in_our_spelling(value))
    _check_form(ctx, after, operation)
    return after


def _with(present: Attributes, path: list[str], value: Any) -> Attributes:
    """The attributes with another value at a path; None (and an empty list) takes it away."""
    first, *rest = path
    if rest:
        inner = present.get(first)
        value = _with(inner if isinstance(inner, dict) else {}, rest, value)
    others = {name: known for name, known in present.items() if name != first}
    return others if value in (None, [], {}) else {**others, first: value}


def _with_extension(ctx: Context, present: Attributes, path: str, value: Any) -> Attributes:
    name, _, rest = path.partition(".")
    if name != limits.EXTENSION:
        raise errors.unknown_extension(ctx, name)
    return _with(present, ["Extensions", name, *(rest.split(".") if rest else ())], value)


def _in_our_spelling(value: Any) -> Any:
    if isinstance(value, dict):
        return {name[:1].upper() + name[1:]: _in_our_spelling(inner) for name, inner in value.items()}
    return [_in_our_spelling(inner) for inner in value] if isinstance(value, list) else value


def _check_form(ctx: Context, after: Attributes, operation: str) -> None:
    """Hold attributes that came as documents against the model: they have to be what the creating operation takes."""
    from fogbank import protocols

    model = protocols.load("identitystore")
    shape = model.operations[operation].input_shape
    known = {name: value for name, value in after.items() if name != "ExternalIds"}
    assert shape is not None
    for name in known.keys() - shape.members.keys():
        raise errors.unknown_path(ctx, name)
    codec = protocols.codec(model.operations[operation], "json")
    violations = codec.violations({"IdentityStoreId": "d-0000000000", **known})
    if violations:
        raise errors.invalid(ctx, protocols.violations_message(violations))
    _check_external_ids(ctx, after.get("ExternalIds", []))


def _check_external_ids(ctx: Context, given: Any) -> None:
    well_formed = isinstance(given, list) and all(
        isinstance(external, dict)
        and external.keys() == {"Issuer", "Id"}
        and all(isinstance(text, str) and text for text in external.values())
        for external in given
    )
    if not well_formed:
        raise errors.unknown_path(ctx, "externalIds")


# -- what there has to be


def check_user(ctx: Context, given: Attributes) -> None:
    """Raise ValidationException unless these are a user's: names are all there, and free for use.

    https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_CreateUser.html
    """
    name = given.get("Name", {})
    _check_names(ctx, {"userName": given.get("UserName"), "displayName": given.get("DisplayName")})
    _check_names(ctx, {"name": name or None, "givenName": name.get("GivenName"), "familyName": name.get("FamilyName")})
    _check_free(ctx, given["UserName"])
    for extension in given.get("Extensions", {}):
        if extension != limits.EXTENSION:
            raise errors.unknown_extension(ctx, extension)
    _check_photos(ctx, given.get("Photos", []))


def check_group(ctx: Context, given: Attributes) -> None:
    """Raise ValidationException unless these are a group's."""
    _check_names(ctx, {"displayName": given.get("DisplayName")})
    _check_free(ctx, given["DisplayName"])


def _check_names(ctx: Context, names: dict[str, Any]) -> None:
    for name, value in names.items():
        if value is None:
            raise errors.required(ctx, name)


def _check_free(ctx: Context, name: str) -> None:
    if name.lower() in limits.RESERVED_NAMES:
        raise errors.reserved_name(ctx, name)


def _check_photos(ctx: Context, photos: list[Request]) -> None:
    if len(photos) > limits.PHOTOS or sum(photo.get("Primary", False) for photo in photos) > 1:
        raise errors.invalid(ctx, f"A user has up to {limits.PHOTOS} photos, of which one can be primary.")

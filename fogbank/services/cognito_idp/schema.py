"""A pool's schema: the standard attributes of OpenID Connect, those that the pool adds, and what values they take.

https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-attributes.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fogbank.services.cognito_idp import errors

Attribute = dict[str, Any]

_TEXTS = (
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "email",
    "gender",
    "zoneinfo",
    "locale",
    "phone_number",
    "address",
)
_TRUTHS = ("email_verified", "phone_number_verified")
_CUSTOM = 50
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")
_PHONE = re.compile(r"\+[0-9]{1,15}")


def _text(name: str, least: int = 0, most: int = 2048, mutable: bool = True, required: bool = False) -> Attribute:
    constraints = {"MinLength": str(least), "MaxLength": str(most)}
    return _attribute(name, "String", mutable, required) | {"StringAttributeConstraints": constraints}


def _attribute(name: str, kind: str, mutable: bool = True, required: bool = False) -> Attribute:
    return {
        "Name": name,
        "AttributeDataType": kind,
        "DeveloperOnlyAttribute": False,
        "Mutable": mutable,
        "Required": required,
    }


def standard() -> list[Attribute]:
    """The attributes that every pool has."""
    return [
        _text("sub", 1, mutable=False, required=True),
        *(_text(name) for name in _TEXTS),
        *(_attribute(name, "Boolean") for name in _TRUTHS),
        _text("birthdate", 10, 10),
        _attribute("updated_at", "Number") | {"NumberAttributeConstraints": {"MinValue": "0"}},
        _attribute("identities", "String") | {"StringAttributeConstraints": {}},
    ]


def of_request(given: list[Attribute]) -> list[Attribute]:
    """The schema of a new pool. Raises InvalidParameterException."""
    known = {attribute["Name"]: attribute for attribute in standard()}
    custom = []
    for attribute in given:
        name = attribute.get("Name") or ""
        if name in known:
            known[name] |= attribute
        else:
            custom.append(attribute)
    return with_custom(list(known.values()), custom)


def with_custom(schema: list[Attribute], given: list[Attribute]) -> list[Attribute]:
    """The schema and more custom attributes, which are there for good. Raises InvalidParameterException."""
    found = list(schema)
    for attribute in given:
        made = _custom(attribute)
        if any(made["Name"] == other["Name"] for other in found):
            raise errors.attribute_exists(made["Name"])
        found.append(made)
    if sum("custom:" in attribute["Name"] for attribute in found) > _CUSTOM:
        raise errors.invalid(f"Too many custom attributes, at most {_CUSTOM} are allowed.")
    return found


def _custom(given: Attribute) -> Attribute:
    developer = bool(given.get("DeveloperOnlyAttribute"))
    bare = (given.get("Name") or "").removeprefix("dev:").removeprefix("custom:")
    if not bare:
        raise errors.invalid("Attribute name is required.")
    name = ("dev:custom:" if developer else "custom:") + bare
    if given.get("Required"):
        raise errors.required_custom(name)
    kind = given.get("AttributeDataType", "String")
    made = _attribute(name, kind, given.get("Mutable", True)) | {"DeveloperOnlyAttribute": developer}
    for constrained in ("String", "Number"):
        if kind == constrained:
            member = f"{constrained}AttributeConstraints"
            made[member] = given.get(member) or {}
    return made


def check(schema: list[Attribute], values: Mapping[str, str]) -> None:
    """Raise InvalidParameterException for values that the schema does not allow."""
    known = {attribute["Name"]: attribute for attribute in schema}
    for name, value in values.items():
        attribute = known.get(name)
        if attribute is None or name == "sub":
            raise errors.attribute_not_defined(name) if attribute is None else errors.immutable("sub")
        _check_value(attribute, name, value)


def check_required(schema: list[Attribute], values: Mapping[str, str]) -> None:
    """Raise InvalidParameterException for the first required attribute that has no value."""
    for attribute in schema:
        name = attribute["Name"]
        if attribute["Required"] and name != "sub" and not values.get(name):
            raise errors.attribute_of_schema(f"{name}: The attribute {name} is required")


def check_mutable(schema: list[Attribute], values: Mapping[str, str], present: Mapping[str, str]) -> None:
    """Raise InvalidParameterException for a change of what cannot be changed once it is there."""
    fixed = {attribute["Name"] for attribute in schema if not attribute["Mutable"]}
    for name in values:
        if name in fixed and name in present:
            raise errors.immutable(name)


def _check_value(attribute: Attribute, name: str, value: str) -> None:
    if name == "email" and value and not _EMAIL.fullmatch(value):
        raise errors.invalid("Invalid email address format.")
    if name == "phone_number" and value and not _PHONE.fullmatch(value):
        raise errors.invalid("Invalid phone number format.")
    kind = attribute["AttributeDataType"]
    if kind == "String" and value:
        _check_length(attribute.get("StringAttributeConstraints") or {}, name, value)
    elif kind == "Number":
        _check_number(attribute.get("NumberAttributeConstraints") or {}, name, value)
    elif kind == "Boolean" and value.lower() not in ("true", "false"):
        raise errors.attribute_of_schema(f"{name}: Must be a boolean value")


def _check_length(limits: Mapping[str, str], name: str, value: str) -> None:
    if len(value) > int(limits.get("MaxLength", "2048")):
        raise errors.attribute_of_schema(f"{name}: String must be no longer than {limits['MaxLength']} characters")
    if len(value) < int(limits.get("MinLength", "0")):
        raise errors.attribute_of_schema(f"{name}: String must be at least {limits['MinLength']} characters")


def _check_number(limits: Mapping[str, str], name: str, value: str) -> None:
    try:
        number = float(value)
    except ValueError:
        raise errors.attribute_of_schema(f"{name}: Must be a number") from None
    if "MaxValue" in limits and number > float(limits["MaxValue"]):
        raise errors.attribute_of_schema(f"{name}: Number must be no larger than {limits['MaxValue']}")
    if "MinValue" in limits and number < float(limits["MinValue"]):
        raise errors.attribute_of_schema(f"{name}: Number must be no smaller than {limits['MinValue']}")


def is_email(text: str) -> bool:
    return _EMAIL.fullmatch(text) is not None


def is_phone(text: str) -> bool:
    return _PHONE.fullmatch(text) is not None

"""Condition keys and their types: the global ones, those of services, and those of identity providers."""

from __future__ import annotations

from typing import Final

import msgspec

from fogbank.identity import reference
from fogbank.identity.reference import Action, ServiceReference

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html, names in lower case
GLOBAL: Final = {
    "aws:assumedroot": "String",
    "aws:calledvia": "ArrayOfString",
    "aws:calledviafirst": "String",
    "aws:calledvialast": "String",
    "aws:chatbotsourcearn": "ARN",
    "aws:currenttime": "Date",
    "aws:ec2instancesourceprivateipv4": "IPAddress",
    "aws:ec2instancesourcevpc": "String",
    "aws:epochtime": "Date",
    "aws:federatedprovider": "String",
    "aws:ismcpserviceaction": "Bool",
    "aws:multifactorauthage": "Numeric",
    "aws:multifactorauthpresent": "Bool",
    "aws:principalaccount": "String",
    "aws:principalarn": "ARN",
    "aws:principalisawsservice": "Bool",
    "aws:principalorgid": "String",
    "aws:principalorgmasteraccountid": "String",
    "aws:principalorgpaths": "ArrayOfString",
    "aws:principalservicename": "String",
    "aws:principalservicenameslist": "ArrayOfString",
    "aws:principaltype": "String",
    "aws:referer": "String",
    "aws:requestedregion": "String",
    "aws:resourceaccount": "String",
    "aws:resourceorgid": "String",
    "aws:resourceorgpaths": "ArrayOfString",
    "aws:securetransport": "Bool",
    "aws:sourceaccount": "String",
    "aws:sourcearn": "ARN",
    "aws:sourceidentity": "String",
    "aws:sourceip": "IPAddress",
    "aws:sourceorgid": "String",
    "aws:sourceorgpaths": "ArrayOfString",
    "aws:sourceowner": "String",
    "aws:sourcevpc": "String",
    "aws:sourcevpcarn": "ARN",
    "aws:sourcevpce": "String",
    "aws:tagkeys": "ArrayOfString",
    "aws:tokenissuetime": "Date",
    "aws:useragent": "String",
    "aws:userid": "String",
    "aws:username": "String",
    "aws:viaawsservice": "Bool",
    "aws:vpceaccount": "String",
    "aws:vpceorgid": "String",
    "aws:vpceorgpaths": "ArrayOfString",
    "aws:vpcsourceip": "IPAddress",
}
# Services whose keys have another name in front than their actions.
_OWNERS: Final = {"catalog": "aws-marketplace", "identitycenter": "sso", "saml": "sts"}
_TAGS: Final = ("aws:principaltag/", "aws:requesttag/", "aws:resourcetag/")


class Key(msgspec.Struct, frozen=True):
    """A key's type (String, ARN, Bool, Date, Numeric, IPAddress, Binary), and whether a request has many values of it."""

    type: str
    many: bool = False


def is_global(name: str) -> bool:
    return name.lower().startswith("aws:")


def is_of_provider(name: str) -> bool:
    """Is it a key of an identity provider (`accounts.google.com:aud`, `saml:aud`)?"""
    prefix = name.rpartition(":")[0].lower()
    return "." in prefix or prefix == "saml"


def look_up(name: str) -> Key | None:
    """The key of that name; None when there is none, or nothing is known of it."""
    name = name.lower()
    if is_global(name):
        kind = "String" if name.startswith(_TAGS) and not name.endswith("/") else GLOBAL.get(name)
    else:
        service = owner(name)
        found = None if service is None else service.condition_key(name)
        kind = None if found is None else found.type
    return None if kind is None else Key(kind.removeprefix("ArrayOf"), kind.startswith("ArrayOf"))


def owner(name: str) -> ServiceReference | None:
    """The service that a key belongs to; identity providers' keys belong to STS."""
    prefix = name.partition(":")[0].lower()
    return reference.service("sts" if is_of_provider(name) else _OWNERS.get(prefix, prefix))


def knows(action: str, name: str) -> bool:
    """Whether requests for an action (`s3:GetObject`) can have a key; so it is said of actions of which nothing is known."""
    vendor, _, method = action.partition(":")
    service = reference.service(vendor)
    found = None if service is None else service.actions.get(method.lower())
    return service is None or found is None or any(reference.same_key(key, name) for key in _keys_of(service, found))


def _keys_of(service: ServiceReference, action: Action) -> list[str]:
    types = [service.resource_types.get(used.name) for used in action.resource_types]
    of_types = [key for kind in types if kind is not None for key in kind.condition_keys]
    return [*action.condition_keys, *(key for used in action.resource_types for key in used.condition_keys), *of_types]

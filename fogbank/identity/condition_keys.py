"""The global condition keys of a request: who asks, from where, when, by what means, about what.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html. Keys are computed when a policy asks for
them: most policies ask for none. A key that a request does not have is absent, as AWS documents it for each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from fogbank.http import Request
from fogbank.identity.directory import Guardrails
from fogbank.identity.errors import extended_iso
from fogbank.identity.principals import Principal

Value = str | tuple[str, ...]

_PRINCIPAL_TYPES = {
    "root": "Account",
    "user": "User",
    "role": "AssumedRole",
    "federated": "FederatedUser",
    "anonymous": "Anonymous",
}
_NONE: Mapping[str, Any] = {}


class Situation(msgspec.Struct):
    """Everything that condition keys are computed from.

    region         the region that the request is for
    now            the virtual time in epoch seconds, which `aws:CurrentTime` is about
    request        the HTTP request; None for a call from service to service
    params         the request's parameters, for the tags in them
    principal_tags, organization
                   the tags of the user or role, and what its organization says (for a service: that of the account it works for)
    owner, owner_organization, resource_tags
                   the account of the resource, what its organization says, and the tags of the resource
    extra          further keys: the service's own (`s3:prefix`)
    origin         keys of how the call came about (`aws:SourceArn`, `aws:CalledVia`)
    """

    principal: Principal
    region: str = ""
    now: float = 0.0
    request: Request | None = None
    params: Mapping[str, Any] = _NONE
    principal_tags: Mapping[str, str] = _NONE
    organization: Guardrails | None = None
    owner: str = ""
    owner_organization: Guardrails | None = None
    resource_tags: Mapping[str, str] = _NONE
    extra: Mapping[str, Value] = _NONE
    origin: Mapping[str, Value] = _NONE


class ConditionKeys(Mapping[str, Value]):
    """Condition keys by name in lower case. `volatile`: was any asked for that can be another for the principal's next request?"""

    __slots__ = ("_given", "_situation", "volatile")

    def __init__(self, situation: Situation) -> None:
        self._situation = situation
        self._given: dict[str, Value] | None = None
        self.volatile = False

    def get(self, key: str, default: Any = None) -> Any:
        """The key's value, which is never None, or the default."""
        value = self._value(key)
        return default if value is None else value

    def __getitem__(self, key: str) -> Value:
        value = self._value(key)
        if value is None:
            raise KeyError(key)
        return value

    def __iter__(self) -> Iterator[str]:
        names = dict.fromkeys([*self._all_given(), *_GLOBAL])
        return (name for name in names if self._value(name) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _value(self, key: str) -> Value | None:
        if key not in _OF_PRINCIPAL and key not in _OF_ORIGIN and not key.startswith("aws:principaltag/"):
            self.volatile = True
        given = self._all_given().get(key)
        if given is not None:
            return given
        compute = _GLOBAL.get(key)
        if compute is not None:
            return compute(self._situation)
        # services have names of their own for the same (`ec2:ResourceTag/Name`)
        _, colon, rest = key.partition(":")
        return self._all_given().get(f"aws:{rest}") if colon and rest.startswith("resourcetag/") else None

    def _all_given(self) -> dict[str, Value]:
        """Keys that are not computed: the service's own, the session's, and the tags of everyone concerned."""
        if self._given is None:
            self._given = dict(_given(self._situation))
        return self._given


def _given(situation: Situation) -> Iterator[tuple[str, Value]]:
    principal = situation.principal
    session = principal.session
    tags = {**principal.tags, **situation.principal_tags, **(session.tags if session is not None else {})}
    for name, value in tags.items():
        yield f"aws:principaltag/{name.lower()}", value
    yield from _request_tag_keys(situation.params)
    for name, value in situation.resource_tags.items():
        yield f"aws:resourcetag/{name.lower()}", value
    if session is not None:
        yield from session.keys.items()
    for keys in (situation.origin, situation.extra):
        for key, given in keys.items():
            yield key.lower(), given


# -- tags in requests


def _request_tag_keys(params: Mapping[str, Any]) -> Iterator[tuple[str, Value]]:
    tags = request_tags(params)
    for name, value in tags.items():
        yield f"aws:requesttag/{name.lower()}", value
    names = tuple(tags) or tuple(params.get("TagKeys") or params.get("tagKeys") or ())
    if names:
        yield "aws:tagkeys", names


def request_tags(params: Mapping[str, Any]) -> dict[str, str]:
    """The tags that a request brings, in whichever of the ways AWS's APIs have for that."""
    found: dict[str, str] = {}
    for member in ("Tags", "tags", "TagList", "TagSet", "Tagging", "TagSpecifications"):
        if member in params:
            found.update(_tags(params[member]))
    return found


def _tags(value: Any) -> dict[str, str]:
    """Tags as a map, as a list of keys and values, or as either of these in another document."""
    if isinstance(value, dict):
        inner = value.get("TagSet", value.get("Tags"))
        if isinstance(inner, list):
            return _tags(inner)
        return {name: text for name, text in value.items() if isinstance(text, str)}
    found: dict[str, str] = {}
    for entry in value if isinstance(value, list) else ():
        if "Tags" in entry:
            found.update(_tags(entry["Tags"]))
            continue
        name = entry.get("Key", entry.get("key", entry.get("TagKey")))
        if name is not None:
            found[name] = entry.get("Value", entry.get("value", entry.get("TagValue"))) or ""
    return found


# -- the global keys; None where a request does not have it


def _of_somebody(value: Callable[[Principal], str]) -> Callable[[Situation], str | None]:
    """A key that only callers with an identity of their own have."""

    def compute(situation: Situation) -> str | None:
        principal = situation.principal
        return None if principal.kind in ("anonymous", "service", "provider") else value(principal) or None

    return compute


def _user_id(situation: Situation) -> str | None:
    return None if situation.principal.kind == "service" else situation.principal.user_id or None


def _service_name(situation: Situation) -> str | None:
    return situation.principal.arn if situation.principal.kind == "service" else None


def _service_names(situation: Situation) -> tuple[str, ...] | None:
    return (situation.principal.arn,) if situation.principal.kind == "service" else None


def _source_account(situation: Situation) -> str | None:
    """A service works for somebody: its account is the source until the service names another."""
    return situation.principal.account or None if situation.principal.kind == "service" else None


def _org_id(of: Callable[[Situation], Guardrails | None]) -> Callable[[Situation], str | None]:
    def compute(situation: Situation) -> str | None:
        guardrails = of(situation)
        return None if guardrails is None else guardrails.organization

    return compute


def _org_paths(of: Callable[[Situation], Guardrails | None]) -> Callable[[Situation], tuple[str, ...] | None]:
    def compute(situation: Situation) -> tuple[str, ...] | None:
        guardrails = of(situation)
        return None if guardrails is None else (guardrails.path,)

    return compute


def _principal_organization(situation: Situation) -> Guardrails | None:
    return None if situation.principal.kind == "service" else situation.organization


def _source_organization(situation: Situation) -> Guardrails | None:
    return situation.organization if situation.principal.kind == "service" else None


def _owner_organization(situation: Situation) -> Guardrails | None:
    return situation.owner_organization


def _issued(situation: Situation) -> str | None:
    session = situation.principal.session
    return None if session is None else extended_iso(session.issued)


def _mfa_present(situation: Situation) -> str | None:
    """Only temporary credentials have it: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html"""
    session = situation.principal.session
    return None if session is None else _boolean(session.mfa is not None)


def _mfa_age(situation: Situation) -> str | None:
    session = situation.principal.session
    return None if session is None or session.mfa is None else str(int(situation.now - session.mfa))


def _source_identity(situation: Situation) -> str | None:
    session = situation.principal.session
    return None if session is None else session.source_identity or None


def _provider(situation: Situation) -> str | None:
    session = situation.principal.session
    return None if session is None else session.provider or None


def _via_service(situation: Situation) -> str:
    return _boolean("aws:CalledVia" in situation.origin)


def _called_via(place: int) -> Callable[[Situation], str | None]:
    def compute(situation: Situation) -> str | None:
        services = situation.origin.get("aws:CalledVia")
        return services[place] if isinstance(services, tuple) else None

    return compute


def _secure_transport(situation: Situation) -> str | None:
    """What does not leave the machine cannot be overheard: policies that insist on TLS (the CDK's buckets) do not shut out localhost."""
    request = situation.request
    if request is None:
        return None
    return _boolean(request.scheme == "https" or request.remote == "::1" or request.remote.startswith("127."))


def _header(name: str) -> Callable[[Situation], str | None]:
    return lambda situation: None if situation.request is None else situation.request.headers.get(name)


def _boolean(value: bool) -> str:
    return "true" if value else "false"


_GLOBAL: dict[str, Callable[[Situation], Value | None]] = {
    "aws:calledviafirst": _called_via(0),
    "aws:calledvialast": _called_via(-1),
    "aws:currenttime": lambda situation: extended_iso(situation.now),
    "aws:epochtime": lambda situation: str(int(situation.now)),
    "aws:federatedprovider": _provider,
    "aws:multifactorauthage": _mfa_age,
    "aws:multifactorauthpresent": _mfa_present,
    "aws:principalaccount": _of_somebody(lambda principal: principal.account),
    "aws:principalarn": _of_somebody(lambda principal: principal.policy_arn),
    "aws:principalisawsservice": lambda situation: _boolean(situation.principal.kind == "service"),
    "aws:principalorgid": _org_id(_principal_organization),
    "aws:principalorgpaths": _org_paths(_principal_organization),
    "aws:principalservicename": _service_name,
    "aws:principalservicenameslist": _service_names,
    "aws:principaltype": lambda situation: _PRINCIPAL_TYPES.get(situation.principal.kind),
    "aws:referer": _header("referer"),
    "aws:requestedregion": lambda situation: situation.region or None,
    "aws:resourceaccount": lambda situation: situation.owner or None,
    "aws:resourceorgid": _org_id(_owner_organization),
    "aws:resourceorgpaths": _org_paths(_owner_organization),
    "aws:securetransport": _secure_transport,
    "aws:sourceaccount": _source_account,
    "aws:sourceidentity": _source_identity,
    "aws:sourceip": lambda situation: None if situation.request is None else situation.request.remote or None,
    "aws:sourceorgid": _org_id(_source_organization),
    "aws:sourceorgpaths": _org_paths(_source_organization),
    "aws:tokenissuetime": _issued,
    "aws:useragent": _header("user-agent"),
    "aws:userid": _user_id,
    "aws:username": _of_somebody(lambda principal: principal.name),
    "aws:viaawsservice": _via_service,
}

# Those that are the same for every request of a principal's session.
_OF_PRINCIPAL = frozenset(
    {
        "aws:federatedprovider",
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalisawsservice",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:principaltype",
        "aws:sourceidentity",
        "aws:userid",
        "aws:username",
    }
)
# What a decision is remembered under besides (see `gateway.authorisation.Part`).
_OF_ORIGIN = frozenset({"aws:sourceaccount", "aws:sourcearn"})

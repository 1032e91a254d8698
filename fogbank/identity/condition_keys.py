"""The global condition keys of a request: who asks, from where, when, and by what means.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html. Keys are computed when a policy asks for
them: most policies ask for none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from fogbank.http import Request
from fogbank.identity.errors import extended_iso
from fogbank.identity.principals import Principal

_PRINCIPAL_TYPES = {
    "root": "Account",
    "user": "User",
    "role": "AssumedRole",
    "federated": "FederatedUser",
    "anonymous": "Anonymous",
}


class ConditionKeys(Mapping[str, str | tuple[str, ...]]):
    """Condition keys by name in lower case.

    principal   who asks
    region      the region that the request is for
    now         the virtual time in epoch seconds, which `aws:CurrentTime` is about
    request     the HTTP request; None for a call from service to service
    extra       further keys, of the service or of the source of a service's call (`aws:SourceArn`, `s3:prefix`)
    """

    def __init__(
        self,
        principal: Principal,
        region: str,
        now: float,
        request: Request | None = None,
        extra: Mapping[str, str | tuple[str, ...]] | None = None,
    ) -> None:
        self._principal = principal
        self._region = region
        self._now = now
        self._request = request
        self._extra = {name.lower(): value for name, value in (extra or {}).items()}
        self._tags = {f"aws:principaltag/{name.lower()}": value for name, value in principal.tags.items()}

    def __getitem__(self, key: str) -> str | tuple[str, ...]:
        if key in self._extra:
            return self._extra[key]
        if key in self._tags:
            return self._tags[key]
        value = _GLOBAL[key](self)
        if value is None:
            raise KeyError(key)
        return value

    def __iter__(self) -> Iterator[str]:
        names = dict.fromkeys([*self._extra, *self._tags, *_GLOBAL])
        return (name for name in names if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    # -- the global keys; None where a request does not have it

    def _of_principal(self, value: str) -> str | None:
        """A key that only callers who are somebody have."""
        return None if self._principal.kind in ("anonymous", "service") else value or None

    def _principal_arn(self) -> str | None:
        return self._of_principal(self._principal.policy_arn)

    def _principal_account(self) -> str | None:
        return self._of_principal(self._principal.account)

    def _principal_type(self) -> str | None:
        return _PRINCIPAL_TYPES.get(self._principal.kind)

    def _user_id(self) -> str | None:
        return self._of_principal(self._principal.user_id) or ("anonymous" if self._is_anonymous() else None)

    def _user_name(self) -> str | None:
        return self._principal.name or None

    def _is_anonymous(self) -> bool:
        return self._principal.kind == "anonymous"

    def _is_service(self) -> str:
        return "true" if self._principal.kind == "service" else "false"

    def _service_name(self) -> str | None:
        return self._principal.arn if self._principal.kind == "service" else None

    def _source_account(self) -> str | None:
        """A service works for somebody: its account is the source until the service names another."""
        return self._principal.account if self._principal.kind == "service" else None

    def _current_time(self) -> str | None:
        return extended_iso(self._now)

    def _epoch_time(self) -> str | None:
        return str(int(self._now))

    def _requested_region(self) -> str | None:
        return self._region or None

    def _secure_transport(self) -> str | None:
        return None if self._request is None else str(self._request.scheme == "https").lower()

    def _source_ip(self) -> str | None:
        return None if self._request is None else self._request.remote

    def _user_agent(self) -> str | None:
        return self._header("user-agent")

    def _referer(self) -> str | None:
        return self._header("referer")

    def _header(self, name: str) -> str | None:
        return None if self._request is None else self._request.headers.get(name)


_GLOBAL: dict[str, Callable[[ConditionKeys], str | None]] = {
    "aws:currenttime": ConditionKeys._current_time,
    "aws:epochtime": ConditionKeys._epoch_time,
    "aws:principalaccount": ConditionKeys._principal_account,
    "aws:principalarn": ConditionKeys._principal_arn,
    "aws:principalisawsservice": ConditionKeys._is_service,
    "aws:principalservicename": ConditionKeys._service_name,
    "aws:principaltype": ConditionKeys._principal_type,
    "aws:referer": ConditionKeys._referer,
    "aws:requestedregion": ConditionKeys._requested_region,
    "aws:securetransport": ConditionKeys._secure_transport,
    "aws:sourceaccount": ConditionKeys._source_account,
    "aws:sourceip": ConditionKeys._source_ip,
    "aws:useragent": ConditionKeys._user_agent,
    "aws:userid": ConditionKeys._user_id,
    "aws:username": ConditionKeys._user_name,
}

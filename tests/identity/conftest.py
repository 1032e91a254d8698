"""Requests signed by botocore's own signers, and an authenticator on a clock of the test's."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from fogbank.http import Payload, Request
from fogbank.identity import Authenticator, Credential, Identity
from fogbank.identity.principals import Principal

ISSUED = Credential(
    "AKIAIOSFODNN7EXAMPLE",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    Principal(
        "111122223333", "arn:aws:iam::111122223333:user/ada", "user", "AIDAEXAMPLE", "AKIAIOSFODNN7EXAMPLE", "ada"
    ),
)
SESSION = Credential(
    "ASIAIOSFODNN7EXAMPLE",
    "session-secret",
    Principal("111122223333", "arn:aws:sts::111122223333:assumed-role/build/s1", "role", "AROAEXAMPLE:s1"),
    session_token="a-token",
    expires=time.time() + 3600,
)


def to_request(signed: AWSRequest, payload: Payload | None = None) -> Request:
    """The request as the HTTP front would hand it over."""
    prepared = signed.prepare()
    url = urlsplit(prepared.url)
    headers = {
        name.lower(): value.decode("latin-1") if isinstance(value, bytes) else value.encode().decode("latin-1")
        for name, value in prepared.headers.items()
    }
    headers.setdefault("host", url.netloc)
    body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body or b""
    return Request(prepared.method, url.path or "/", url.query, headers, payload or Payload(body))


def finish(work: Coroutine[Any, Any, Any]) -> Any:
    """The result of a coroutine that never waits."""
    try:
        work.send(None)
    except StopIteration as stop:
        return stop.value
    work.close()
    raise AssertionError("the coroutine waited for something")


@pytest.fixture
def sign() -> Callable[..., Request]:
    """sign(SignerClass, key, secret, service, ...) gives a signed Request."""

    def make(
        signer: Any,
        key: str = "test",
        secret: str = "test",
        service: str = "sqs",
        region: str = "us-east-1",
        *,
        method: str = "POST",
        url: str = "http://localhost:4566/",
        headers: dict[str, str] | None = None,
        data: bytes = b"{}",
        token: str | None = None,
        **options: Any,
    ) -> Request:
        request = AWSRequest(method, url, headers or {}, data)
        signer(Credentials(key, secret, token), service, region, **options).add_auth(request)
        return to_request(request)

    return make


class Door:
    """An authenticator whose clock the test moves, and which knows two issued keys."""

    def __init__(self) -> None:
        self.offset = 0.0
        self.issued = {ISSUED.access_key: ISSUED, SESSION.access_key: SESSION}
        self.authenticator = Authenticator("default", self._lookup, lambda: time.time() + self.offset)

    async def _lookup(self, access_key: str) -> Credential | None:
        return self.issued.get(access_key)

    def enter(self, request: Request, service: str = "sqs", protocol: str = "json", **options: Any) -> Identity:
        return finish(self.authenticator.authenticate(request, service, protocol, **options))


@pytest.fixture
def door() -> Door:
    return Door()

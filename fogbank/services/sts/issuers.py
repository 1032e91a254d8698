"""Fetching the verification keys of an OpenID Connect issuer, as AWS does: by its discovery document, over a connection to trust.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc.html#manage-oidc-provider-prerequisites. A server is
trusted when this machine's certificate authorities vouch for it, or when the SHA-1 of its certificate is one of the provider's
thumbprints. Unlike AWS, an issuer that calls itself `http://` is asked without TLS: such are identity providers under test.
Keys are not kept: whoever rotates them sees it at once.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import ssl
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from fogbank.kernel import AWSError
from fogbank.services.sts import errors

_SECONDS = 5.0
_LARGEST = 1 << 20
_DISCOVERY = "/.well-known/openid-configuration"


def fetch_keys(issuer: str, thumbprints: Sequence[str]) -> dict[str, Any]:
    """The JSON Web Key Set of an issuer. Blocks: run it in a thread. Raises IDPCommunicationError, InvalidIdentityToken."""
    try:
        discovered = _fetch_json(issuer.rstrip("/") + _DISCOVERY, thumbprints)
        if str(discovered.get("issuer", "")).rstrip("/") != issuer.rstrip("/"):
            raise errors.no_verification_key()
        return _fetch_json(str(discovered.get("jwks_uri", "")), thumbprints)
    except (OSError, http.client.HTTPException):
        raise errors.provider_unreachable() from None


def _fetch_json(url: str, thumbprints: Sequence[str]) -> dict[str, Any]:
    """A JSON object. Raises OSError or HTTPException when nobody answers, InvalidIdentityToken when it is not one."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise errors.no_verification_key()
    connection = _connect(parts.scheme, parts.hostname, parts.port, thumbprints)
    try:
        connection.request("GET", parts.path + (f"?{parts.query}" if parts.query else ""))
        answer = connection.getresponse()
        body = answer.read(_LARGEST)
    finally:
        connection.close()
    return _parse(answer.status, body)


def _parse(status: int, body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    if status != 200 or not isinstance(document, dict):
        raise errors.no_verification_key()
    return document


def _connect(scheme: str, host: str, port: int | None, thumbprints: Sequence[str]) -> http.client.HTTPConnection:
    if scheme == "http":
        connection = http.client.HTTPConnection(host, port, timeout=_SECONDS)
        connection.connect()
        return connection
    try:
        return _connect_securely(host, port, ssl.create_default_context())
    except ssl.SSLCertVerificationError:
        return _connect_by_thumbprint(host, port, thumbprints)


def _connect_securely(host: str, port: int | None, context: ssl.SSLContext) -> http.client.HTTPSConnection:
    connection = http.client.HTTPSConnection(host, port, timeout=_SECONDS, context=context)
    connection.connect()
    return connection


def _connect_by_thumbprint(host: str, port: int | None, thumbprints: Sequence[str]) -> http.client.HTTPSConnection:
    unchecked = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    unchecked.check_hostname = False
    unchecked.verify_mode = ssl.CERT_NONE
    connection = _connect_securely(host, port, unchecked)
    certificate = connection.sock.getpeercert(binary_form=True) or b""
    if hashlib.sha1(certificate).hexdigest() not in thumbprints:
        connection.close()
        raise _untrusted(thumbprints)
    return connection


def _untrusted(thumbprints: Sequence[str]) -> AWSError:
    return errors.wrong_thumbprint() if thumbprints else errors.no_verification_key()

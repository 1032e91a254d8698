"""Refusals of the ACME protocol: problem documents (RFC 7807) with the types of RFC 8555, section 6.7."""

from __future__ import annotations

import json

from fogbank.http import Response

_TYPE = "urn:ietf:params:acme:error:"


class Problem(Exception):
    """Ends a request of a client. `headers` go out with it."""

    def __init__(self, kind: str, detail: str, status: int = 400) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.status = status

    def response(self) -> Response:
        document = {"type": f"{_TYPE}{self.kind}", "detail": self.detail, "status": self.status}
        return Response(self.status, [("content-type", "application/problem+json")], json.dumps(document).encode())


def malformed(detail: str) -> Problem:
    return Problem("malformed", detail)


def not_found() -> Problem:
    return Problem("malformed", "There is nothing here.", 404)


def bad_nonce() -> Problem:
    return Problem("badNonce", "The nonce was not given out, or was used already.")


def bad_algorithm(accepted: str) -> Problem:
    return Problem("badSignatureAlgorithm", f"The signature algorithm must be one of {accepted}.")


def unauthorized(detail: str) -> Problem:
    return Problem("unauthorized", detail, 403)


def no_account() -> Problem:
    return Problem("accountDoesNotExist", "There is no account with this key.")


def binding_required() -> Problem:
    return Problem("externalAccountRequired", "A new account needs an external account binding.", 403)


def contact_required() -> Problem:
    return Problem("invalidContact", "A new account needs a contact.")


def rejected(name: str) -> Problem:
    return Problem("rejectedIdentifier", f"The endpoint may not issue for {name}.", 403)


def bad_csr(detail: str) -> Problem:
    return Problem("badCSR", detail)


def not_ready() -> Problem:
    return Problem("orderNotReady", "The order is not ready.", 403)


def already_revoked() -> Problem:
    return Problem("alreadyRevoked", "The certificate has been revoked already.")

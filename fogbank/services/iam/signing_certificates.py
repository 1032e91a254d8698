"""Signing certificates of users and of the root. They lie under (user id, or the account's number for its root; certificate id)."""

from __future__ import annotations

from typing import Any, Final

from msgspec.structs import replace

from fogbank.kernel import Context, Record
from fogbank.services.iam import limits, refusals, x509
from fogbank.services.iam.errors import invalid_input, quota_exceeded
from fogbank.services.iam.listing import listed
from fogbank.services.iam.service import service
from fogbank.services.iam.users import User, caller_or_named, resource_of_caller_or_named, users

Request = dict[str, Any]

_ID_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


class SigningCertificate(Record, frozen=True):
    """body: PEM; uploaded: epoch seconds."""

    id: str
    body: str
    uploaded: int
    active: bool = True


certificates = service.collection("signing_certificates", SigningCertificate, scope="account")


async def of_holder(ctx: Context, holder: str) -> list[SigningCertificate]:
    """The certificates of a user (by its id) or of the root (by the account's number), the oldest first."""
    return sorted(await certificates.scan(ctx, holder), key=lambda certificate: certificate.uploaded)


async def _has_certificates(ctx: Context, user_id: str) -> bool:
    return await certificates.count(ctx, user_id, limit=1) > 0


users.belongings.append(("delete signing certificates", _has_certificates))


def _holder(ctx: Context, user: User | None) -> str:
    return ctx.account if user is None else user.id


def _described(user: User | None, certificate: SigningCertificate) -> Request:
    return {
        "UserName": None if user is None else user.name,
        "CertificateId": certificate.id,
        "CertificateBody": certificate.body,
        "Status": "Active" if certificate.active else "Inactive",
        "UploadDate": certificate.uploaded,
    }


async def _find(ctx: Context, holder: str, request: Request) -> SigningCertificate:
    found = await certificates.get(ctx, holder, request["CertificateId"])
    if found is None:
        raise refusals.no_signing_certificate(request["CertificateId"])
    return found


@service.operation(resource=resource_of_caller_or_named)
async def upload_signing_certificate(ctx: Context, request: Request) -> Request:
    """API_UploadSigningCertificate."""
    user = await caller_or_named(ctx, request)
    holder = _holder(ctx, user)
    parsed = x509.one(request["CertificateBody"])
    if ctx.now() > x509.expiration(parsed):
        raise refusals.invalid_certificate("The certificate has expired.")
    present = await of_holder(ctx, holder)
    if any(x509.one(certificate.body) == parsed for certificate in present):
        raise refusals.duplicate_certificate("root" if user is None else user.name)
    if len(present) >= limits.SIGNING_CERTIFICATES_PER_USER:
        raise quota_exceeded("SigningCertificatesPerUser", limits.SIGNING_CERTIFICATES_PER_USER)
    new_id = "".join(ctx.ids.choice(_ID_LETTERS) for _ in range(32))
    certificate = SigningCertificate(new_id, request["CertificateBody"], int(ctx.now()))
    certificates.put(ctx, certificate, holder, new_id)
    return {"Certificate": _described(user, certificate)}


@service.operation(resource=resource_of_caller_or_named)
async def list_signing_certificates(ctx: Context, request: Request) -> Request:
    """API_ListSigningCertificates."""
    user = await caller_or_named(ctx, request)
    found = await certificates.scan(ctx, _holder(ctx, user))
    shown = [_described(user, certificate) for certificate in found]
    return listed(request, "Certificates", shown, lambda certificate: certificate["CertificateId"])


@service.operation(resource=resource_of_caller_or_named)
async def update_signing_certificate(ctx: Context, request: Request) -> Request:
    """Make a certificate active or inactive. API_UpdateSigningCertificate."""
    holder = _holder(ctx, await caller_or_named(ctx, request))
    certificate = await _find(ctx, holder, request)
    if request["Status"] == "Expired":
        raise invalid_input("The status Expired cannot be set.")
    certificates.put(ctx, replace(certificate, active=request["Status"] == "Active"), holder, certificate.id)
    return {}


@service.operation(resource=resource_of_caller_or_named)
async def delete_signing_certificate(ctx: Context, request: Request) -> Request:
    """API_DeleteSigningCertificate."""
    holder = _holder(ctx, await caller_or_named(ctx, request))
    certificates.delete(ctx, holder, (await _find(ctx, holder, request)).id)
    return {}

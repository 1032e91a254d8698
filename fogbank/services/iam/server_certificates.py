"""Server certificates: for load balancers and CloudFront, in regions where ACM is not.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_server-certs.html. The private key is never shown again.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from fogbank.kernel import Context, Record
from fogbank.kernel.actions import with_members
from fogbank.services.iam import ids, limits, refusals, tags, x509
from fogbank.services.iam.entities import Kind, by_name
from fogbank.services.iam.listing import page
from fogbank.services.iam.service import service
from fogbank.services.iam.vault import vault

Request = dict[str, Any]


class ServerCertificate(Record, frozen=True):
    """body, chain: PEM; sealed_key: the private key's; uploaded, expires: epoch seconds."""

    name: str
    path: str
    id: str
    uploaded: int
    expires: int
    body: str
    sealed_key: bytes
    chain: str | None = None
    tags: dict[str, str] = {}


certificates = Kind(
    "server-certificate",
    "ServerCertificateName",
    ids.SERVER_CERTIFICATE,
    ServerCertificate,
    ("ServerCertificatesPerAccount", limits.SERVER_CERTIFICATES_PER_ACCOUNT),
    refusals.no_server_certificate,
    refusals.server_certificate_exists,
)


def _described(ctx: Context, certificate: ServerCertificate) -> Request:
    """A ServerCertificateMetadata of the API."""
    return {
        "Path": certificate.path,
        "ServerCertificateName": certificate.name,
        "ServerCertificateId": certificate.id,
        "Arn": certificates.arn(ctx, certificate),
        "UploadDate": certificate.uploaded,
        "Expiration": certificate.expires,
    }


@service.operation(
    resource=certificates.new_resource,
    action=with_members("iam:UploadServerCertificate", {"Tags": "iam:TagServerCertificate"}),
)
async def upload_server_certificate(ctx: Context, request: Request) -> Request:
    """API_UploadServerCertificate. The key has to fit, the chain to lead on from the certificate, and today to be in its time.

    What is kept has no blank lines around it.
    """
    parsed = x509.one(request["CertificateBody"])
    x509.check_pair(parsed, x509.private_key(request["PrivateKey"]))
    x509.check_time(parsed, ctx.now())
    if "CertificateChain" in request:
        x509.check_chain(parsed, x509.several(request["CertificateChain"]))
    id = await certificates.new_id(ctx, request["ServerCertificateName"])
    certificate = ServerCertificate(
        name=request["ServerCertificateName"],
        path=request.get("Path", "/"),
        id=id,
        uploaded=int(ctx.now()),
        expires=x509.expiration(parsed),
        body=request["CertificateBody"].strip(),
        sealed_key=await vault.seal(ctx, request["PrivateKey"].encode(), id),
        chain=request.get("CertificateChain", "").strip() or None,
        tags=tags.of_new(request, "server-certificate"),
    )
    certificates.save(ctx, certificate)
    return {"ServerCertificateMetadata": _described(ctx, certificate), "Tags": tags.shown(certificate.tags) or None}


@service.operation(**certificates.one)
async def get_server_certificate(ctx: Context, request: Request) -> Request:
    """API_GetServerCertificate."""
    certificate = await certificates.find(ctx, request["ServerCertificateName"])
    return {
        "ServerCertificate": {
            "ServerCertificateMetadata": _described(ctx, certificate),
            "CertificateBody": certificate.body,
            "CertificateChain": certificate.chain,
            "Tags": tags.shown(certificate.tags) or None,
        }
    }


@service.operation(**certificates.some)
async def list_server_certificates(ctx: Context, request: Request) -> Request:
    """API_ListServerCertificates."""
    found, more = page(request, await certificates.in_path(ctx, request.get("PathPrefix")), by_name)
    return {"ServerCertificateMetadataList": [_described(ctx, certificate) for certificate in found], **more}


@service.operation(**certificates.one)
async def update_server_certificate(ctx: Context, request: Request) -> Request:
    """Another name or path. API_UpdateServerCertificate."""
    certificate = await certificates.find(ctx, request["ServerCertificateName"])
    name = request.get("NewServerCertificateName", certificate.name)
    renamed = replace(certificate, name=name, path=request.get("NewPath", certificate.path))
    await certificates.rename(ctx, certificate, renamed)
    return {}


@service.operation(**certificates.one)
async def delete_server_certificate(ctx: Context, request: Request) -> Request:
    """API_DeleteServerCertificate."""
    certificates.remove(ctx, await certificates.find(ctx, request["ServerCertificateName"]))
    return {}


tags.declare(
    "server-certificate",
    "server_certificate",
    lambda ctx, request: certificates.find(ctx, request["ServerCertificateName"]),
    certificates.save,
    certificates.resource,
)

"""Certificate revocation lists: real ones, signed by the authority, written to its S3 bucket when something changes and in good time.

https://docs.aws.amazon.com/privateca/latest/userguide/crl-planning.html
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from fogbank.certificates import keys, reading
from fogbank.http import Payload
from fogbank.kernel import AWSError, Context
from fogbank.services.acm_pca import errors, events, limits, states
from fogbank.services.acm_pca.authority import Authority, Issued, arn, arn_of, authorities, issued, private_key
from fogbank.services.acm_pca.service import service

Configuration = dict[str, Any]

OCSP_PATH = "/_aws/acm-pca/ocsp/"
"""The beginning of the paths of OCSP responders: region, account and authority follow."""

_TEST_KEY = "acm-pca-permission-test-key"
_ACLS = {"PUBLIC_READ": "public-read", "BUCKET_OWNER_FULL_CONTROL": "bucket-owner-full-control"}
REASONS = {
    "UNSPECIFIED": "unspecified",
    "KEY_COMPROMISE": "keyCompromise",
    "CERTIFICATE_AUTHORITY_COMPROMISE": "cACompromise",
    "AFFILIATION_CHANGED": "affiliationChanged",
    "SUPERSEDED": "superseded",
    "CESSATION_OF_OPERATION": "cessationOfOperation",
    "PRIVILEGE_WITHDRAWN": "privilegeWithdrawn",
    "A_A_COMPROMISE": "aACompromise",
}


# -- the configuration


async def check(ctx: Context, revocation: Configuration) -> None:
    """Is the configuration whole, and may Private CA write to its bucket? Raises InvalidArgsException. Not in a transaction."""
    crl = revocation.get("CrlConfiguration")
    if not crl or not crl["Enabled"]:
        return
    bucket = crl.get("S3BucketName")
    if not bucket or not crl.get("ExpirationInDays"):
        raise errors.crl_needs_bucket()
    try:
        await _put(ctx, bucket, _TEST_KEY, b"", crl, arn_of(ctx, "*"))
    except AWSError as error:
        raise errors.bucket_refuses(bucket, error.message) from error


def completed(revocation: Configuration) -> Configuration:
    """The configuration with what is not said: both mechanisms are off unless they are on."""
    return {"CrlConfiguration": {"Enabled": False}, "OcspConfiguration": {"Enabled": False}, **revocation}


# -- what it adds to certificates


def extensions(ctx: Context, authority: Authority) -> list[tuple[Any, bool]]:
    """The extensions that tell where to learn of revocations."""
    from cryptography import x509

    found: list[tuple[Any, bool]] = []
    crl = authority.crl
    if crl is not None and not (crl.get("CrlDistributionPointExtensionConfiguration") or {}).get("OmitExtension"):
        place = x509.UniformResourceIdentifier(_url(ctx, authority, crl))
        found.append((x509.CRLDistributionPoints([x509.DistributionPoint([place], None, None, None)]), False))
    ocsp = authority.revocation.get("OcspConfiguration") or {}
    if ocsp.get("Enabled"):
        own = ocsp.get("OcspCustomCname")
        responder = x509.UniformResourceIdentifier(f"http://{own}" if own else ocsp_url(ctx, authority))
        method = x509.ObjectIdentifier("1.3.6.1.5.5.7.48.1")
        found.append((x509.AuthorityInformationAccess([x509.AccessDescription(method, responder)]), False))
    return found


def ocsp_url(ctx: Context, authority: Authority) -> str:
    """Where the responder answers: here, and not at AWS, whose host name leads elsewhere."""
    return f"{ctx.endpoint}{OCSP_PATH}{ctx.region}/{ctx.account}/{authority.id}"


def _url(ctx: Context, authority: Authority, crl: Configuration) -> str:
    host = crl.get("CustomCname") or f"{crl['S3BucketName']}.s3.{ctx.region}.amazonaws.com"
    return f"http://{host}/{key_of(authority, crl)}"


def key_of(authority: Authority, crl: Configuration) -> str:
    """The key of the list in its bucket."""
    path = (crl.get("CustomPath") or "").strip("/")
    return f"{path or 'crl'}/{authority.id}.crl"


# -- writing it


async def plan(ctx: Context, authority: Authority) -> None:
    """Have the list written, if the authority keeps one."""
    if authority.crl is None:
        await ctx.unschedule("write_list", authority.id)
    elif authority.status == states.ACTIVE:
        await ctx.schedule("write_list", {"id": authority.id}, key=authority.id)


@service.task
async def write_list(ctx: Context, payload: dict[str, Any]) -> None:
    """Write the list, and again when half of its time is over, or in a quarter of an hour if it could not be written."""
    authority = await authorities.get(ctx, payload["id"])
    if authority is None or authority.crl is None or authority.status != states.ACTIVE:
        return
    crl = authority.crl
    days = crl.get("ExpirationInDays", limits.DEFAULT_CRL_DAYS)
    delay, result = days * limits.DAY / 2, "success"
    try:
        body = await _signed(ctx, authority, days)
        await _put(ctx, crl["S3BucketName"], key_of(authority, crl), body, crl, arn(ctx, authority))
    except AWSError:
        delay, result = limits.CRL_RETRY_SECONDS, "failure"
    await events.publish(ctx, authority, "ACM Private CA CRL Generation", result)
    await ctx.schedule("write_list", payload, delay=delay, key=authority.id)


async def _signed(ctx: Context, authority: Authority, days: int) -> bytes:
    """The list in DER: what was revoked, until it would have expired."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    now = datetime.fromtimestamp(int(ctx.now()), UTC)
    own = reading.load(authority.certificate)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(own.subject)
        .last_update(now)
        .next_update(now + timedelta(days=days))
        .add_extension(x509.CRLNumber(int(now.timestamp())), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(own.public_key()), critical=False)
    )
    for one in await issued.scan(ctx, authority.id):
        if one.revoked is not None and reading.not_after(reading.load(one.certificate)) > ctx.now():
            builder = builder.add_revoked_certificate(_entry(one))
    key = await private_key(ctx, authority)
    return keys.sign(builder, key, authority.configuration["SigningAlgorithm"]).public_bytes(Encoding.DER)


def _entry(one: Issued) -> Any:
    from cryptography import x509

    assert one.revoked is not None
    builder = (
        x509.RevokedCertificateBuilder()
        .serial_number(reading.load(one.certificate).serial_number)
        .revocation_date(datetime.fromtimestamp(int(one.revoked), UTC))
    )
    reason = REASONS[one.reason]
    if reason != "unspecified":
        builder = builder.add_extension(x509.CRLReason(x509.ReasonFlags(reason)), critical=False)
    return builder.build()


async def _put(ctx: Context, bucket: str, key: str, body: bytes, crl: Configuration, source: str) -> None:
    request = {"Bucket": bucket, "Key": key, "Body": Payload(body), "ContentType": "application/pkix-crl"}
    acl = _ACLS.get(crl.get("S3ObjectAcl", ""))
    await ctx.call("s3", "PutObject", {**request, "ACL": acl} if acl else request, source_arn=source)

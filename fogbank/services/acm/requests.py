"""RequestCertificate: a public certificate, validated and issued later, or one of a private authority, issued at once."""

from __future__ import annotations

from typing import Any

from fogbank.certificates import keys
from fogbank.kernel import Context
from fogbank.services.acm import domains, errors, limits, private, tags
from fogbank.services.acm.access import ON_NEW
from fogbank.services.acm.certificate import PENDING, PRIVATE, PUBLIC, Certificate, Token, arn_of, certificates, tokens
from fogbank.services.acm.service import service

Request = dict[str, Any]

_PUBLIC_KEYS = frozenset({"RSA_2048", "EC_prime256v1", "EC_secp384r1"})
_PRIVATE_KEYS = _PUBLIC_KEYS | {"RSA_3072", "RSA_4096", "EC_secp521r1"}
_DEFAULT_KEY = "RSA_2048"


@service.operation(transaction=False, **ON_NEW)
async def request_certificate(ctx: Context, request: Request) -> Request:
    """Ask for a certificate, or find the one that was asked for under the same token. API_RequestCertificate."""
    names = _names(request)
    is_private = "CertificateAuthorityArn" in request
    algorithm = request.get("KeyAlgorithm", _DEFAULT_KEY)
    if algorithm not in (_PRIVATE_KEYS if is_private else _PUBLIC_KEYS):
        raise errors.unsupported_key(algorithm)
    method = _method(request)
    mail_domains = _mail_domains(request, names)
    validations = [] if is_private else domains.validations(ctx.account, method, names, mail_domains)
    options = request.get("Options") or {}
    certificate = Certificate(
        ctx.ids.uuid(),
        PRIVATE if is_private else PUBLIC,
        PENDING,
        names[0],
        names,
        ctx.now(),
        algorithm,
        "" if is_private else method,
        validations,
        ca=request.get("CertificateAuthorityArn", ""),
        export="ENABLED" if is_private else options.get("Export", "DISABLED"),
        transparency=options.get("CertificateTransparencyLoggingPreference", "ENABLED"),
        managed_by=request.get("ManagedBy", ""),
        tags=tags.added(ctx, {}, request.get("Tags") or []),
    )
    key = await _key(ctx, algorithm) if is_private else None
    return {"CertificateArn": arn_of(ctx, await ctx.transact(_take, ctx, request, certificate, key))}


async def _key(ctx: Context, algorithm: str) -> Any:
    """A new key, made beside the loop unless the request is part of a transaction, where nothing is waited for."""
    return await keys.generate(algorithm) if ctx.tx is None else keys.generate_now(algorithm)


async def _take(ctx: Context, request: Request, certificate: Certificate, key: Any) -> str:
    """The id of the certificate that the request gets."""
    text = request.get("IdempotencyToken")
    if text is not None:
        token = await tokens.get(ctx, text)
        if token is not None and token.until > ctx.now() and await certificates.get(ctx, token.id) is not None:
            return token.id
        tokens.put(ctx, Token(certificate.id, ctx.now() + limits.TOKEN_SECONDS), text)
        await ctx.schedule("forget_token", {"token": text}, delay=limits.TOKEN_SECONDS, key=text)
    if await certificates.count(ctx, limit=limits.CERTIFICATES) >= limits.CERTIFICATES:
        raise errors.too_many_certificates()
    certificates.put(ctx, certificate, certificate.id)
    if key is not None:
        await private.issue(ctx, certificate, key)
    else:
        await ctx.schedule("validate", {"id": certificate.id}, delay=limits.VALIDATION_DELAY, key=certificate.id)
    return certificate.id


@service.task
async def forget_token(ctx: Context, payload: dict[str, Any]) -> None:
    tokens.delete(ctx, payload["token"])


# -- what is asked for


def _names(request: Request) -> list[str]:
    first = request["DomainName"].lower()
    if len(first) > limits.COMMON_NAME_LENGTH:
        raise errors.common_name_too_long(first)
    names = list(dict.fromkeys([first, *(name.lower() for name in request.get("SubjectAlternativeNames") or ())]))
    for name in names:
        if any(len(label) > 63 for label in name.split(".")):
            raise errors.invalid_domain(name)
    return names


def _method(request: Request) -> str:
    """By email, unless it says otherwise; by HTTP for CloudFront only."""
    method: str = request.get("ValidationMethod") or (request.get("Options") or {}).get("ValidationMethod") or "EMAIL"
    if method == "HTTP" and request.get("ManagedBy") != "CLOUDFRONT":
        raise errors.http_only_for_cloudfront()
    return method


def _mail_domains(request: Request, names: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for option in request.get("DomainValidationOptions") or ():
        name, mail_domain = option["DomainName"].lower(), option["ValidationDomain"].lower()
        if name not in names:
            raise errors.unknown_validated_domain(name)
        domains.check_mail_domain(name, mail_domain)
        found[name] = mail_domain
    return found

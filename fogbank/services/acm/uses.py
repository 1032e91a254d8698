"""What ACM offers to services that terminate TLS; see `fogbank.certificates.directory`."""

from __future__ import annotations

from fogbank.certificates.directory import Material
from fogbank.kernel import Context
from fogbank.services.acm.certificate import Certificate, certificates, parse, private_key, save
from fogbank.services.acm.service import service


class Uses:
    """Implements `fogbank.certificates.directory.Certificates`."""

    async def material(self, ctx: Context, arn: str) -> Material | None:
        scope, certificate = await _find(ctx, arn)
        if certificate is None or not certificate.sealed_key:
            return None
        key = await private_key(scope, certificate)
        return Material(certificate.certificate, certificate.chain, key, tuple(certificate.names))

    async def use(self, ctx: Context, arn: str, resource: str) -> bool:
        scope, certificate = await _find(ctx, arn)
        if certificate is None:
            return False
        if resource not in certificate.used_by:
            save(scope, certificate, used_by=[*certificate.used_by, resource])
        return True

    async def release(self, ctx: Context, arn: str, resource: str) -> None:
        scope, certificate = await _find(ctx, arn)
        if certificate is not None:
            save(scope, certificate, used_by=[other for other in certificate.used_by if other != resource])


async def _find(ctx: Context, arn: str) -> tuple[Context, Certificate | None]:
    region, account, certificate_id = parse(arn)
    scope = ctx.at(account=account, region=region, service=service)
    return scope, await certificates.get(scope, certificate_id)


service.provide("certificates", Uses())

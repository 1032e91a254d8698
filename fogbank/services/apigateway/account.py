"""The account's settings, tags, client certificates, and what an SDK could be generated for.

settings      ()  -> Part
certificates  id  -> Part
"""

from __future__ import annotations

import re
from typing import Any

from fogbank.apis.domains import Domain, domains
from fogbank.apis.naming import Answer, Request, short_id
from fogbank.kernel import Context
from fogbank.services.apigateway import errors
from fogbank.services.apigateway.api_keys import keys
from fogbank.services.apigateway.parts import Part, apis, given, paged, stages
from fogbank.services.apigateway.patches import Document, patched, value
from fogbank.services.apigateway.service import operation, service
from fogbank.services.apigateway.usage_plans import plans

settings = service.collection("settings", Part)
certificates = service.collection("certificates", Part)

_YEAR = 365 * 86400
_MOST_TAGS = 50
_ACCOUNT: Document = {
    "throttleSettings": {"burstLimit": 5000, "rateLimit": 10000.0},
    "features": ["UsagePlans"],
    "apiKeyVersion": "4",
}


# -- account


@operation
async def get_account(ctx: Context, request: Request) -> Answer:
    found = await settings.get(ctx)
    return _ACCOUNT if found is None else found.document


@operation
async def update_account(ctx: Context, request: Request) -> Answer:
    rules = (value("/cloudwatchRoleArn", ops="replace add remove"),)
    changed = patched(await get_account(ctx, {}), request.get("patchOperations"), rules)
    role = changed.get("cloudwatchRoleArn")
    if role and not re.fullmatch(r"arn:[\w-]+:iam::\d{12}:role/.+", role):
        raise errors.bad_request(
            "The role ARN does not have required permissions configured. "
            "Please grant trust permission for API Gateway and add the required role policy."
        )
    if not role:
        changed.pop("cloudwatchRoleArn", None)
    settings.put(ctx, Part(changed))
    return changed


# -- tags


async def _tagged(ctx: Context, arn: str) -> tuple[Document, Any]:
    """The document that has the tags, and how to put a changed one. Raises NotFoundException, BadRequestException."""
    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[2] != "apigateway":
        raise errors.bad_request("Invalid ARN specified in the request")
    path = parts[5].removeprefix("/").lstrip(":").lstrip("/").split("/")
    if path[0] == "restapis" and len(path) == 4 and path[2] == "stages":
        found = await stages.get(ctx, path[1], path[3])
        if found is not None:
            return found.document, lambda document: stages.put(ctx, Part(document), path[1], path[3])
    if path[0] == "domainnames" and len(path) == 2:
        domain = await domains.get(ctx, path[1])
        if domain is not None:
            settings = domain.settings
            return domain.document, lambda document: domains.put(ctx, Domain(document, settings), path[1])
    collections = {"restapis": apis, "apikeys": keys, "usageplans": plans, "clientcertificates": certificates}
    collection = collections.get(path[0]) if len(path) == 2 else None
    if collection is not None:
        found = await collection.get(ctx, path[1])
        if found is not None:
            return found.document, lambda document: collection.put(ctx, Part(document), path[1])
    raise errors.not_found("Invalid resource identifier specified")


@operation
async def get_tags(ctx: Context, request: Request) -> Answer:
    document, _ = await _tagged(ctx, request["resourceArn"])
    return {"tags": document.get("tags") or {}}


@operation
async def tag_resource(ctx: Context, request: Request) -> None:
    document, put = await _tagged(ctx, request["resourceArn"])
    tags = {**(document.get("tags") or {}), **request["tags"]}
    if any(key.lower().startswith("aws:") for key in request["tags"]):
        raise errors.bad_request("aws: prefixed tag key names are not allowed for external use.")
    if len(tags) > _MOST_TAGS:
        raise errors.bad_request(f"A resource may have at most {_MOST_TAGS} tags")
    put({**document, "tags": tags})


@operation
async def untag_resource(ctx: Context, request: Request) -> None:
    document, put = await _tagged(ctx, request["resourceArn"])
    kept = {key: each for key, each in (document.get("tags") or {}).items() if key not in request["tagKeys"]}
    put({**document, "tags": kept})


# -- client certificates


@operation(transaction=False)
async def generate_client_certificate(ctx: Context, request: Request) -> Answer:
    """For a year. The key stays here: no backend is shown it yet."""
    pem = _self_signed(ctx.now())

    async def keep() -> Document:
        made = {
            "clientCertificateId": short_id(ctx),
            **given(request, "description"),
            "pemEncodedCertificate": pem,
            "createdDate": int(ctx.now()),
            "expirationDate": int(ctx.now()) + _YEAR,
            "tags": request.get("tags") or {},
        }
        certificates.put(ctx, Part(made), made["clientCertificateId"])
        return made

    return await ctx.transact(keep)


def _self_signed(now: float) -> str:
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "ApiGateway")])
    begun = datetime.fromtimestamp(int(now), UTC)
    builder = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), begun, begun + timedelta(seconds=_YEAR)
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


async def _certificate(ctx: Context, request: Request) -> Document:
    found = await certificates.get(ctx, request["clientCertificateId"])
    if found is None:
        raise errors.not_found("Invalid Client Certificate identifier specified")
    return found.document


@operation
async def get_client_certificate(ctx: Context, request: Request) -> Answer:
    return await _certificate(ctx, request)


@operation
async def get_client_certificates(ctx: Context, request: Request) -> Answer:
    return paged([part.document for part in await certificates.scan(ctx)], request, "clientCertificateId")


@operation
async def update_client_certificate(ctx: Context, request: Request) -> Answer:
    rules = (value("/description", ops="replace remove"),)
    changed = patched(await _certificate(ctx, request), request.get("patchOperations"), rules)
    certificates.put(ctx, Part(changed), changed["clientCertificateId"])
    return changed


@operation
async def delete_client_certificate(ctx: Context, request: Request) -> None:
    found = await _certificate(ctx, request)
    certificates.delete(ctx, found["clientCertificateId"])

"""Custom domain names and their base path mappings.

https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-custom-domains.html
"""

from __future__ import annotations

from fogbank.apis.addresses import Address, addresses
from fogbank.apis.domains import Domain, Mapping, domains, mappings
from fogbank.apis.naming import Answer, Request, endpoint, resource_arn, short_id
from fogbank.kernel import Context
from fogbank.services.apigateway import errors
from fogbank.services.apigateway.parts import apis, given, paged, stages
from fogbank.services.apigateway.patches import Document, member, patched, value
from fogbank.services.apigateway.service import operation

_ZONE, _EDGE_ZONE = "Z1UJRXOUMOOFQ8", "Z2FDTNDATAQYW2"
_NO_PATH = "(none)"

_RULES = (
    value("/certificateArn"),
    value("/certificateName"),
    value("/regionalCertificateArn"),
    value("/regionalCertificateName"),
    value("/securityPolicy"),
    value("/endpointAccessMode"),
    value("/ownershipVerificationCertificateArn"),
    value("/policy"),
    value("/routingMode"),
    member("/endpointConfiguration/types/{}"),
    value("/endpointConfiguration/ipAddressType"),
    value("/mutualTlsAuthentication/truststoreUri", ops="replace add remove"),
    value("/mutualTlsAuthentication/truststoreVersion", ops="replace add remove"),
)


def shown(ctx: Context, document: Document) -> Answer:
    """With the host that the name has to lead to, which is one of this server's."""
    host = endpoint(ctx, document["target"]).partition("://")[2]
    found = {name: each for name, each in document.items() if name != "target"}
    if document["endpointConfiguration"]["types"] == ["EDGE"]:
        return {**found, "distributionDomainName": host, "distributionHostedZoneId": _EDGE_ZONE}
    return {**found, "regionalDomainName": host, "regionalHostedZoneId": _ZONE}


@operation
async def create_domain_name(ctx: Context, request: Request) -> Answer:
    name = request["domainName"].lower()
    if await domains.get(ctx, name) is not None:
        raise errors.bad_request("The domain name you provided already exists.")
    configuration = request.get("endpointConfiguration") or {}
    types = configuration.get("types") or ["EDGE"]
    given_certificate = next((request[each] for each in _CERTIFICATES if request.get(each)), None)
    if given_certificate is None:
        raise errors.bad_request("A certificate must be provided for the domain name.")
    target = f"d-{short_id(ctx, 10)}"
    document: Document = {
        "domainName": name,
        "domainNameArn": resource_arn(ctx, f"/domainnames/{name}"),
        "domainNameStatus": "AVAILABLE",
        "endpointConfiguration": {"types": types, "ipAddressType": configuration.get("ipAddressType") or "ipv4"},
        "securityPolicy": request.get("securityPolicy") or "TLS_1_2",
        "routingMode": request.get("routingMode") or "BASE_PATH_MAPPING_ONLY",
        "tags": request.get("tags") or {},
        "target": target,
        **given(request, "certificateArn", "certificateName", "regionalCertificateArn", "regionalCertificateName"),
        **given(request, "mutualTlsAuthentication", "ownershipVerificationCertificateArn", "policy"),
    }
    if request.get("certificateArn") or request.get("certificateName"):
        document["certificateUploadDate"] = int(ctx.now())
    domains.put(ctx, Domain(document), name)
    addresses.put(ctx, Address(ctx.account, ctx.region, "DOMAIN", name), target)
    return shown(ctx, document)


_CERTIFICATES = (
    "certificateArn",
    "regionalCertificateArn",
    "certificateBody",
    "certificateName",
    "regionalCertificateName",
)


async def domain_of(ctx: Context, request: Request) -> Domain:
    found = await domains.get(ctx, request["domainName"].lower())
    if found is None:
        raise errors.not_found("Invalid domain name identifier specified")
    return found


@operation
async def get_domain_name(ctx: Context, request: Request) -> Answer:
    return shown(ctx, (await domain_of(ctx, request)).document)


@operation
async def get_domain_names(ctx: Context, request: Request) -> Answer:
    page = paged([each.document for each in await domains.scan(ctx)], request, "domainName")
    return {**page, "items": [shown(ctx, each) for each in page["items"]]}


@operation
async def update_domain_name(ctx: Context, request: Request) -> Answer:
    found = await domain_of(ctx, request)
    document = patched(found.document, request.get("patchOperations"), _RULES)
    domains.put(ctx, Domain(document, found.settings), document["domainName"])
    return shown(ctx, document)


@operation
async def delete_domain_name(ctx: Context, request: Request) -> None:
    """With its mappings."""
    document = (await domain_of(ctx, request)).document
    for mapping in await mappings.scan(ctx, document["domainName"]):
        mappings.delete(ctx, document["domainName"], mapping.key)
    domains.delete(ctx, document["domainName"])
    addresses.delete(ctx, document["target"])


# -- mappings


def _shown_mapping(mapping: Mapping) -> Answer:
    return {
        "basePath": mapping.key or _NO_PATH,
        "restApiId": mapping.api,
        **({"stage": mapping.stage} if mapping.stage else {}),
    }


def _key(path: str | None) -> str:
    return "" if path in (None, "", _NO_PATH) else str(path)


async def _check(ctx: Context, mapping: Mapping) -> None:
    if await apis.get(ctx, mapping.api) is None:
        raise errors.bad_request(f"Invalid REST API identifier specified {mapping.api}")
    if mapping.stage and await stages.get(ctx, mapping.api, mapping.stage) is None:
        raise errors.bad_request("Invalid stage identifier specified")
    if "/" in mapping.key:
        raise errors.bad_request(
            "API Gateway V1 doesn't support the slash character (/) in base path mappings. "
            "To create a multi-level base path mapping, use API Gateway V2."
        )


@operation
async def create_base_path_mapping(ctx: Context, request: Request) -> Answer:
    name = (await domain_of(ctx, request)).document["domainName"]
    mapping = Mapping(short_id(ctx), _key(request.get("basePath")), request["restApiId"], request.get("stage") or "")
    await _check(ctx, mapping)
    if await mappings.get(ctx, name, mapping.key) is not None:
        raise errors.conflict("Base path already exists for this domain name")
    mappings.put(ctx, mapping, name, mapping.key)
    return _shown_mapping(mapping)


async def _mapping(ctx: Context, request: Request) -> tuple[str, Mapping]:
    name = (await domain_of(ctx, request)).document["domainName"]
    found = await mappings.get(ctx, name, _key(request["basePath"]))
    if found is None:
        raise errors.not_found("Invalid base path mapping identifier specified")
    return name, found


@operation
async def get_base_path_mapping(ctx: Context, request: Request) -> Answer:
    return _shown_mapping((await _mapping(ctx, request))[1])


@operation
async def get_base_path_mappings(ctx: Context, request: Request) -> Answer:
    name = (await domain_of(ctx, request)).document["domainName"]
    return paged([_shown_mapping(each) for each in await mappings.scan(ctx, name)], request, "basePath")


@operation
async def update_base_path_mapping(ctx: Context, request: Request) -> Answer:
    name, before = await _mapping(ctx, request)
    rules = (value("/basePath"), value("/restapiId"), value("/restApiId"), value("/stage", ops="replace remove"))
    document = {"basePath": before.key, "restApiId": before.api, "stage": before.stage}
    changed = patched(document, request.get("patchOperations"), rules)
    api = changed.get("restapiId") or changed["restApiId"]
    after = Mapping(before.id, _key(changed["basePath"]), api, changed.get("stage") or "")
    await _check(ctx, after)
    if after.key != before.key and await mappings.get(ctx, name, after.key) is not None:
        raise errors.conflict("Base path already exists for this domain name")
    mappings.delete(ctx, name, before.key)
    mappings.put(ctx, after, name, after.key)
    return _shown_mapping(after)


@operation
async def delete_base_path_mapping(ctx: Context, request: Request) -> None:
    name, found = await _mapping(ctx, request)
    mappings.delete(ctx, name, found.key)

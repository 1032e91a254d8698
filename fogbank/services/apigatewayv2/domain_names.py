"""Custom domain names and API mappings: the same names as REST APIs have, told in the words of HTTP and WebSocket APIs.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-custom-domain-names.html
"""

from __future__ import annotations

import re

from fogbank.apis.addresses import Address, addresses
from fogbank.apis.domains import Domain, Mapping, domains, mappings
from fogbank.apis.naming import Answer, Request, endpoint, resource_arn, short_id
from fogbank.kernel import Context
from fogbank.services.apigatewayv2 import errors
from fogbank.services.apigatewayv2.parts import Document, paged
from fogbank.services.apigatewayv2.service import operation

_ZONE = "Z1UJRXOUMOOFQ8"
_KEY = re.compile(r"[\w.\-~!$&'()*+,;=:@%/]*")
_TYPES = ("REGIONAL", "EDGE")


def shown(ctx: Context, domain: Domain) -> Answer:
    document = domain.document
    types = document["endpointConfiguration"]["types"]
    configuration: Document = {
        "ApiGatewayDomainName": endpoint(ctx, document["target"]).partition("://")[2],
        "CertificateArn": document.get("regionalCertificateArn") or document.get("certificateArn"),
        "DomainNameStatus": "AVAILABLE",
        "EndpointType": types[0],
        "HostedZoneId": _ZONE,
        "IpAddressType": document["endpointConfiguration"].get("ipAddressType", "ipv4"),
        "SecurityPolicy": document["securityPolicy"],
    }
    mutual = document.get("mutualTlsAuthentication")
    return {
        "DomainName": document["domainName"],
        "DomainNameArn": document["domainNameArn"],
        "ApiMappingSelectionExpression": "$request.basepath",
        "DomainNameConfigurations": [configuration],
        "RoutingMode": document.get("routingMode", "API_MAPPING_ONLY").replace("BASE_PATH_MAPPING", "API_MAPPING"),
        "Tags": document.get("tags") or {},
        "MutualTlsAuthentication": mutual and {name[:1].upper() + name[1:]: value for name, value in mutual.items()},
    }


def _document(ctx: Context, request: Request, before: Document) -> Document:
    """Raises BadRequestException."""
    found = dict(before)
    for configuration in request.get("DomainNameConfigurations") or ():
        kind = configuration.get("EndpointType") or "REGIONAL"
        if kind not in _TYPES:
            raise errors.bad_request(f"Invalid endpoint type {kind}")
        if not configuration.get("CertificateArn"):
            raise errors.bad_request("A certificate must be provided for the domain name.")
        ip = configuration.get("IpAddressType") or "ipv4"
        found["endpointConfiguration"] = {"types": [kind], "ipAddressType": ip}
        found["regionalCertificateArn" if kind == "REGIONAL" else "certificateArn"] = configuration["CertificateArn"]
        found["securityPolicy"] = configuration.get("SecurityPolicy") or "TLS_1_2"
    mutual = request.get("MutualTlsAuthentication")
    if mutual is not None:
        found["mutualTlsAuthentication"] = {name[:1].lower() + name[1:]: value for name, value in mutual.items()}
    if request.get("RoutingMode"):
        found["routingMode"] = request["RoutingMode"].replace("API_MAPPING", "BASE_PATH_MAPPING")
    return found


@operation
async def create_domain_name(ctx: Context, request: Request) -> Answer:
    name = request["DomainName"].lower()
    if await domains.get(ctx, name) is not None:
        raise errors.bad_request("The domain name you provided already exists.")
    if not request.get("DomainNameConfigurations"):
        raise errors.bad_request("DomainNameConfigurations is required")
    target = f"d-{short_id(ctx, 10)}"
    usual = {
        "domainName": name,
        "domainNameArn": resource_arn(ctx, f"/domainnames/{name}"),
        "domainNameStatus": "AVAILABLE",
        "routingMode": "BASE_PATH_MAPPING_ONLY",
        "tags": request.get("Tags") or {},
        "target": target,
    }
    domain = Domain(_document(ctx, request, usual))
    domains.put(ctx, domain, name)
    addresses.put(ctx, Address(ctx.account, ctx.region, "DOMAIN", name), target)
    return shown(ctx, domain)


async def domain_of(ctx: Context, request: Request) -> Domain:
    found = await domains.get(ctx, request["DomainName"].lower())
    if found is None:
        raise errors.not_found("Invalid domain name identifier specified")
    return found


@operation
async def get_domain_name(ctx: Context, request: Request) -> Answer:
    return shown(ctx, await domain_of(ctx, request))


@operation
async def get_domain_names(ctx: Context, request: Request) -> Answer:
    return paged([shown(ctx, each) for each in await domains.scan(ctx)], request, "DomainName")


@operation
async def update_domain_name(ctx: Context, request: Request) -> Answer:
    found = await domain_of(ctx, request)
    changed = Domain(_document(ctx, request, found.document), found.settings)
    domains.put(ctx, changed, changed.document["domainName"])
    return shown(ctx, changed)


@operation
async def delete_domain_name(ctx: Context, request: Request) -> None:
    """With its mappings."""
    document = (await domain_of(ctx, request)).document
    for mapping in await mappings.scan(ctx, document["domainName"]):
        mappings.delete(ctx, document["domainName"], mapping.key)
    domains.delete(ctx, document["domainName"])
    addresses.delete(ctx, document["target"])


# -- mappings


def _shown(mapping: Mapping) -> Answer:
    return {"ApiId": mapping.api, "ApiMappingId": mapping.id, "ApiMappingKey": mapping.key, "Stage": mapping.stage}


async def _check(ctx: Context, mapping: Mapping) -> None:
    if await addresses.get(ctx, mapping.api) is None:
        raise errors.bad_request(f"Invalid API identifier specified {ctx.account}:{mapping.api}")
    if not _KEY.fullmatch(mapping.key) or mapping.key.startswith("/") or mapping.key.endswith("/"):
        raise errors.bad_request("API mapping key must not begin or end with a slash")


@operation
async def create_api_mapping(ctx: Context, request: Request) -> Answer:
    name = (await domain_of(ctx, request)).document["domainName"]
    mapping = Mapping(short_id(ctx), request.get("ApiMappingKey") or "", request["ApiId"], request["Stage"])
    await _check(ctx, mapping)
    if await mappings.get(ctx, name, mapping.key) is not None:
        raise errors.conflict("ApiMapping key already exists for this domain name")
    mappings.put(ctx, mapping, name, mapping.key)
    return _shown(mapping)


async def _mapping(ctx: Context, request: Request) -> tuple[str, Mapping]:
    name = (await domain_of(ctx, request)).document["domainName"]
    for each in await mappings.scan(ctx, name):
        if each.id == request["ApiMappingId"]:
            return name, each
    raise errors.missing("API Mapping")


@operation
async def get_api_mapping(ctx: Context, request: Request) -> Answer:
    return _shown((await _mapping(ctx, request))[1])


@operation
async def get_api_mappings(ctx: Context, request: Request) -> Answer:
    name = (await domain_of(ctx, request)).document["domainName"]
    return paged([_shown(each) for each in await mappings.scan(ctx, name)], request, "ApiMappingId")


@operation
async def update_api_mapping(ctx: Context, request: Request) -> Answer:
    name, before = await _mapping(ctx, request)
    key = before.key if request.get("ApiMappingKey") is None else request["ApiMappingKey"]
    after = Mapping(before.id, key, request.get("ApiId") or before.api, request.get("Stage") or before.stage)
    await _check(ctx, after)
    if after.key != before.key and await mappings.get(ctx, name, after.key) is not None:
        raise errors.conflict("ApiMapping key already exists for this domain name")
    mappings.delete(ctx, name, before.key)
    mappings.put(ctx, after, name, after.key)
    return _shown(after)


@operation
async def delete_api_mapping(ctx: Context, request: Request) -> None:
    name, found = await _mapping(ctx, request)
    mappings.delete(ctx, name, found.key)

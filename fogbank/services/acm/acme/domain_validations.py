"""Domain validations: what an endpoint may issue for, proved before a client asks."""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import AWSError, Context
from fogbank.services.acm import domains, errors, limits, validation
from fogbank.services.acm import tags as labels
from fogbank.services.acm.acme.access import ON_ACME, page
from fogbank.services.acm.acme.records import (
    DomainValidation,
    domain_validations,
    endpoint_arn,
    find_endpoint,
    find_validation,
    validation_arn,
)
from fogbank.services.acm.certificate import Validation
from fogbank.services.acm.service import service

Request = dict[str, Any]

replace = msgspec.structs.replace

_SCOPES = ("ExactDomain", "Subdomains", "Wildcards")
_REASONS = {"NoSuchHostedZone": "HOSTED_ZONE_NOT_FOUND", "AccessDenied": "ACCESS_DENIED"}
_RECORD_SECONDS = 300


@service.operation(**ON_ACME)
async def create_acme_domain_validation(ctx: Context, request: Request) -> Request:
    """Have a domain proved by its CNAME, which is put into the hosted zone if one is given. API_CreateAcmeDomainValidation."""
    endpoint = await find_endpoint(ctx, request["AcmeEndpointArn"])
    options = request["PrevalidationOptions"].get("DnsPrevalidation")
    if options is None:
        raise errors.validation("A domain is proved by DNS.")
    domain = request["DomainName"].lower()
    if any(one.validation.domain == domain for one in await domain_validations.scan(ctx, endpoint.id)):
        raise AWSError("ConflictException", f"There is a domain validation for {domain} already.")
    given = options.get("DomainScope") or {"ExactDomain": "ENABLED"}
    made = DomainValidation(
        ctx.ids.uuid(),
        "VALIDATING",
        domains.validation(ctx.account, "DNS", domain, ""),
        [name for name in _SCOPES if given.get(name) == "ENABLED"],
        ctx.now(),
        ctx.now(),
        options.get("HostedZoneId", ""),
        tags=labels.added(ctx, {}, request.get("Tags") or []),
    )
    if made.zone:
        made = await _put_record(ctx, made)
    domain_validations.put(ctx, made, endpoint.id, made.id)
    await _look_again(ctx, endpoint.id, made.id, limits.VALIDATION_DELAY)
    return {"AcmeDomainValidationArn": validation_arn(ctx, endpoint.id, made.id)}


async def _put_record(ctx: Context, made: DomainValidation) -> DomainValidation:
    """Put the CNAME into its zone with the caller's permissions; where that fails the validation is invalid."""
    assert made.validation.record is not None
    name, value = made.validation.record
    record = {"Name": name, "Type": "CNAME", "TTL": _RECORD_SECONDS, "ResourceRecords": [{"Value": value}]}
    batch = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": record}]}
    request = {"HostedZoneId": made.zone, "ChangeBatch": batch}
    try:
        await ctx.call("route53", "ChangeResourceRecordSets", request, as_caller=True)
    except AWSError as error:
        return replace(made, status="INVALID", reason=_REASONS.get(error.code, "INTERNAL_FAILURE"))
    return made


async def _look_again(ctx: Context, endpoint_id: str, validation_id: str, delay: float) -> None:
    payload = {"endpoint": endpoint_id, "validation": validation_id}
    await ctx.schedule("prevalidate", payload, delay=delay, key=f"{endpoint_id} {validation_id}")


@service.task
async def prevalidate(ctx: Context, payload: dict[str, Any]) -> None:
    """Look whether the domain is proved; if not, look again later, for 72 hours."""
    endpoint_id, validation_id = payload["endpoint"], payload["validation"]
    found = await domain_validations.get(ctx, endpoint_id, validation_id)
    if found is None or found.status != "VALIDATING":
        return
    (one,) = await validation.validated(ctx, [found.validation])
    if one.status == "SUCCESS":
        found = replace(found, status="VALID", validation=one, updated=ctx.now())
    elif ctx.now() >= found.created + limits.VALIDATION_TIMEOUT:
        found = replace(found, status="INVALID", reason="TIMED_OUT", updated=ctx.now())
    else:
        await _look_again(ctx, endpoint_id, validation_id, limits.VALIDATION_INTERVAL)
    domain_validations.put(ctx, found, endpoint_id, validation_id)


@service.operation(**ON_ACME)
async def update_acme_domain_validation(ctx: Context, request: Request) -> None:
    """Change which names of the domain are covered. API_UpdateAcmeDomainValidation."""
    endpoint_id, found = await find_validation(ctx, request["AcmeDomainValidationArn"])
    options = (request.get("PrevalidationOptions") or {}).get("DnsPrevalidation") or {}
    given = options.get("DomainScope") or {}
    scope = [name for name in _SCOPES if given.get(name, _told(name, found.scope)) == "ENABLED"]
    zone = options.get("HostedZoneId", found.zone)
    domain_validations.put(ctx, replace(found, scope=scope, zone=zone, updated=ctx.now()), endpoint_id, found.id)


@service.operation(**ON_ACME)
async def describe_acme_domain_validation(ctx: Context, request: Request) -> Request:
    """All about a domain validation. API_DescribeAcmeDomainValidation."""
    endpoint_id, found = await find_validation(ctx, request["AcmeDomainValidationArn"])
    return {"AcmeDomainValidation": _shown(ctx, endpoint_id, found)}


@service.operation(**ON_ACME)
async def list_acme_domain_validations(ctx: Context, request: Request) -> Request:
    """The domain validations of an endpoint. API_ListAcmeDomainValidations."""
    endpoint = await find_endpoint(ctx, request["AcmeEndpointArn"])
    rows, token = page(await domain_validations.scan(ctx, endpoint.id), request, lambda one: one.id)
    return {"AcmeDomainValidations": [_shown(ctx, endpoint.id, one) for one in rows], "NextToken": token}


@service.operation(**ON_ACME)
async def delete_acme_domain_validation(ctx: Context, request: Request) -> None:
    """The endpoint issues for the domain no more. API_DeleteAcmeDomainValidation."""
    endpoint_id, found = await find_validation(ctx, request["AcmeDomainValidationArn"])
    domain_validations.delete(ctx, endpoint_id, found.id)


def _told(name: str, scope: list[str]) -> str:
    return "ENABLED" if name in scope else "DISABLED"


def _shown(ctx: Context, endpoint_id: str, found: DomainValidation) -> Request:
    details = {
        "DomainScope": {name: _told(name, found.scope) for name in _SCOPES},
        "HostedZoneId": found.zone or None,
        "ResourceRecord": _record(found.validation),
    }
    return {
        "AcmeDomainValidationArn": validation_arn(ctx, endpoint_id, found.id),
        "AcmeEndpointArn": endpoint_arn(ctx, endpoint_id),
        "DomainName": found.validation.domain,
        "PrevalidationType": "DNS_PREVALIDATION",
        "PrevalidationDetails": {"DnsPrevalidation": details},
        "Status": found.status,
        "FailureDetails": {"Reason": found.reason, "Message": found.reason} if found.reason else None,
        "CreatedAt": found.created,
        "UpdatedAt": found.updated,
    }


def _record(one: Validation) -> Request | None:
    return None if one.record is None else {"Name": one.record[0], "Type": "CNAME", "Value": one.record[1]}


def covers(found: DomainValidation, name: str) -> bool:
    """May the endpoint issue for the name, going by this validation?"""
    domain = found.validation.domain
    if found.status != "VALID":
        return False
    if name.startswith("*."):
        below = name == f"*.{domain}" or ("Subdomains" in found.scope and name.endswith(f".{domain}"))
        return "Wildcards" in found.scope and below
    if name == domain:
        return "ExactDomain" in found.scope
    return "Subdomains" in found.scope and name.endswith(f".{domain}")

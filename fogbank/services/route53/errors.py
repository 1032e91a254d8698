"""Route 53's refusals in AWS's words.

Sources: the Errors sections of the Route 53 API reference, and answers of the service as quoted in the issue trackers of Terraform's
provider, octoDNS, external-dns and cert-manager.
"""

from __future__ import annotations

from collections.abc import Iterable

from fogbank.kernel.errors import AWSError


def invalid(message: str) -> AWSError:
    return AWSError("InvalidInput", message, 400)


# -- zones


def no_zone(zone: str) -> AWSError:
    return AWSError("NoSuchHostedZone", f"No hosted zone found with ID: {zone}", 404)


def zone_exists() -> AWSError:
    return AWSError(
        "HostedZoneAlreadyExists", "A hosted zone has already been created with the specified caller reference.", 409
    )


def too_many_zones() -> AWSError:
    return AWSError("TooManyHostedZones", "Limits Exceeded: MAX_HOSTED_ZONES_BY_OWNER.", 400)


def not_empty() -> AWSError:
    return AWSError(
        "HostedZoneNotEmpty",
        "The specified hosted zone contains non-required resource record sets and so cannot be deleted.",
        400,
    )


def invalid_domain(name: str) -> AWSError:
    return AWSError("InvalidDomainName", f"{name} is not a valid domain name", 400)


def invalid_vpc(vpc: str) -> AWSError:
    return AWSError("InvalidVPCId", f"The VPC: {vpc} you provided is not valid or does not exist.", 400)


def no_change(change: str) -> AWSError:
    return AWSError("NoSuchChange", f"A change with the specified change ID {change} does not exist.", 404)


# -- record sets


def invalid_batch(problems: Iterable[str]) -> AWSError:
    told = list(problems)
    return AWSError("InvalidChangeBatch", f"[{', '.join(told)}]", 400, messages=told)


def exists(name: str, kind: str, identifier: str) -> str:
    return f"Tried to create resource record set [{_named(name, kind, identifier)}] but it already exists"


def not_found(name: str, kind: str, identifier: str) -> str:
    return f"Tried to delete resource record set [{_named(name, kind, identifier)}] but it was not found"


def other_values(name: str, kind: str, identifier: str) -> str:
    return f"Tried to delete resource record set [{_named(name, kind, identifier)}] but the values provided do not match the current values"


def _named(name: str, kind: str, identifier: str) -> str:
    told = f"name='{name}', type='{kind}'"
    return f"{told}, set identifier='{identifier}'" if identifier else told


def not_in_zone(name: str, zone: str) -> str:
    return f"RRSet with DNS name {name} is not permitted in zone {zone}"


def cname_at_apex(name: str, zone: str) -> str:
    return f"RRSet of type CNAME with DNS name {name} is not permitted at apex in zone {zone}"


def cname_conflicts(kind: str, name: str, zone: str) -> str:
    return (
        f"RRSet of type {kind} with DNS name {name} is not permitted because a conflicting RRSet of type "
        f"{'CNAME' if kind != 'CNAME' else 'another kind'} with the same DNS name already exists in zone {zone}"
    )


def mixed_routing(kind: str, name: str, zone: str) -> str:
    return (
        f"RRSet with DNS name {name}, type {kind} cannot be created as other RRSets exist with the same name and type but another "
        f"routing policy in zone {zone}"
    )


def bad_value(reason: str, value: str) -> str:
    return f"Invalid Resource Record: 'FATAL problem: {reason} encountered with '{value}''"


def one_soa(zone: str) -> str:
    return f"A HostedZone must contain exactly one SOA record for the zone itself: {zone}"


def one_ns() -> str:
    return "A HostedZone must contain at least one NS record for the zone itself."


def no_alias_target(name: str, kind: str, target: str) -> str:
    return (
        f"Tried to create an alias that targets {target}, type {kind} in zone {name}, but the alias target name does not lie within "
        "the target zone"
    )


# -- health checks


def no_health_check(ident: str) -> AWSError:
    return AWSError("NoSuchHealthCheck", f"A health check with id {ident} does not exist.", 404)


def health_check_exists() -> AWSError:
    return AWSError(
        "HealthCheckAlreadyExists",
        "A health check already exists with the specified caller reference but other settings.",
        409,
    )


def too_many_health_checks() -> AWSError:
    return AWSError("TooManyHealthChecks", "Limits Exceeded: MAX_HEALTH_CHECKS_BY_OWNER.", 400)


def version_mismatch() -> AWSError:
    return AWSError("HealthCheckVersionMismatch", "The resource version does not match the latest version.", 409)


def health_check_in_use(ident: str) -> AWSError:
    return AWSError("HealthCheckInUse", f"The health check {ident} is in use.", 400)

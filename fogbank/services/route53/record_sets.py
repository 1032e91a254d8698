"""Record sets: ChangeResourceRecordSets (all of a batch, or nothing), ListResourceRecordSets.

record_sets   (zone id, labels of the name reversed, type, set identifier)   the record set, as requests have it (JSON)
https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.route53 import errors, limits, values
from fogbank.services.route53.health_check import health_checks
from fogbank.services.route53.service import service
from fogbank.services.route53.zone import Request, Zone, begin_change, find, full_name, on_zone, page_size, plain_id

Key = tuple[str, str, str]
"""Labels reversed, type, set identifier."""

record_sets = service.collection("record_sets", dict[str, Any], scope="account")

_ROUTING = (
    "Weight",
    "Region",
    "GeoLocation",
    "Failover",
    "MultiValueAnswer",
    "CidrRoutingConfig",
    "GeoProximityLocation",
)


def order(name: str) -> str:
    """What names are sorted by: `com.example.www.` for `www.example.com.`"""
    return ".".join(reversed(name.rstrip(".").split("."))) + "."


def key_of(record: Request) -> Key:
    return order(record["Name"]), record["Type"], record.get("SetIdentifier") or ""


def begin(ctx: Context, zone: Zone) -> None:
    """What every zone has: NS and SOA."""
    servers = [f"{server}." for server in zone.servers]
    soa = f"{servers[0]} awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"
    for kind, ttl, texts in (("NS", limits.NS_TTL, servers), ("SOA", limits.SOA_TTL, [soa])):
        _put(
            ctx,
            zone,
            {"Name": zone.name, "Type": kind, "TTL": ttl, "ResourceRecords": [{"Value": each} for each in texts]},
        )


def _put(ctx: Context, zone: Zone, record: Request) -> None:
    record_sets.put(ctx, record, zone.id, *key_of(record))


async def is_as_it_began(ctx: Context, zone: Zone) -> bool:
    found = await record_sets.scan(ctx, zone.id, limit=3)
    return all(each["Name"] == zone.name and each["Type"] in ("NS", "SOA") for each in found)


async def forget(ctx: Context, zone: Zone) -> None:
    for key, _ in await record_sets.items(ctx, (str, str, str), zone.id):
        record_sets.delete(ctx, zone.id, *key)


# -- changing


@service.operation(**on_zone("HostedZoneId"))
async def change_resource_record_sets(ctx: Context, request: Request) -> Request:
    """API_ChangeResourceRecordSets."""
    zone, batch = await find(ctx, request["HostedZoneId"]), request["ChangeBatch"]
    if len(batch["Changes"]) > limits.CHANGES:
        raise errors.invalid_batch([f"Number of records limit of {limits.CHANGES} exceeded."])
    for change in batch["Changes"]:
        _check_form(change)
    problems: list[str] = []
    for change in batch["Changes"]:
        record = _completed(change["ResourceRecordSet"])
        problems += await _apply(ctx, zone, change["Action"], record)
    problems += await _missing(ctx, zone)
    if problems:
        raise errors.invalid_batch(problems)
    return {"ChangeInfo": begin_change(ctx, batch.get("Comment") or "")}


def _check_form(change: Request) -> None:
    """Raises InvalidInput for what no record set can be."""
    record = change["ResourceRecordSet"]
    name, identifier = record["Name"], record.get("SetIdentifier")
    about = f"Change with [Action={change['Action']}, Name={name}, Type={record['Type']}, SetIdentifier={identifier or 'null'}]"
    has_alias = record.get("AliasTarget") is not None
    has_values = record.get("TTL") is not None and bool(record.get("ResourceRecords"))
    has_some = record.get("TTL") is not None or bool(record.get("ResourceRecords"))
    if record.get("TrafficPolicyInstanceId"):
        raise errors.invalid("Traffic policy instances are not supported.")
    if (has_alias and has_some) or not (has_alias or has_values):
        found = "more than one" if has_alias else "none"
        raise errors.invalid(
            "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or "
            f"TrafficPolicyInstanceId], but found {found} in {about}"
        )
    policies = [each for each in _ROUTING if record.get(each) is not None]
    if len(policies) > 1:
        raise errors.invalid(
            f"Invalid request: Expected at most one of {list(_ROUTING)}, but found more than one in {about}"
        )
    if policies and not identifier:
        raise errors.invalid(f"Invalid request: Missing field 'SetIdentifier' in {about}")
    if identifier and not policies:
        raise errors.invalid(f"Invalid request: Expected exactly one of {list(_ROUTING)}, but found none in {about}")
    for policy in ("CidrRoutingConfig", "GeoProximityLocation"):
        if record.get(policy) is not None:
            raise errors.invalid(f"{policy} is not supported.")


def _completed(record: Request) -> Request:
    """As it is kept: names in full, what is None left out."""
    kept = {name: value for name, value in record.items() if value is not None}
    kept["Name"] = full_name(record["Name"])
    if alias := kept.get("AliasTarget"):
        kept["AliasTarget"] = {
            **alias,
            "DNSName": full_name(alias["DNSName"]),
            "HostedZoneId": plain_id(alias["HostedZoneId"]),
        }
    return kept


async def _apply(ctx: Context, zone: Zone, action: str, record: Request) -> list[str]:
    """Make one change, in the transaction that a problem undoes. Returns the problems."""
    key = key_of(record)
    present = await record_sets.get(ctx, zone.id, *key)
    if action == "DELETE":
        if present is None:
            return [errors.not_found(record["Name"], *key[1:])]
        if _comparable(present) != _comparable(record):
            return [errors.other_values(record["Name"], *key[1:])]
        record_sets.delete(ctx, zone.id, *key)
        return []
    if action == "CREATE" and present is not None:
        return [errors.exists(record["Name"], *key[1:])]
    problems = await _problems(ctx, zone, record)
    if not problems:
        _put(ctx, zone, record)
    return problems


def _comparable(record: Request) -> Request:
    """The order of values says nothing."""
    texts = sorted(each["Value"] for each in record.get("ResourceRecords") or [])
    return {**record, "ResourceRecords": texts}


async def _problems(ctx: Context, zone: Zone, record: Request) -> list[str]:
    name, kind = record["Name"], record["Type"]
    if name != zone.name and not name.endswith(f".{zone.name}"):
        return [errors.not_in_zone(name, zone.name)]
    if kind == "CNAME" and name == zone.name:
        return [errors.cname_at_apex(name, zone.name)]
    texts = [each["Value"] for each in record.get("ResourceRecords") or []]
    if problems := [problem for text in texts if (problem := values.problem(kind, text))]:
        return problems
    if len(set(texts)) < len(texts):
        return [f"Duplicate Resource Record: '{_repeated(texts)}'"]
    check = record.get("HealthCheckId")
    if check and await health_checks.get(ctx, check) is None:
        raise errors.no_health_check(check)
    return await _conflicts(ctx, zone, record)


def _repeated(texts: list[str]) -> str:
    return next(text for text in texts if texts.count(text) > 1)


async def _conflicts(ctx: Context, zone: Zone, record: Request) -> list[str]:
    name, kind = record["Name"], record["Type"]
    others = [each for each in await record_sets.scan(ctx, zone.id, order(name)) if key_of(each) != key_of(record)]
    if any((each["Type"] == "CNAME") != (kind == "CNAME") for each in others):
        return [errors.cname_conflicts(kind, name, zone.name)]
    same = [each for each in others if each["Type"] == kind]
    if any(_policy(each) != _policy(record) for each in same):
        return [errors.mixed_routing(kind, name, zone.name)]
    target = record.get("AliasTarget")
    if (
        target is not None
        and target["HostedZoneId"] == zone.id
        and not f".{target['DNSName']}".endswith(f".{zone.name}")
    ):
        return [errors.no_alias_target(zone.name, kind, target["DNSName"])]
    return []


def _policy(record: Request) -> str:
    return next((each for each in _ROUTING if record.get(each) is not None), "")


async def _missing(ctx: Context, zone: Zone) -> list[str]:
    """What every zone has to keep."""
    own = {each["Type"] for each in await record_sets.scan(ctx, zone.id, order(zone.name))}
    problems = [] if "SOA" in own else [errors.one_soa(zone.name)]
    return problems if "NS" in own else [*problems, errors.one_ns()]


# -- listing


@service.operation(**on_zone("HostedZoneId"))
async def list_resource_record_sets(ctx: Context, request: Request) -> Request:
    """In the order of the reversed labels of their names, then by type and set identifier. API_ListResourceRecordSets."""
    zone = await find(ctx, request["HostedZoneId"])
    size = page_size(request, limits.RECORDS_PAGE)
    start = _start(request)
    found = await record_sets.scan(ctx, zone.id, since=start or None, limit=size + 1)
    following = found[size] if len(found) > size else {}
    return {
        "ResourceRecordSets": found[:size],
        "IsTruncated": bool(following),
        "NextRecordName": following.get("Name"),
        "NextRecordType": following.get("Type"),
        "NextRecordIdentifier": following.get("SetIdentifier"),
        "MaxItems": str(size),
    }


def _start(request: Request) -> tuple[str, ...]:
    name, kind, identifier = (request.get(f"StartRecord{each}") for each in ("Name", "Type", "Identifier"))
    if kind and not name:
        raise errors.invalid("The input is not valid: StartRecordType needs a StartRecordName.")
    if identifier and not kind:
        raise errors.invalid("The input is not valid: StartRecordIdentifier needs a StartRecordType.")
    if not name:
        return ()
    return tuple(each for each in (order(full_name(name)), kind, identifier) if each)

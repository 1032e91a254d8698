"""Answers: what the zones of this server say to a question, by name, type, routing policy and health.

https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy.html
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-choosing-alias-non-alias.html
"""

from __future__ import annotations

from typing import NamedTuple

from fogbank.kernel import Context
from fogbank.services.route53 import limits
from fogbank.services.route53.health import is_well
from fogbank.services.route53.record_sets import order, record_sets
from fogbank.services.route53.zone import Request, Zone, names, zones

_WILD = "\\052"
_LONGEST_CHAIN = 8
NOERROR, NXDOMAIN, REFUSED = "NOERROR", "NXDOMAIN", "REFUSED"


class Line(NamedTuple):
    """One record of an answer: `values` as record sets have them."""

    name: str
    kind: str
    ttl: int
    values: list[str]


class Answer(NamedTuple):
    """`zone` is None where nobody here answers for the name; `authority` is for answers without lines."""

    code: str
    lines: list[Line]
    zone: Zone | None
    authority: list[Line]


async def zone_of(ctx: Context, name: str) -> tuple[Context, Zone] | None:
    """The zone with the longest name that fits, of whatever account; of several with one name the newest."""
    labels = name.rstrip(".").split(".")
    for index in range(len(labels)):
        suffix = ".".join(labels[index:]) + "."
        for key, owner in await names.items(ctx, (int, str), suffix, limit=1):
            scope = ctx.at(account=owner.account)
            zone = await zones.get(scope, key[1])
            if zone is not None:
                return scope, zone
    return None


async def answer(ctx: Context, name: str, kind: str) -> Answer:
    """What is said to a question, in a transaction. `name` ends with a dot and is in lower case."""
    found = await zone_of(ctx, name)
    if found is None:
        return Answer(REFUSED, [], None, [])
    return await answer_in(*found, name, kind)


async def answer_in(ctx: Context, zone: Zone, name: str, kind: str) -> Answer:
    """The same of one zone: CNAMEs are followed as long as they stay in it."""
    lines: list[Line] = []
    for _ in range(_LONGEST_CHAIN):
        sets = await _sets_at(ctx, zone, name)
        if (below := await _delegated(ctx, zone, name)) and kind != "DS":
            return Answer(NOERROR, lines, zone, [below])
        chosen = await _chosen(ctx, zone, name, kind, sets)
        if chosen:
            return Answer(NOERROR, [*lines, *chosen], zone, [])
        alias = await _chosen(ctx, zone, name, "CNAME", sets) if kind != "CNAME" else []
        if not alias:
            exists = bool(sets) or await _has_below(ctx, zone, name)
            code = NOERROR if exists or lines else NXDOMAIN
            return Answer(code, lines, zone, [] if lines else await _soa(ctx, zone))
        lines += alias
        name = alias[0].values[0].rstrip(".").lower() + "."
        if not f".{name}".endswith(f".{zone.name}"):
            break
    return Answer(NOERROR, lines, zone, [])


async def _sets_at(ctx: Context, zone: Zone, name: str) -> list[Request]:
    """The record sets of a name, or of the wildcard nearest to it."""
    own = await record_sets.scan(ctx, zone.id, order(name))
    if own or name == zone.name or await _has_below(ctx, zone, name):
        return own
    rest = name
    while rest != zone.name:
        rest = rest.partition(".")[2]
        if found := await record_sets.scan(ctx, zone.id, order(f"{_WILD}.{rest}")):
            return found
        if await record_sets.scan(ctx, zone.id, order(rest), limit=1):
            return []
    return []


async def _has_below(ctx: Context, zone: Zone, name: str) -> bool:
    return bool(await record_sets.scan(ctx, zone.id, starts_with=order(name), limit=1))


async def _delegated(ctx: Context, zone: Zone, name: str) -> Line | None:
    """The name servers of a part of the zone that is another's."""
    while name != zone.name:
        found = [each for each in await record_sets.scan(ctx, zone.id, order(name)) if each["Type"] == "NS"]
        if found:
            return _line(found[0]["Name"], found[0])
        name = name.partition(".")[2]
    return None


async def _soa(ctx: Context, zone: Zone) -> list[Line]:
    found = await record_sets.scan(ctx, zone.id, order(zone.name), "SOA")
    return [_line(zone.name, each) for each in found]


# -- choosing


async def _chosen(ctx: Context, zone: Zone, name: str, kind: str, sets: list[Request]) -> list[Line]:
    """The record set that is answered with, of those of one name and type; empty when there is none."""
    candidates = [each for each in sets if each["Type"] == kind]
    if not candidates:
        return []
    if "SetIdentifier" not in candidates[0]:
        return await _told(ctx, zone, name, candidates[0])
    # when none is well, it is as if all were
    well = [each for each in candidates if await _is_well(ctx, zone, each)]
    if candidates[0].get("MultiValueAnswer") is not None:
        return await _several(ctx, zone, name, well or candidates)
    one = _one_of(ctx, candidates, well)
    return [] if one is None else await _told(ctx, zone, name, one)


async def _is_well(ctx: Context, zone: Zone, record: Request) -> bool:
    check, alias = record.get("HealthCheckId"), record.get("AliasTarget")
    if check and not await is_well(ctx, check):
        return False
    if alias is None or not alias["EvaluateTargetHealth"] or alias["HostedZoneId"] != zone.id:
        return True
    targets = [each for each in await _sets_at(ctx, zone, alias["DNSName"]) if each["Type"] == record["Type"]]
    checked = [each for each in targets if each.get("HealthCheckId")]
    return not checked or any([await is_well(ctx, each["HealthCheckId"]) for each in checked])


def _one_of(ctx: Context, candidates: list[Request], well: list[Request]) -> Request | None:
    first = candidates[0]
    if "Failover" in first:
        by_role = {each["Failover"]: each for each in candidates}
        primary, secondary = by_role.get("PRIMARY"), by_role.get("SECONDARY")
        return primary if primary in well or secondary not in well else secondary
    if "Weight" in first:
        return _by_weight(ctx, well or candidates)
    if "Region" in first:
        # whoever asks is near to where this server says that it is
        return next((each for each in well if each["Region"] == ctx.region), (well or candidates)[0])
    return _anywhere(well) or _anywhere(candidates)


def _by_weight(ctx: Context, records: list[Request]) -> Request:
    """By chance, in the proportion of the weights; all of them alike when all are 0."""
    total = sum(each["Weight"] for each in records)
    if not total:
        return ctx.ids.choice(records)
    point = int(ctx.ids.hex(8), 16) % total
    for each in records:
        point -= each["Weight"]
        if point < 0:
            return each
    return records[-1]


def _anywhere(records: list[Request]) -> Request | None:
    """Of geolocation: where a loopback address is, nobody knows, so it is the default location's. Without one there is no answer."""
    return next((each for each in records if each.get("GeoLocation", {}).get("CountryCode") == "*"), None)


async def _several(ctx: Context, zone: Zone, name: str, records: list[Request]) -> list[Line]:
    """Of multivalue answers up to eight, by chance."""
    left, lines = list(records), list[Line]()
    while left and len(lines) < limits.MULTIVALUE_ANSWERS:
        one = ctx.ids.choice(left)
        left.remove(one)
        lines += await _told(ctx, zone, name, one)
    return lines


async def _told(ctx: Context, zone: Zone, name: str, record: Request) -> list[Line]:
    """A record set as it is answered with: an alias has what its target has now, under its own name."""
    alias = record.get("AliasTarget")
    if alias is None:
        return [_line(name, record)]
    target = alias["DNSName"]
    if alias["HostedZoneId"] == zone.id:
        found = await answer_in(ctx, zone, target, record["Type"])
        return [Line(name, each.kind, each.ttl, each.values) for each in found.lines if each.kind == record["Type"]]
    # what else aliases lead to (load balancers, distributions, websites) is answered for by this server
    return [Line(name, "A", limits.ALIAS_TTL, ["127.0.0.1"])] if record["Type"] == "A" else []


def _line(name: str, record: Request) -> Line:
    return Line(name, record["Type"], int(record["TTL"]), [each["Value"] for each in record["ResourceRecords"]])

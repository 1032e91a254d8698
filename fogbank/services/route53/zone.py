"""Hosted zones: what they are, finding them, and the names that this server answers for.

zones   (id)           Zone       of an account
names   (name, time, id)   Owner  of all accounts, since a question names none; the newest first
changes (id)           Change
"""

from __future__ import annotations

import re
from typing import Any

from fogbank.kernel import Context, Record
from fogbank.services.route53 import errors, limits
from fogbank.services.route53.service import service

Request = dict[str, Any]

_LABEL = re.compile(r"[!-~]{1,63}")
_LONGEST_NAME = 255
_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ID_LENGTH = 20
_SUFFIXES = ("com", "net", "org", "co.uk")


class Zone(Record, frozen=True):
    """`name` ends with a dot. `servers` are the name servers; times in epoch seconds."""

    id: str
    name: str
    reference: str
    created: float
    servers: list[str]
    comment: str = ""
    tags: dict[str, str] = {}


class Change(Record, frozen=True):
    id: str
    submitted: float
    comment: str = ""


class Owner(Record, frozen=True):
    account: str


zones = service.collection("zones", Zone, scope="account")
names = service.collection("names", Owner, scope="global")
changes = service.collection("changes", Change, scope="account")


def new_id(ctx: Context, first: str) -> str:
    return first + "".join(ctx.ids.choice(_CHARACTERS) for _ in range(_ID_LENGTH))


def new_servers(ctx: Context) -> list[str]:
    """Four names, as AWS gives them: each with a number below 2,048 and one of four suffixes."""
    numbers = [int(ctx.ids.hex(4), 16) for _ in _SUFFIXES]
    return [
        f"ns-{number % 2048}.awsdns-{number % 64:02}.{suffix}"
        for number, suffix in zip(numbers, _SUFFIXES, strict=True)
    ]


def full_name(given: str) -> str:
    """A domain name in lower case, with a dot at its end, octets escaped as Route 53 shows them. Raises InvalidDomainName."""
    name = given.rstrip(".").lower()
    labels = name.split(".")
    if len(name) > _LONGEST_NAME or not all(_LABEL.fullmatch(label) for label in labels):
        raise errors.invalid_domain(given)
    return "".join(_escaped(character) for character in name) + "."


def _escaped(character: str) -> str:
    """https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html"""
    plain = character.isalnum() or character in "-_.\\*"
    return "\\052" if character == "*" else character if plain else f"\\{ord(character):03o}"


def arn_of(ctx: Context, kind: str, ident: str) -> str:
    return f"arn:{ctx.partition}:route53:::{kind}/{ident}"


def plain_id(given: str) -> str:
    """The id without the path that answers have before it."""
    return given.rpartition("/")[2]


def on_zone(member: str) -> dict[str, Any]:
    """How an operation on the zone that a member names is decided about."""

    def resource(ctx: Context, request: Request) -> str:
        return arn_of(ctx, "hostedzone", plain_id(request[member]))

    async def tags(ctx: Context, request: Request) -> dict[str, str]:
        return (await find(ctx, request[member])).tags

    return {"resource": resource, "tags": tags}


async def find(ctx: Context, given: str) -> Zone:
    """Raises NoSuchHostedZone."""
    ident = plain_id(given)
    zone = await zones.get(ctx, ident)
    if zone is None:
        raise errors.no_zone(ident)
    return zone


def begin_change(ctx: Context, comment: str = "") -> Request:
    """Note a change. Returns its ChangeInfo."""
    change = Change(new_id(ctx, "C"), ctx.now(), comment)
    changes.put(ctx, change, change.id)
    return change_info(ctx, change)


def change_info(ctx: Context, change: Change) -> Request:
    is_known = ctx.now() >= change.submitted + limits.PENDING_SECONDS
    return {
        "Id": f"/change/{change.id}",
        "Status": "INSYNC" if is_known else "PENDING",
        "SubmittedAt": change.submitted,
        "Comment": change.comment or None,
    }


def page_size(request: Request, most: int = limits.PAGE) -> int:
    """The number in MaxItems, which is a text. Raises InvalidInput."""
    given = request.get("MaxItems")
    if given is None:
        return most
    if not str(given).isdigit() or int(given) < 1:
        raise errors.invalid("MaxItems must be a positive number.")
    return min(int(given), most)

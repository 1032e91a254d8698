"""What is kept of deliveries.

sources        (name)   a resource, and one kind of its logs
destinations   (name)   a group, a bucket or a stream
deliveries     (id)     one source to one destination
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context, Record, pages
from fogbank.services.logs import errors
from fogbank.services.logs.records import Request
from fogbank.services.logs.service import service

PAGE = 50


class Source(Record, frozen=True):
    name: str
    resource: str
    log_type: str
    configuration: dict[str, str] = {}
    tags: dict[str, str] = {}

    @property
    def service(self) -> str:
        return self.resource.split(":")[2]


class Destination(Record, frozen=True):
    """`resource` is the ARN of where the logs go, empty for X-Ray."""

    name: str
    type: str
    resource: str = ""
    format: str = ""
    role: str = ""
    policy: str = ""
    tags: dict[str, str] = {}


class Delivery(Record, frozen=True):
    id: str
    source: str
    destination: str
    type: str
    fields: tuple[str, ...] = ()
    delimiter: str = ""
    s3: dict[str, Any] = {}
    tags: dict[str, str] = {}


sources = service.collection("delivery-sources", Source)
destinations = service.collection("delivery-destinations", Destination)
deliveries = service.collection("deliveries", Delivery)


def arn_of(ctx: Context, kind: str, name: str) -> str:
    """`kind` is `delivery-source`, `delivery-destination` or `delivery`."""
    return f"arn:{ctx.partition}:logs:{ctx.region}:{ctx.account}:{kind}:{name}"


async def find_source(ctx: Context, name: str) -> Source:
    found = await sources.get(ctx, name)
    if found is None:
        raise errors.not_found("delivery source")
    return found


async def find_destination(ctx: Context, name: str) -> Destination:
    found = await destinations.get(ctx, name)
    if found is None:
        raise errors.not_found("delivery destination")
    return found


async def find_delivery(ctx: Context, delivery_id: str) -> Delivery:
    found = await deliveries.get(ctx, delivery_id)
    if found is None:
        raise errors.not_found("delivery")
    return found


def after(request: Request) -> tuple[str] | None:
    """Where the page of a request begins. Raises ValidationException."""
    token = request.get("nextToken")
    if token is None:
        return None
    return (pages.position(token, errors.validation("The specified nextToken is invalid.")),)

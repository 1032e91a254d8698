"""Function URLs: their configurations. What is answered at them is in `url_requests`.

    urls     name, qualifier  -> Url; the qualifier is an alias, or empty for the function itself
    url-ids  id               -> UrlId, in no account and region: the host name says nothing else

https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from fogbank.kernel import Context, Record, pages
from fogbank.services.lambda_ import errors, limits
from fogbank.services.lambda_.function.configurations import timestamp
from fogbank.services.lambda_.records import ON_QUALIFIED, Answer, Named, Request, find, latest, named
from fogbank.services.lambda_.service import service

_METHODS = frozenset({"GET", "PUT", "POST", "HEAD", "DELETE", "PATCH", "*"})


class Url(Record, frozen=True):
    """`cors` has the members of the request. Times are epoch seconds."""

    id: str
    auth: str
    mode: str
    created: float
    modified: float
    cors: dict[str, Any] | None = None


class UrlId(Record, frozen=True):
    account: str
    region: str
    name: str
    qualifier: str


urls = service.collection("urls", Url, cached=True)
ids = service.collection("url-ids", UrlId, scope="global", cached=True)


def _id(of: Named) -> str:
    """The same for the same function: 32 lower-case letters and digits."""
    number = int.from_bytes(hashlib.sha256(of.arn.encode()).digest())
    digits = ""
    while len(digits) < 32:
        number, digit = divmod(number, 36)
        digits += "abcdefghijklmnopqrstuvwxyz0123456789"[digit]
    return digits


def address(ctx: Context, url: Url) -> str:
    """Where this server answers it."""
    scheme, _, host = ctx.endpoint.partition("://")
    name, _, port = host.partition(":")
    if name.replace(".", "").isdecimal() or name.endswith("localhost"):
        name = "localhost"
    return f"{scheme}://{url.id}.lambda-url.{ctx.region}.{name}{':' + port if port else ''}/"


async def _target(ctx: Context, request: Request) -> Named:
    """The function, or its alias. Raises ResourceNotFoundException, ValidationException."""
    of = named(ctx, request)
    if of.qualifier and (of.qualifier.isdecimal() or of.qualifier.startswith("$")):
        raise errors.validation("A function URL is that of a function or of an alias, not of a version.")
    await find(of)
    return of


async def _found(ctx: Context, request: Request) -> tuple[Named, Url]:
    of = await _target(ctx, request)
    url = await urls.get(of.scope, of.name, of.qualifier)
    if url is None:
        raise errors.not_found("The resource you requested does not exist.")
    return of, url


def _check(cors: dict[str, Any] | None) -> dict[str, Any] | None:
    unknown = set((cors or {}).get("AllowMethods") or []) - _METHODS
    if unknown:
        raise errors.validation(f"AllowMethods: {', '.join(sorted(unknown))} is not a method that can be allowed.")
    return cors or None


@service.operation(**ON_QUALIFIED)
async def create_function_url_config(ctx: Context, request: Request) -> Answer:
    of = await _target(ctx, request)
    if await urls.get(of.scope, of.name, of.qualifier) is not None:
        raise errors.conflict(
            f"Failed to create function url config for [functionArn = {of.arn}]. "
            f"Error message:  FunctionUrlConfig exists for this Lambda function"
        )
    mode, now = request.get("InvokeMode") or "BUFFERED", ctx.now()
    url = Url(_id(of), request["AuthType"], mode, now, now, _check(request.get("Cors")))
    urls.put(of.scope, url, of.name, of.qualifier)
    ids.put(ctx, UrlId(of.scope.account, of.scope.region, of.name, of.qualifier), url.id)
    return {name: value for name, value in _described(of, url).items() if name != "LastModifiedTime"}


@service.operation(**ON_QUALIFIED)
async def update_function_url_config(ctx: Context, request: Request) -> Answer:
    """`Cors` replaces what there was; an empty one takes it away."""
    of, url = await _found(ctx, request)
    cors = request.get("Cors")
    changed = msgspec.structs.replace(
        url,
        auth=request.get("AuthType") or url.auth,
        mode=request.get("InvokeMode") or url.mode,
        cors=url.cors if cors is None else _check(cors),
        modified=ctx.now(),
    )
    urls.put(of.scope, changed, of.name, of.qualifier)
    return _described(of, changed)


@service.operation(**ON_QUALIFIED)
async def get_function_url_config(ctx: Context, request: Request) -> Answer:
    return _described(*await _found(ctx, request))


@service.operation(**ON_QUALIFIED)
async def delete_function_url_config(ctx: Context, request: Request) -> None:
    of, url = await _found(ctx, request)
    _delete(of.scope, of.name, of.qualifier, url)


@service.operation(**ON_QUALIFIED)
async def list_function_url_configs(ctx: Context, request: Request) -> Answer:
    of = named(ctx, request)
    await latest(of)
    marker = request.get("Marker")
    after = None if not marker else (pages.position(marker, errors.invalid_parameter("Invalid marker.")),)
    found = await urls.items(of.scope, (str,), of.name, after=after)
    limit = min(request.get("MaxItems") or limits.LISTED, limits.LISTED)
    shown, following = pages.page(found, limit, lambda item: str(item[0][0]))
    listed = [_described(of._replace(qualifier=str(key[0])), url) for key, url in shown]
    return {"FunctionUrlConfigs": listed, "NextMarker": following}


async def delete_all(of: Named) -> None:
    """The function is being deleted."""
    for key, url in await urls.items(of.scope, (str,), of.name):
        _delete(of.scope, of.name, str(key[0]), url)


async def delete_of_alias(of: Named, alias: str) -> None:
    url = await urls.get(of.scope, of.name, alias)
    if url is not None:
        _delete(of.scope, of.name, alias, url)


def _delete(scope: Context, name: str, qualifier: str, url: Url) -> None:
    urls.delete(scope, name, qualifier)
    ids.delete(scope, url.id)


def _described(of: Named, url: Url) -> Answer:
    return {
        "FunctionUrl": address(of.scope, url),
        "FunctionArn": of.arn,
        "AuthType": url.auth,
        "InvokeMode": url.mode,
        "Cors": url.cors,
        "CreationTime": _time(url.created),
        "LastModifiedTime": _time(url.modified),
    }


def _time(moment: float) -> str:
    return timestamp(moment).replace("+0000", "Z")

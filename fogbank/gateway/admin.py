"""The admin API: `/_fogbank/...`, and the few `/_localstack/...` paths that other tools ask for.

It has no credentials, so it is for this machine only: the client must be on loopback (unless `admin_open`), the Host header
must be a name that no foreign DNS server can point here (rebinding), and a browser must come from our own origin.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, TypeGuard
from urllib.parse import parse_qsl, urlsplit

import msgspec
import orjson

from fogbank.http import FileBody, PayloadError, Request, Response
from fogbank.identity.principals import DEFAULT_ACCOUNT
from fogbank.storage.base import NewerFormat, StoreError

if TYPE_CHECKING:
    from fogbank.app import App
    from fogbank.kernel.tasks import Task

log = logging.getLogger("fogbank")

PREFIXES = ("/_fogbank/", "/_localstack/")
_STATE_PATH = "/_fogbank/state"
# A hundred years, so that every date that follows can still be written.
_FARTHEST = 100 * 365.25 * 86400
_LOCAL_DOMAINS = ("localhost", "localhost.localstack.cloud")

Handler = Callable[["App", Request], Awaitable[Response]]


class _Refusal(Exception):
    """Ends the request with this status, code and sentence."""

    def __init__(self, status: int, code: str, message: str, headers: Iterable[tuple[str, str]] = ()) -> None:
        super().__init__(message)
        self.response = _json({"code": code, "message": message}, status, headers)


async def handle(app: App, request: Request) -> Response:
    """Answer a request whose path begins with one of `PREFIXES`. JSON, but for metrics, the authority and a downloaded state."""
    try:
        _guard(app, request)
        return await _find(request)(app, request)
    except _Refusal as refusal:
        return refusal.response
    except Exception:
        log.exception("%s %s", request.method, request.path)
        return _json({"code": "InternalFailure", "message": "Internal error; the log says more."}, 500)


def takes_stream(head: Request) -> bool:
    """Is this an upload that must not be kept in memory?"""
    return head.path == _STATE_PATH


def name_of(request: Request) -> str:
    """What the metrics and the log call a request: one of a few names, whatever somebody asks for."""
    return f"{request.method} {request.path}" if request.method in _ROUTES.get(request.path, ()) else "unknown"


def _find(request: Request) -> Handler:
    methods = _ROUTES.get(request.path)
    if methods is None:
        raise _Refusal(404, "NotFound", f"There is no {request.path}.")
    handler = methods.get("GET" if request.method == "HEAD" else request.method)
    if handler is None:
        allowed = ", ".join([*methods, *(["HEAD"] if "GET" in methods else [])])
        raise _Refusal(405, "MethodNotAllowed", f"{request.path} answers {allowed}.", [("allow", allowed)])
    return handler


def _json(document: Any, status: int = 200, headers: Iterable[tuple[str, str]] = ()) -> Response:
    return Response(status, [("content-type", "application/json"), *headers], orjson.dumps(document))


# -- who may ask


def _guard(app: App, request: Request) -> None:
    if not app.settings.admin_open and not is_loopback(request.remote):
        raise _Refusal(403, "AccessDenied", "The admin API answers clients on this machine only; see --admin-open.")
    host = request.headers.get("host", "")
    if not is_local_name(host, app.settings.admin_hosts):
        raise _Refusal(
            403, "AccessDenied", f"The admin API does not answer under the name {host!r}; see --admin-hosts."
        )
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
        raise _Refusal(403, "AccessDenied", f"The admin API does not answer pages of {origin!r}.")


def is_loopback(address: str) -> bool:
    """Is this the address of a client on this machine? Unix sockets have none and are."""
    if not address:
        return True
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return (mapped or parsed).is_loopback


def is_local_name(host: str, further: Iterable[str] = ()) -> bool:
    """Can only somebody on our side have made this Host header lead here?

    So it is for addresses, names without a dot (a container's), `localhost` and what is below it, and the `further` names.
    """
    name = _without_port(host.strip().lower())
    if name.startswith("[") or _is_address(name):
        return True
    if "." not in name or name in further:
        return name != ""
    return any(name.endswith("." + domain) or name == domain for domain in _LOCAL_DOMAINS)


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


# -- what they may ask for


async def _health(app: App, request: Request) -> Response:
    settings = app.settings
    return _json(
        {
            "status": "running",
            "version": app.version,
            "pid": os.getpid() if app.worker is None else os.getppid(),
            "worker": {"name": app.fleet.name, "pid": os.getpid()},
            "uptime": _uptime(app),
            "data_dir": None if settings.ephemeral else app.directory.path,
            "services": app.services.names,
        }
    )


async def _reset(app: App, request: Request) -> Response:
    account = (await _body(request)).get("account")
    if account is not None and not (isinstance(account, str) and len(account) == 12 and account.isdigit()):
        raise _Refusal(400, "InvalidRequest", "account must be a string of 12 digits.")
    await app.reset(account)
    return _json({"reset": account or "all"})


async def _show_clock(app: App, request: Request) -> Response:
    return _json(_clock(app))


async def _move_clock(app: App, request: Request) -> Response:
    body = await _body(request)
    seconds = body.get("advance")
    if body == {"reset": True}:
        await app.reset_clock()
    elif body.keys() == {"advance"} and _is_number(seconds) and 0 <= seconds <= _FARTHEST:
        await app.advance(seconds)
    else:
        raise _Refusal(
            400, "InvalidRequest", 'Expected {"advance": seconds} with 0 or more seconds, or {"reset": true}.'
        )
    return _json(_clock(app))


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _clock(app: App) -> dict[str, Any]:
    return {"now": app.clock.now(), "offset": app.clock.offset}


async def _save_state(app: App, request: Request) -> Response:
    """The snapshot goes to a file without a name, so that it is gone when it was sent, and memory stays flat."""
    with tempfile.TemporaryFile(dir=app.directory.path) as file:
        await app.save(file)
        body = FileBody(os.dup(file.fileno()), 0, os.fstat(file.fileno()).st_size)
    headers = [("content-type", "application/zip"), ("content-disposition", 'attachment; filename="fogbank-state.zip"')]
    return Response(200, headers, body)


async def _load_state(app: App, request: Request) -> Response:
    with tempfile.TemporaryFile(dir=app.directory.path) as file:
        try:
            async for chunk in request.payload:
                file.write(chunk)
            file.seek(0)
            await app.load(file)
        except PayloadError as error:
            raise _Refusal(400, error.code, error.message) from None
        except NewerFormat as error:
            raise _Refusal(409, "NewerFormat", str(error)) from None
        except StoreError as error:
            raise _Refusal(400, "InvalidState", str(error)) from None
    return _json({"loaded": True})


async def _summarise_state(app: App, request: Request) -> Response:
    return _json({"collections": await app.summary()})


async def _metrics(app: App, request: Request) -> Response:
    from fogbank.telemetry import exposition, metrics

    form = exposition.content_type(request.headers.get("accept", ""))
    collector = app.gateway.collector
    told = {app.fleet.name: collector.of_process()}
    for worker, families in (await app.fleet.ask("metrics")).items():
        told[worker] = msgspec.convert(families, list[metrics.Family])
    families = [*metrics.of_processes(told), *await collector.of_state()]
    return Response(200, [("content-type", form)], exposition.render(families, form))


async def _local_authority(app: App, request: Request) -> Response:
    """The root that ACM's certificates chain up to, as PEM, for clients to trust."""
    from fogbank.certificates.authority import authority

    ctx = app.system_context()
    found = await ctx.transact(authority, ctx)
    return Response(200, [("content-type", "application/x-pem-file")], found.root.encode())


async def _coverage(app: App, request: Request) -> Response:
    from fogbank import coverage

    return _json(coverage.as_json(coverage.measure_all()))


async def _tasks(app: App, request: Request) -> Response:
    pending, dead = await app.tasks.list_pending(), await app.tasks.list_dead()
    return _json({"pending": [_task(task) for task in pending], "dead": [_task(task) for task in dead]})


def _task(task: Task) -> dict[str, Any]:
    return {
        "id": task.id,
        "service": task.service,
        "name": task.name,
        "account": task.account,
        "region": task.region,
        "due": task.due / 1e6,
        "attempts": task.attempts,
        "error": task.error or None,
    }


async def _denials(app: App, request: Request) -> Response:
    """The last refusals of an account: `?account=<12 digits>&limit=<number>`."""
    from fogbank.identity import reports

    asked = dict(parse_qsl(request.query))
    account, limit = asked.get("account", DEFAULT_ACCOUNT), asked.get("limit", "100")
    if not (len(account) == 12 and account.isdigit() and limit.isdigit()):
        raise _Refusal(400, "InvalidRequest", "account must be 12 digits, limit a number.")
    return _json({"denials": await reports.denials(app, account, int(limit))})


async def _suggestion(app: App, request: Request) -> Response:
    """The least policy for what a role or user has done: `?principal=<ARN>`."""
    from fogbank.identity import reports

    arn = dict(parse_qsl(request.query)).get("principal", "")
    if arn.count(":") < 5:
        raise _Refusal(400, "InvalidRequest", "principal must be the ARN of a role or user.")
    policy = await reports.suggested_policy(app, arn)
    if policy is None:
        raise _Refusal(404, "NotFound", f"There is no record of anything that {arn} did.")
    return _json({"policy": policy})


_MAIL_FIELDS = frozenset({"account", "kind", "region", "service", "to"})


async def _mail(app: App, request: Request) -> Response:
    """The mails and texts that would have left, the last one first: `?to=...&kind=email|sms|push&account=...&limit=<number>`."""
    from fogbank.kernel import mailbox

    asked = dict(parse_qsl(request.query))
    limit = asked.pop("limit", "100")
    if not limit.isdigit() or not asked.keys() <= _MAIL_FIELDS:
        raise _Refusal(400, "InvalidRequest", f"Expected limit (a number), {', '.join(sorted(_MAIL_FIELDS))}.")
    return _json({"mail": await mailbox.listed(app, int(limit), **asked)})


async def _clear_mail(app: App, request: Request) -> Response:
    from fogbank.kernel import mailbox

    await mailbox.clear(app)
    return _json({"cleared": True})


def _uptime(app: App) -> float:
    return round(datetime.now(UTC).timestamp() - app.started, 3)


async def _body(request: Request) -> dict[str, Any]:
    """The request's JSON object; an empty body is an empty object."""
    raw = await request.payload.read()
    try:
        document = orjson.loads(raw or b"{}")
    except orjson.JSONDecodeError as error:
        raise _Refusal(400, "InvalidRequest", f"The body is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise _Refusal(400, "InvalidRequest", "The body must be a JSON object.")
    return document


# -- as tools made for LocalStack ask for it


async def _localstack_health(app: App, request: Request) -> Response:
    running = dict.fromkeys(app.services.names, "running")
    return _json({"services": running, "edition": "community", "version": app.version})


async def _localstack_info(app: App, request: Request) -> Response:
    return _json(
        {
            "version": app.version,
            "edition": "community",
            "is_license_activated": False,
            "is_docker": os.path.exists("/.dockerenv"),
            "server_time_utc": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
            "uptime": int(_uptime(app)),
        }
    )


_ROUTES: dict[str, dict[str, Handler]] = {
    "/_fogbank/health": {"GET": _health},
    "/_fogbank/reset": {"POST": _reset},
    "/_fogbank/clock": {"GET": _show_clock, "POST": _move_clock},
    _STATE_PATH: {"GET": _save_state, "POST": _load_state, "PUT": _load_state},
    "/_fogbank/state/summary": {"GET": _summarise_state},
    "/_fogbank/ca.pem": {"GET": _local_authority},
    "/_fogbank/coverage": {"GET": _coverage},
    "/_fogbank/tasks": {"GET": _tasks},
    "/_fogbank/iam/denials": {"GET": _denials},
    "/_fogbank/iam/suggestion": {"GET": _suggestion},
    "/_fogbank/mail": {"GET": _mail, "DELETE": _clear_mail},
    "/_fogbank/metrics": {"GET": _metrics},
    "/_localstack/health": {"GET": _localstack_health},
    "/_localstack/info": {"GET": _localstack_info},
    "/_localstack/state/reset": {"POST": _reset},
}

"""The way of a request, one stage after another. `Gateway._answer` reads as the table of contents.

    admin? -> route -> authenticate -> edge? -> parse -> validate -> authorise -> operation, in its transaction -> serialise
    -> commit -> send

A request is one coroutine that is started where it arrives, without an asyncio task: an operation that never has to wait (nearly all
of them) is answered before `handle` returns, or when the commit that it shares with others is done.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import types
from collections.abc import Coroutine, Generator
from functools import cached_property
from time import perf_counter
from typing import TYPE_CHECKING, Any

import orjson

from fogbank import protocols
from fogbank.gateway import admin, exchange, routing
from fogbank.gateway.authorisation import Authorisation, called_via, source
from fogbank.http import PayloadError, Request, Response
from fogbank.identity import ANONYMOUS, Identity
from fogbank.identity.principals import service_host, service_principal
from fogbank.kernel import call_records
from fogbank.kernel.collection import has_rows
from fogbank.kernel.context import Context
from fogbank.kernel.errors import AWSError, internal_failure, not_implemented, unavailable
from fogbank.kernel.service import Answered, Operation, Service
from fogbank.storage.base import Damaged, StoreError
from fogbank.telemetry.requests import RequestMeter

if TYPE_CHECKING:
    from fogbank.app import App
    from fogbank.gateway.exchange import Reply
    from fogbank.gateway.front import Front
    from fogbank.gateway.routing import Target
    from fogbank.protocols import Codec
    from fogbank.telemetry.collect import Collector
    from fogbank.telemetry.trace import Trace

log = logging.getLogger("fogbank")

_SIGNED = "AWS4-"


class Gateway:
    """The application behind the HTTP front (see `fogbank.gateway.front.Application`)."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.authorisation = Authorisation(app)
        self.meter = RequestMeter(app.settings.slow_request / 1000 or None, app.settings.log_requests)
        self.fronts: list[Front] = []

    @cached_property
    def _recorder(self) -> call_records.Recorder:
        return call_records.recorder_of(self.app)

    @cached_property
    def collector(self) -> Collector:
        from fogbank.telemetry.collect import Collector

        return Collector(self.app)

    # -- what the front calls

    def serving(self, front: Front) -> None:
        self.fronts.append(front)

    def wants_stream(self, head: Request) -> bool:
        """Is this the head of an operation that takes its body as a stream?"""
        return admin.takes_stream(head) or routing.takes_stream(self.app.services, head)

    def handle(self, request: Request, reply: Reply) -> None:
        drive(self.app, self._serve(request, reply, self.meter.begin()), reply)

    # -- the stages

    async def _serve(self, request: Request, reply: Reply, trace: Trace) -> None:
        try:
            response = await self._answer(request, trace)
        except Exception:
            # even a refusal that cannot be put into words is an answer: nobody is left waiting
            log.exception("%s %s", request.method, request.path)
            response = _refuse(None, internal_failure(trace.request_id), trace.request_id)
        except BaseException:
            self.meter.abandoned(trace)
            raise
        store = self.app.store
        if not store.flushing:
            self._send(reply, response, trace)
            return

        def flushed(error: StoreError | None) -> None:
            self._send(reply, response if error is None else self._lost(error, request, response, trace), trace)

        store.after_flush(flushed)

    def _lost(self, error: StoreError, request: Request, response: Response, trace: Trace) -> Response:
        """What to answer instead, when what was answered could not be kept."""
        exchange.discard(response)
        target: Target | None = None
        with contextlib.suppress(AWSError):
            target = routing.find(self.app.services, request)
            target.resolve()
        return _refuse(target, unavailable(error), trace.request_id)

    def _send(self, reply: Reply, response: Response, trace: Trace) -> None:
        self.meter.answered(trace, response.status)
        reply.send(response)

    async def _answer(self, request: Request, trace: Trace) -> Response:
        request_id = trace.request_id = self.app.ids.uuid()
        if request.path.startswith(admin.PREFIXES):
            trace.service, trace.operation = "fogbank", admin.name_of(request)
            return await admin.handle(self.app, request)
        try:
            target = routing.find(self.app.services, request)
        except AWSError as error:
            return _refuse(None, error, request_id)
        trace.service = target.model.service_id
        refusal: AWSError | None = None
        try:
            target.resolve()
            identity = await self._authenticate(target, request, trace)
            answer = self._operate if target.edge is None else self._open_edge
            response = await answer(target, identity, request, trace)
        except Exception as failure:
            refusal = _error_of(failure, request, request_id)
            response = _refuse(target, refusal, request_id)
        if target.is_recorded:
            await self._record(target, refusal)
        elif target.ctx is not None and self._recorder.watches(target.ctx.account):
            await self._record_data(target, refusal)
        if target.service is not None and target.service.after:
            await self._after(target, request, response, refusal, trace)
        return response

    async def _record(self, target: Target, error: AWSError | None) -> None:
        """Let CloudTrail know of a call of the management plane, and EventBridge, when one of its rules may want to."""
        ctx, routed = target.ctx, target.routed
        if ctx is None or routed is None:
            return
        try:
            record = call_records.of_call(ctx, routed.operation.name, target.params, target.result, error)
            self._recorder.add(ctx, record)
            await self._tell(ctx, record, target.params, target.result)
        except Exception:
            log.exception("no event of %s", routed.operation.name)

    async def _tell(
        self, ctx: Context, record: dict[str, Any], params: dict[str, Any], answer: dict[str, Any] | None
    ) -> None:
        """Let EventBridge know of a call, and of the tags that it has changed, when one of its rules may want to."""
        if not (self.app.services.has_loaded("events") or await self._has_rules(ctx)):
            return
        events = self.app.services["events"].provided
        if await events["api_calls"].wanted(ctx):
            await events["api_calls"].put(ctx, record)
        name = record["eventName"]
        if "errorCode" not in record and await events["tag_changes"].wanted(ctx, name, params):
            await events["tag_changes"].tell(ctx, name, params, answer)

    async def _record_data(self, target: Target, error: AWSError | None) -> None:
        """Let CloudTrail know of a call of a data plane, in an account where a trail selects some."""
        ctx, routed, operation = target.ctx, target.routed, target.declared
        if ctx is None or routed is None or operation is None:
            return
        name, called = routed.operation.name, (target.params, target.result, error)
        try:
            record = await ctx.transact(call_records.of_data_call, ctx, operation, name, *called)
            self._recorder.add(ctx, record)
        except Exception:
            log.exception("no event of %s", name)

    async def _has_rules(self, ctx: Context) -> bool:
        """Are there rules of EventBridge, though nobody has used it here yet? So that it is not loaded for nothing."""
        try:
            return await ctx.transact(has_rows, ctx, "events", "rules")
        except StoreError:
            return False

    async def _after(
        self, target: Target, request: Request, response: Response, error: AWSError | None, trace: Trace
    ) -> None:
        """Let the service look at what it answered; what goes wrong there is logged, and changes no answer."""
        service, ctx = target.service, target.ctx
        assert service is not None
        if ctx is None:  # refused before anybody knew who asked
            ctx = self._context(service, "", Identity(ANONYMOUS), request, trace.request_id)
        answered = Answered(target.request, target.params, response, error)
        try:
            for look in service.after:
                work = look(ctx, answered)
                if work is not None:
                    await work
        except Exception:
            log.exception("after %s %s", request.method, request.path)

    async def _authenticate(self, target: Target, request: Request, trace: Trace) -> Identity:
        routed = target.routed
        trace.operation = "(edge)" if routed is None else routed.operation.name
        is_signed = request.headers.get("authorization", "").startswith(_SIGNED)
        identity = await self.app.authenticator.authenticate(
            request,
            target.model.signing_name,
            target.protocol if routed is None else routed.protocol,
            not is_signed and _may_be_unsigned(target),
        )
        target.request.payload = request.payload  # now without the framing of aws-chunked
        trace.account = identity.principal.account
        trace.authenticated = perf_counter()
        return identity

    async def _operate(self, target: Target, identity: Identity, request: Request, trace: Trace) -> Response:
        service, routed, operation = target.service, target.routed, target.declared
        assert routed is not None
        if service is None or operation is None:
            raise not_implemented(target.model.service_id, routed.operation.name)
        codec = protocols.codec(routed.operation, routed.protocol, service.documents, service.enums)
        params = codec.parse(target.request, routed.uri)
        violations = codec.violations(params)
        if violations:
            raise _validation_error(service, routed.protocol, violations)
        trace.parsed = perf_counter()
        ctx = self._context(service, operation.name, identity, request, trace.request_id)
        ctx.protocol = routed.protocol
        target.ctx, target.params = ctx, params
        target.is_recorded = operation.is_recorded
        if operation.transaction:
            response = await ctx.transact(self._run, target, ctx, operation, codec, params)
        else:
            response = await self._run(target, ctx, operation, codec, params)
        if operation.fidelity != "hand":
            response.headers.append(("x-fogbank-fidelity", operation.fidelity))
        trace.operated = perf_counter()
        return response

    async def _run(
        self, target: Target, ctx: Context, operation: Operation, codec: Codec, params: dict[str, Any]
    ) -> Response:
        await self.authorisation.check(ctx, operation, params)
        result = target.result = await operation.handler(ctx, params)
        return codec.serialize(result or {}, ctx.request_id)

    async def _open_edge(self, target: Target, identity: Identity, request: Request, trace: Trace) -> Response:
        assert target.edge is not None and target.service is not None
        ctx = target.ctx = self._context(target.service, "", identity, request, trace.request_id)
        return await target.edge.handler(ctx, target.request)

    def _context(
        self, service: Service, operation: str, identity: Identity, request: Request, request_id: str
    ) -> Context:
        principal = identity.principal
        return Context(
            self.app,
            service,
            operation,
            principal,
            principal.account,
            identity.region or self.app.settings.region,
            request_id,
            "",
            request,
        )

    # -- from service to service

    async def call(
        self,
        ctx: Context,
        name: str,
        operation_name: str,
        params: dict[str, Any],
        source_arn: str | None = None,
        as_caller: bool = False,
        role: str | None = None,
    ) -> dict[str, Any]:
        """Run another service's operation in the caller's transaction; see `Context.call`."""
        service = self.app.services.get(name)
        model = protocols.load(name)
        operation = service.operations.get(model.operations[operation_name].snake) if service is not None else None
        if service is None or operation is None:
            raise not_implemented(name, operation_name)
        inner = self.called_by(ctx, service, operation, source_arn)
        if as_caller:
            inner.principal, inner.origin = ctx.principal, called_via(ctx)
        elif role is not None:
            inner.principal, inner.origin = await ctx.assume(role, source_arn=source_arn), {}
        await self.authorisation.check(inner, operation, params)
        answer = await operation.handler(inner, params) or {}
        if (as_caller or role is not None) and operation.is_recorded and not call_records.only_looks(operation_name):
            by = service_host(ctx.service.name)
            record = call_records.of_call(inner, operation_name, params, answer, None, invoked_by=by)
            self._recorder.add_after_commit(inner, record)
            await self._tell(inner, record, params, answer)
        return answer

    def called_by(self, ctx: Context, service: Service, operation: Operation, source_arn: str | None) -> Context:
        """The context of a call of `service`'s operation by the service of `ctx`, on behalf of a resource."""
        inner = ctx.at(service=service)
        inner.operation = operation.name
        inner.request = None
        inner.protocol = ""
        inner.principal = service_principal(ctx.service.name, ctx.account)
        inner.origin = source(ctx, source_arn)
        return inner


def _may_be_unsigned(target: Target) -> bool:
    routed, declared = target.routed, target.declared
    if routed is None:
        return True  # an edge looks at its requests by itself
    return (declared is not None and declared.unsigned) or routed.operation.traits.get("authtype") == "none"


def _validation_error(service: Service, protocol: str, violations: list[Any]) -> AWSError:
    message = protocols.violations_message(violations)
    if service.validation_error is not None:
        return service.validation_error(message, violations)
    code = "ValidationError" if protocol in ("query", "ec2") else "ValidationException"
    return AWSError(code, message, 400)


def _error_of(failure: Exception, request: Request, request_id: str) -> AWSError:
    """What the caller is told of what went wrong; what is our own fault is logged."""
    if isinstance(failure, AWSError):
        return failure
    if isinstance(failure, PayloadError):
        return AWSError(failure.code, failure.message, failure.status, None, **failure.members)
    if isinstance(failure, Damaged):
        log.error("%s %s: %s", request.method, request.path, failure)
        return internal_failure(request_id)
    if isinstance(failure, StoreError):
        return unavailable(failure)
    log.error("%s %s", request.method, request.path, exc_info=failure)
    return internal_failure(request_id)


def _refuse(target: Target | None, error: AWSError, request_id: str) -> Response:
    """The error in the words of the service that the request was for, or in plain JSON when it was for none."""
    if target is not None:
        return protocols.serialize_error(target.model, target.protocol, error, request_id, target.operation)
    body = orjson.dumps({"__type": error.code, "message": error.message})
    headers = [("content-type", "application/json"), ("x-amzn-requestid", request_id), ("x-amzn-errortype", error.code)]
    return Response(error.status or 400, headers, body)


# -- running coroutines where they are


def drive(app: App, work: Coroutine[Any, Any, None], reply: Reply | None = None) -> None:
    """Start the coroutine here and now; only if it has to wait, let an asyncio task go on with it.

    Where reading the store is waiting already, it is a task from the start.
    """
    if not app.store.synchronous:
        _go_on(app, work, reply)
        return
    try:
        waits_for = work.send(None)
    except StopIteration:
        return
    if reply is not None and reply.disconnected:
        work.close()
        return
    _go_on(app, _resume(app, work, waits_for), reply)


def _go_on(app: App, work: Coroutine[Any, Any, None], reply: Reply | None) -> None:
    task = asyncio.get_running_loop().create_task(work)
    app.requests.add(task)
    task.add_done_callback(app.requests.discard)
    if reply is not None:

        def stop() -> None:
            task.cancel()

        reply.on_disconnect = stop


async def _resume(app: App, work: Coroutine[Any, Any, None], waits_for: Any) -> None:
    await _pass_on(app, work, waits_for)


@types.coroutine
def _pass_on(app: App, work: Coroutine[Any, Any, None], waits_for: Any) -> Generator[Any, Any, None]:
    """Pass on what a started coroutine waits for, and refuse to let it wait inside a transaction."""
    while True:
        try:
            if app.active is not None:
                app.active = None
                waits_for = work.throw(RuntimeError("an operation waited for something else inside its transaction"))
                continue
            try:
                value = yield waits_for
            except BaseException as error:
                waits_for = work.throw(error)
            else:
                waits_for = work.send(value)
        except StopIteration:
            return

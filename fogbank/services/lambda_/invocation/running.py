"""Running a version of a function once: an environment is taken, or started, and gets the event; what it writes becomes its log.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

from __future__ import annotations

import asyncio
import time
from typing import NamedTuple

from fogbank.engines.warden import CannotStart
from fogbank.identity import sessions
from fogbank.kernel import AWSError, Context, outbound
from fogbank.services.lambda_ import errors, limits
from fogbank.services.lambda_.capacity import scaling
from fogbank.services.lambda_.function import configurations, sealing
from fogbank.services.lambda_.invocation import recursion
from fogbank.services.lambda_.observation import metering, tracing
from fogbank.services.lambda_.observation.journal import Journal
from fogbank.services.lambda_.package import code, code_sealing, images
from fogbank.services.lambda_.records import FAILED, PENDING, Function, Reserved, arn_of, reserved
from fogbank.services.lambda_.runtime import interpreters
from fogbank.services.lambda_.runtime.environments import Environment, Outcome
from fogbank.services.lambda_.runtime.extensions import About
from fogbank.services.lambda_.runtime.failures import Failure
from fogbank.services.lambda_.runtime.interface import Answered, Event
from fogbank.services.lambda_.runtime.interpreters import NoInterpreter
from fogbank.services.lambda_.runtime.packages import BadPackage
from fogbank.services.lambda_.runtime.parts import Limits, Parts
from fogbank.services.lambda_.runtime.plans import Plan, Sources, plan, wrapped
from fogbank.services.lambda_.runtime.pools import Runtimes
from fogbank.services.lambda_.runtime.processes import WHOLE_PROCESSOR
from fogbank.services.lambda_.runtime.relay import Relay
from fogbank.services.lambda_.runtime.reports import ON_DEMAND, PROVISIONED, SNAP_START
from fogbank.services.lambda_.runtime.snapshots import Held, Restored, Snapshot, Taken
from fogbank.services.lambda_.runtime.telemetry import Post

_CREDENTIAL_SECONDS = 12 * 3600
_RENEWAL_SECONDS = 6 * 3600
_LISTENER_SECONDS = 5.0
# Why versions fail that could not be initialised for their snapshot.
_CODES = {
    "Sandbox.Timedout": "FunctionError.InitTimeout",
    "Runtime.InvalidEntrypoint": "FunctionError.InvalidEntryPoint",
    "Runtime.ExitError": "FunctionError.RuntimeInitError",
}


class Invocation(NamedTuple):
    """`invoked` is the ARN that was asked for; `context` the client's context, JSON. `trace` is an X-Ray header.

    `relay` gets what the function writes as a stream. `wants_log`: the answer comes when the log of the invocation is complete.
    """

    request_id: str
    payload: bytes
    invoked: str
    context: str = ""
    trace: str = ""
    relay: Relay | None = None
    wants_log: bool = False


class Done(NamedTuple):
    """What came of an invocation: the payload is an error document when `error` (`Unhandled`) is set.

    `log` are its last lines, if they were wanted; `durable` is the ARN of the execution that it began, of a durable function.
    """

    payload: bytes
    error: str
    log: bytes
    answered: Answered | None
    durable: str = ""


def runtimes_of(ctx: Context) -> Runtimes:
    return ctx.app.engines.get("lambda", Runtimes)


async def run(scope: Context, function: Function, invocation: Invocation) -> Done:
    """Invoke a version. `scope` is that of the function, not in a transaction.

    Raises TooManyRequestsException when as many are at work as may be, and what keeps the function from starting.
    """
    runtimes = runtimes_of(scope)
    arn = f"{arn_of(scope, function.name)}:{function.version}"
    _require_ready(function)
    trace = await recursion.enter(scope, function, invocation.trace, invocation.request_id)
    traced = tracing.Traced(scope, function, trace, invocation.request_id)
    try:
        await _enter(scope, runtimes, function, arn, invocation.invoked)
    except AWSError:
        traced.throttled()
        raise
    invocation = invocation._replace(trace=traced.header)
    is_cold = False

    async def make() -> Environment:
        nonlocal is_cold
        is_cold = True
        if function.snap_starts:
            return await _restored(scope, runtimes, function)
        return await _environment(scope, runtimes, function)

    concurrent = runtimes.load.of(arn_of(scope, function.name))
    try:
        environment, failure = await runtimes.take(arn, await _build(scope, function), make)
    except BaseException:
        runtimes.load.leave(arn)
        raise
    traced.starts(is_cold)
    try:
        outcome = await _handle(environment, failure, _event(function, invocation), invocation.relay)
    finally:
        settling = _settle(scope, function, arn, environment)
    answered = outcome.answered
    metering.invoked(scope, function, invocation.invoked, answered.is_error, outcome.duration, concurrent)
    traced.ended(answered, outcome.duration)
    if invocation.wants_log and settling is not None and environment.has_extensions:
        await settling  # the end of the log is written when extensions are done
    log = environment.journal.tail() if invocation.wants_log else b""
    return Done(answered.payload, "Unhandled" if answered.is_error else "", log, answered)


async def _handle(environment: Environment, failure: Failure | None, event: Event, relay: Relay | None) -> Outcome:
    if failure is not None:
        if isinstance(environment, Restored | Held) and not environment.is_of_failed_snapshot:
            raise errors.not_restored(failure.status == "timeout")
        return environment.refuse(event, failure)
    return await environment.invoke(event, relay)


def _settle(scope: Context, function: Function, arn: str, environment: Environment) -> asyncio.Future[None] | None:
    """The environment is given back: at once, or when its extensions are done, too; nobody waits for that."""
    runtimes, is_extended = runtimes_of(scope), environment.has_extensions
    if not is_extended:
        runtimes.load.leave(arn)
    if runtimes.give_back_now(arn, environment):
        environment.journal.flush()
        return None

    async def settle() -> None:
        await runtimes.give_back(arn, environment)
        environment.journal.flush()
        if is_extended:
            runtimes.load.leave(arn)
        if environment.post_runtime_ms is not None:
            metering.extended(scope, function, environment.post_runtime_ms)

    settling = asyncio.ensure_future(settle())
    scope.app.requests.add(settling)
    settling.add_done_callback(scope.app.requests.discard)
    return settling


def _event(function: Function, invocation: Invocation) -> Event:
    deadline = int((time.time() + function.timeout) * 1000)
    headers = [
        ("Lambda-Runtime-Deadline-Ms", str(deadline)),
        ("Lambda-Runtime-Invoked-Function-Arn", invocation.invoked),
        ("Lambda-Runtime-Trace-Id", invocation.trace),
    ]
    if invocation.context:
        headers.append(("Lambda-Runtime-Client-Context", invocation.context))
    return Event(invocation.request_id, invocation.payload, headers)


def _require_ready(function: Function) -> None:
    if function.state == FAILED:
        raise errors.not_ready(function.state, f": {function.state_reason}")
    if function.state == PENDING and function.snap_starts:
        raise errors.snapshot_not_ready()
    if function.state == PENDING and function.code.image:
        raise errors.not_ready(function.state, "")


async def _enter(scope: Context, runtimes: Runtimes, function: Function, arn: str, named: str) -> None:
    """An invocation of a version (`arn`, asked for as `named`) begins, and is over with `runtimes.load.leave`.

    Raises TooManyRequestsException.
    Nothing is waited for between looking and counting, so that there are never more than may be.
    """
    kept = await scope.transact(reserved.get, scope, function.name)
    try:
        await scaling.require_room(scope, runtimes, function)
        _require_room(runtimes, kept, arn)
    except AWSError:
        metering.throttled(scope, function, named)
        raise
    runtimes.load.enter(arn)


def _require_room(runtimes: Runtimes, kept: Reserved | None, arn: str) -> None:
    """Raise at the function's reserved concurrency, or at what is left of the account's."""
    function = arn.rpartition(":")[0]
    if kept is not None:
        if runtimes.load.of(function) >= kept.concurrency:
            raise errors.too_many("ReservedFunctionConcurrentInvocationLimitExceeded")
    elif runtimes.load.of(function.rpartition(":")[0] + ":") >= limits.CONCURRENCY:
        raise errors.too_many("ConcurrentInvocationLimitExceeded")


async def _build(scope: Context, function: Function) -> str:
    """What tells whether a warm environment is still up to date: of code under development also when it was written last.

    Environments are renewed from time to time, so that none has keys that expire.
    """
    build = f"{function.build} {scope.now() // _RENEWAL_SECONDS:.0f}"
    if not function.code.directory:
        return build
    return f"{build} {await asyncio.to_thread(code.changed_at, function.code.directory)}"


async def prepare(scope: Context, function: Function) -> images.Failure | None:
    """Do what need not wait for the first invocation: unpack the code, begin what forks functions, take a snapshot.

    Returns why an image can never be run, or why there is no snapshot; of all else the first invocation says so.
    """
    runtimes = runtimes_of(scope)
    if function.code.image:
        failure = await images.prepare(scope, runtimes.images, function.code)
        if failure is not None:
            return failure
    try:
        if function.snap_starts:
            return _without_snapshot(await _snapshot(scope, runtimes, function))
        planned = await _plan(scope, runtimes, function)
        await runtimes.warden(planned)
    except (AWSError, CannotStart):
        pass
    return None


def _without_snapshot(snapshot: Taken) -> images.Failure | None:
    if snapshot.failure is None:
        return None
    kind = snapshot.failure.kind
    reason = f"Lambda could not initialise the function for its snapshot: {kind}"
    return images.Failure(_CODES.get(kind, "FunctionError"), reason)


async def warm(scope: Context, function: Function, wanted_by: str, count: int) -> int:
    """Have that many environments of a version ready for `wanted_by`, a qualified ARN. Returns how many there are."""
    runtimes = runtimes_of(scope)
    arn = f"{arn_of(scope, function.name)}:{function.version}"
    runtimes.keep(wanted_by, count, arn)

    async def make() -> Environment:
        return await _environment(scope, runtimes, function, PROVISIONED)

    return await runtimes.warm(arn, await _build(scope, function), make)


# -- making an environment


async def _environment(scope: Context, runtimes: Runtimes, function: Function, kind: str = ON_DEMAND) -> Environment:
    """An environment that is not started yet. Raises InvalidRuntimeException, InvalidParameterValueException."""
    return Environment(await _parts(scope, runtimes, function, kind))


async def _parts(scope: Context, runtimes: Runtimes, function: Function, kind: str) -> Parts:
    planned = await _plan(scope, runtimes, function)
    journal = Journal(scope, function)
    variables = await scope.transact(_variables, scope, function, journal, planned.variables)
    variables["AWS_LAMBDA_INITIALIZATION_TYPE"] = kind
    variables |= tracing.variables(scope, function)
    if kind == SNAP_START:  # the snapshot has other ones than what is made of it
        del variables["AWS_LAMBDA_LOG_GROUP_NAME"], variables["AWS_LAMBDA_LOG_STREAM_NAME"]
    planned = wrapped(planned, variables)
    if planned.note:
        journal.write(f"[WARNING] {planned.note}")
    share = function.memory / WHOLE_PROCESSOR if scope.app.settings.lambda_processors == "memory" else 0.0
    limits = Limits(function.timeout, function.memory, share)
    about = _about(scope, function, planned)
    return Parts(planned, variables, limits, journal, about, _poster(scope), runtimes.scratch)


async def _restored(scope: Context, runtimes: Runtimes, function: Function) -> Environment:
    """An environment that goes on from the snapshot of a version."""
    arn = f"{arn_of(scope, function.name)}:{function.version}"
    taken = await _snapshot(scope, runtimes, function)
    if isinstance(taken, Held):
        return (
            taken if runtimes.snapshots.give(arn, taken) else Held(await _parts(scope, runtimes, function, SNAP_START))
        )
    return taken.restored(await _parts(scope, runtimes, function, SNAP_START))


async def _snapshot(scope: Context, runtimes: Runtimes, function: Function) -> Taken:
    """The snapshot of a version, which is taken now if this process has none yet."""
    arn = f"{arn_of(scope, function.name)}:{function.version}"

    async def take() -> Taken:
        parts = await _parts(scope, runtimes, function, SNAP_START)
        snapshot: Taken = Snapshot(parts) if parts.plan.module is not None else Held(parts)
        warden = await runtimes.warden(parts.plan)
        failure = await (snapshot.prepare(warden) if isinstance(snapshot, Held) else snapshot.start(warden))
        if failure is not None:
            await snapshot.stop()
        parts.journal.flush()
        return snapshot

    return await asyncio.shield(runtimes.snapshots.take(arn, await _build(scope, function), take))


def _about(scope: Context, function: Function, planned: Plan) -> About:
    runtime = function.config.get("Runtime", "")
    version = interpreters.said(runtime, planned.interpreter) if runtime else ""
    arn = configurations.runtime_arn(scope, runtime) if runtime else ""
    handler = function.config.get("Handler", "")
    uuid = scope.ids.uuid
    return About(scope.account, function.name, function.version, handler, version, arn, uuid(), uuid)


def _poster(scope: Context) -> Post:
    """How listeners of extensions get what they have subscribed to."""
    outside = scope.at()

    async def post(url: str, headers: dict[str, str], body: bytes) -> int:
        try:
            return (await outbound.send(outside, "POST", url, headers, body, timeout=_LISTENER_SECONDS)).status
        except outbound.Unreachable as error:
            raise OSError(str(error)) from error

    return post


async def _plan(scope: Context, runtimes: Runtimes, function: Function) -> Plan:
    """What to start."""
    if function.code.image:
        return await images.plan_of(scope, runtimes, function)
    settings = scope.app.settings
    runtime, handler = function.config.get("Runtime", "provided"), function.config.get("Handler", "")
    key = await scope.transact(code_sealing.key_to_run, scope, function.code, arn_of(scope, function.name))
    try:
        directory, *layers = [
            await code.directory_of(runtimes, scope.blobs, each, key)
            for each in (function.code, *(layer.code for layer in function.layers))
        ]
        skeleton = await asyncio.to_thread(lambda: runtimes.skeleton)
        scratch = function.config["EphemeralStorage"]["Size"] << 20
        sources = Sources(
            directory,
            layers,
            runtimes.directory,
            settings.lambda_libraries,
            runtimes.supplies,
            skeleton,
            scratch,
            function.memory,
        )
        return await asyncio.to_thread(plan, runtime, handler, sources, settings.lambda_runtimes == "exact")
    except (NoInterpreter, CannotStart) as error:
        raise errors.no_runtime(str(error)) from error
    except (BadPackage, OSError) as error:
        raise errors.invalid_zip() from error


async def _variables(scope: Context, function: Function, journal: Journal, language: dict[str, str]) -> dict[str, str]:
    """The environment variables of a function: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html"""
    runtime = function.config.get("Runtime", "")
    own = await sealing.variables_of(scope, function)
    logging = function.config.get("LoggingConfig") or {}
    variables = {
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        **language,
        "AWS_ENDPOINT_URL": _endpoint(scope),
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",  # nothing can be put before an address
        **own,
        "_HANDLER": function.config.get("Handler", ""),
        "AWS_DEFAULT_REGION": scope.region,
        "AWS_REGION": scope.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_FUNCTION_VERSION": function.version,
        "AWS_LAMBDA_LOG_GROUP_NAME": configurations.log_group(function),
        "AWS_LAMBDA_LOG_STREAM_NAME": journal.stream,
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "LAMBDA_TASK_ROOT": language["LAMBDA_TASK_ROOT"],
        "LAMBDA_RUNTIME_DIR": language["LAMBDA_RUNTIME_DIR"],
        "_LAMBDA_TELEMETRY_LOG_FD": "3",
    }
    if "PYTHONPATH" in own and "PYTHONPATH" in language:
        variables["PYTHONPATH"] += f":{language['PYTHONPATH']}"
    if runtime.startswith("provided"):
        del variables["AWS_EXECUTION_ENV"]
    if function.code.image:
        # images say these themselves
        del variables["_HANDLER"], variables["AWS_EXECUTION_ENV"]
    if logging.get("LogFormat") == "JSON":
        variables["AWS_LAMBDA_LOG_FORMAT"] = "JSON"
        variables["AWS_LAMBDA_LOG_LEVEL"] = logging.get("ApplicationLogLevel", "INFO")
    return variables | await _credentials(scope, function)


async def _credentials(scope: Context, function: Function) -> dict[str, str]:
    """Keys of a session of the execution role."""
    try:
        principal = await scope.assume(function.role, session_name=function.name)
    except AWSError as error:
        raise errors.role_not_assumable() from error
    credential = await sessions.issue(scope, principal, _CREDENTIAL_SECONDS)
    return {
        "AWS_ACCESS_KEY_ID": credential.access_key,
        "AWS_SECRET_ACCESS_KEY": credential.secret,
        "AWS_SESSION_TOKEN": credential.session_token,
    }


def _endpoint(scope: Context) -> str:
    """Where a function reaches the server. By number where that is possible, so that SDKs do not put buckets into the host name."""
    settings = scope.app.settings
    host = "127.0.0.1" if settings.public_host in ("localhost", "0.0.0.0", "") else settings.public_host
    return f"http://{host}:{settings.port}"

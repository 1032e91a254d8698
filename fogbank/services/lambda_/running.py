"""Running a version of a function once: an environment is taken, or started, and gets the event; what it writes becomes its log.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

from __future__ import annotations

import asyncio
import time
from typing import Any, NamedTuple

from fogbank.engines.warden import CannotStart
from fogbank.identity import sessions
from fogbank.kernel import AWSError, Context
from fogbank.services.lambda_ import code, configurations, errors, limits, metering
from fogbank.services.lambda_.journal import Journal
from fogbank.services.lambda_.records import FAILED, PENDING, Function, arn_of, reserved
from fogbank.services.lambda_.runtime.environments import Environment, Failure, Limits, Outcome
from fogbank.services.lambda_.runtime.interface import Answered, Event
from fogbank.services.lambda_.runtime.interpreters import NoInterpreter
from fogbank.services.lambda_.runtime.packages import BadPackage
from fogbank.services.lambda_.runtime.plans import Plan, Sources, plan
from fogbank.services.lambda_.runtime.pools import Runtimes
from fogbank.services.lambda_.runtime.relay import Relay

_CREDENTIAL_SECONDS = 12 * 3600
_RENEWAL_SECONDS = 6 * 3600


class Invocation(NamedTuple):
    """`invoked` is the ARN that was asked for; `context` the client's context, JSON. `trace` is an X-Ray header.

    `relay` gets what the function writes as a stream.
    """

    request_id: str
    payload: bytes
    invoked: str
    context: str = ""
    trace: str = ""
    relay: Relay | None = None


class Done(NamedTuple):
    """What came of an invocation: the payload is an error document when `error` (`Unhandled`) is set. `log` are its last lines.

    `durable` is the ARN of the execution that it began, of a durable function.
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
    try:
        await _require_room(scope, runtimes, function)
    except AWSError:
        metering.throttled(scope, function)
        raise
    begun: list[Journal] = []

    async def make() -> Environment:
        environment, journal = await _environment(scope, runtimes, function)
        environment.journal = journal  # type: ignore[attr-defined]
        begun.append(journal)
        return environment

    started = await runtimes.take(arn, await _build(scope, function), make)
    environment: Any = started.environment
    journal: Journal = environment.journal
    init_ms = environment.init_ms if begun else 0.0
    concurrent = runtimes.running(arn_of(scope, function.name))
    try:
        done, milliseconds = await _handle(environment, journal, started.failure, function, invocation, init_ms)
        metering.invoked(scope, function, bool(done.error), milliseconds, concurrent)
        return done
    finally:
        settling = asyncio.ensure_future(runtimes.give_back(arn, environment))
        settling.add_done_callback(lambda _: journal.flush())
        scope.app.requests.add(settling)
        settling.add_done_callback(scope.app.requests.discard)


async def _handle(
    environment: Environment,
    journal: Journal,
    failure: Failure | None,
    function: Function,
    invocation: Invocation,
    init_ms: float,
) -> tuple[Done, float]:
    """What came of it, and the milliseconds that it took."""
    if failure is None:
        journal.begin(invocation.request_id, is_cold=bool(init_ms))
        journal.start(function.version)
        outcome = await environment.invoke(_event(function, invocation), invocation.relay)
    else:
        outcome = _not_ready(environment, journal, failure, invocation)
        journal.start(function.version)
        init_ms = 0.0  # it is this invocation's duration
    answered = outcome.answered
    if outcome.status == "timeout":
        journal.timed_out(function.timeout)
    elif outcome.fault:
        journal.ended(answered)
    journal.report(outcome, function.memory, init_ms)
    error = "Unhandled" if answered.is_error else ""
    return Done(answered.payload, error, journal.tail(), answered), outcome.duration


def _not_ready(environment: Environment, journal: Journal, failure: Failure, invocation: Invocation) -> Outcome:
    """What an invocation gets whose environment did not initialise."""
    journal.begin(invocation.request_id, is_cold=True)
    journal.note_failed_init(environment.init_ms, failure)
    text = failure.answered.payload.replace(b"{request}", invocation.request_id.encode())
    answered = failure.answered._replace(payload=text)
    return Outcome(answered, environment.init_ms, failure.memory, True, failure.status, failure.fault)


def _event(function: Function, invocation: Invocation) -> Event:
    deadline = int((time.time() + function.timeout) * 1000)
    headers = [
        ("Lambda-Runtime-Deadline-Ms", str(deadline)),
        ("Lambda-Runtime-Invoked-Function-Arn", invocation.invoked),
        (
            "Lambda-Runtime-Trace-Id",
            invocation.trace or f"Root=1-{deadline // 1000:08x}-{invocation.request_id[-12:]}000000000000",
        ),
    ]
    if invocation.context:
        headers.append(("Lambda-Runtime-Client-Context", invocation.context))
    return Event(invocation.request_id, invocation.payload, headers)


def _require_ready(function: Function) -> None:
    if function.state == FAILED:
        raise errors.not_ready(function.state, f": {function.state_reason}")
    if function.state == PENDING and function.code.image:
        raise errors.not_ready(function.state, "")


async def _require_room(scope: Context, runtimes: Runtimes, function: Function) -> None:
    """Raise TooManyRequestsException at the function's reserved concurrency, or at what is left of the account's."""
    kept = await scope.transact(reserved.get, scope, function.name)
    arn = arn_of(scope, function.name)
    if kept is not None:
        if runtimes.running(arn) >= kept.concurrency:
            raise errors.too_many("ReservedFunctionConcurrentInvocationLimitExceeded")
    elif runtimes.running_of_account(arn_of(scope, "")) >= limits.CONCURRENCY:
        raise errors.too_many("ConcurrentInvocationLimitExceeded")


async def _build(scope: Context, function: Function) -> str:
    """What tells whether a warm environment is still up to date: of code under development also when it was written last.

    Environments are renewed from time to time, so that none has keys that expire.
    """
    build = f"{function.build} {scope.now() // _RENEWAL_SECONDS:.0f}"
    if not function.code.directory:
        return build
    return f"{build} {await asyncio.to_thread(code.changed_at, function.code.directory)}"


async def prepare(scope: Context, function: Function) -> None:
    """Do what need not wait for the first invocation: unpack the code, begin what forks functions."""
    runtimes = runtimes_of(scope)
    try:
        planned = await _plan(scope, runtimes, function)
        await runtimes.warden(planned)
    except (AWSError, CannotStart):
        return  # the first invocation says it


async def warm(scope: Context, function: Function, wanted_by: str, count: int) -> int:
    """Have that many environments of a version ready for `wanted_by`, a qualified ARN. Returns how many there are."""
    runtimes = runtimes_of(scope)
    arn = f"{arn_of(scope, function.name)}:{function.version}"
    runtimes.keep(wanted_by, count, arn)

    async def make() -> Environment:
        environment, journal = await _environment(scope, runtimes, function)
        environment.journal = journal  # type: ignore[attr-defined]
        environment.environ["AWS_LAMBDA_INITIALIZATION_TYPE"] = "provisioned-concurrency"
        return environment

    return await runtimes.warm(arn, await _build(scope, function), make)


# -- making an environment


async def _environment(scope: Context, runtimes: Runtimes, function: Function) -> tuple[Environment, Journal]:
    """An environment that is not started yet. Raises InvalidRuntimeException, InvalidParameterValueException."""
    planned = await _plan(scope, runtimes, function)
    journal = Journal(scope, function)
    variables = await scope.transact(_variables, scope, function, journal, planned.variables)
    if planned.interpreter is not None:
        journal.note_init(function.config.get("Runtime", ""), planned.interpreter.text, planned.note)
    environment = Environment(planned, variables, Limits(function.timeout, function.memory), journal.write)
    return environment, journal


async def _plan(scope: Context, runtimes: Runtimes, function: Function) -> Plan:
    """What to start."""
    if function.code.image:
        raise errors.no_runtime("Fogbank does not run container images.")
    settings = scope.app.settings
    runtime, handler = function.config.get("Runtime", "provided"), function.config.get("Handler", "")
    try:
        directory, *layers = [
            await code.directory_of(runtimes, scope.blobs, each)
            for each in (function.code, *(layer.code for layer in function.layers))
        ]
        skeleton = await asyncio.to_thread(lambda: runtimes.skeleton)
        scratch = function.config["EphemeralStorage"]["Size"] << 20
        sources = Sources(
            directory, layers, runtimes.directory, settings.lambda_libraries, skeleton, scratch, function.memory
        )
        return await asyncio.to_thread(plan, runtime, handler, sources, settings.lambda_runtimes == "exact")
    except (NoInterpreter, CannotStart) as error:
        raise errors.no_runtime(str(error)) from error
    except (BadPackage, OSError) as error:
        raise errors.invalid_zip() from error


async def _variables(scope: Context, function: Function, journal: Journal, language: dict[str, str]) -> dict[str, str]:
    """The environment variables of a function: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html"""
    runtime = function.config.get("Runtime", "")
    own = (function.config.get("Environment") or {}).get("Variables") or {}
    logging = function.config.get("LoggingConfig") or {}
    variables = {
        **language,
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
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
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": configurations.log_group(function),
        "AWS_LAMBDA_LOG_STREAM_NAME": journal.stream,
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "LAMBDA_TASK_ROOT": language["LAMBDA_TASK_ROOT"],
        "LAMBDA_RUNTIME_DIR": language["LAMBDA_RUNTIME_DIR"],
        "_LAMBDA_TELEMETRY_LOG_FD": "3",
    }
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

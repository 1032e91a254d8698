"""TestState: one state is run on its own, with what it would be given, for real or with a mock in place of what it asks for.

https://docs.aws.amazon.com/step-functions/latest/dg/test-state-isolation.html
"""

from __future__ import annotations

from typing import Any

import orjson

from fogbank.kernel import Context
from fogbank.kernel.ending import end as end_tasks
from fogbank.services.stepfunctions import errors, inspection
from fogbank.services.stepfunctions.configuration import check_role
from fogbank.services.stepfunctions.executions import Start, checked_input
from fogbank.services.stepfunctions.express import ExpressRun
from fogbank.services.stepfunctions.integrations import mocks, resources
from fogbank.services.stepfunctions.integrations.resources import ACTIVITY
from fogbank.services.stepfunctions.interpreter import flow
from fogbank.services.stepfunctions.interpreter.frame import ABSENT, Frame
from fogbank.services.stepfunctions.interpreter.run import SUCCEEDED, Done
from fogbank.services.stepfunctions.interpreter.strand import READY, WAITING, Strand, Work
from fogbank.services.stepfunctions.language import validation
from fogbank.services.stepfunctions.language.failure import Failure
from fogbank.services.stepfunctions.records import STANDARD, Machine, Revision
from fogbank.services.stepfunctions.service import service

Request = dict[str, Any]

_NAME = "State"
_SECONDS = 300
_LOGGING = {"level": "OFF", "includeExecutionData": False}


class TrialRun(ExpressRun):
    """Runs one state: `result` is what it had before its output was made, `delay` when it is to be tried again (seconds)."""

    def __init__(self, ctx: Context, start: Start, text: str, mock: Request | None) -> None:
        super().__init__(ctx, start, "", "test", text)
        self.mock = mock
        self.result: Any = ABSENT
        self.delay: float | None = None
        self.given: dict[str, Any] = {}

    def new_token(self, strand: Strand) -> str:
        return self.draw.uuid()

    async def wake(self, strand: Strand, moment: float) -> None:
        """Nobody waits in a test."""
        if strand.again:
            self.delay = moment - self.now()
        else:
            self._later(strand, self._at_once)

    async def _at_once(self) -> None:
        return None

    async def perform(self, strand: Strand, work: Work) -> Done | None:
        return await super().perform(strand, work) if self.mock is None else Done(self.mocked())

    async def _tell(self, strand: Strand, how: Done | Failure | None) -> None:
        if isinstance(how, Done):
            self.result = how.result
        await super()._tell(strand, how)

    def mocked(self) -> Any:
        """The mock's result. Raises Failure for the mock's error."""
        assert self.mock is not None
        error = self.mock.get("errorOutput")
        if error is not None:
            raise Failure(error.get("error"), error.get("cause"))
        self.result = orjson.loads(self.mock.get("result") or "null")
        return self.result

    async def try_state(self, strand: Strand) -> None:
        """One step, and what it waits for."""
        frame = Frame(self, strand)
        if self.mock is not None and frame.kind in ("Map", "Parallel"):
            await flow.step(frame, _with_mock)
        else:
            self.ready.append(strand.number)
            await flow.proceed(self, 1)
        try:
            while self.outcome is None and strand.phase != READY and self.delay is None:
                await self._hear(_SECONDS)
        finally:
            await end_tasks([each for each in self._working.values() if not each.done()])


async def _with_mock(frame: Frame) -> None:
    assert isinstance(frame.run, TrialRun)
    frame.arguments()
    await flow.finish(frame, frame.run.mocked())


# -- the operation


async def try_state(ctx: Context, request: Request) -> Request:
    """API_TestState."""
    text, mock = checked_input(request), request.get("mock")
    definition, name = _definition(request)
    _check_mock(definition["States"][name], mock)
    if request.get("roleArn") is not None:
        await ctx.transact(check_role, ctx, request["roleArn"])
    elif mock is None and definition["States"][name]["Type"] == "Task":
        raise errors.validation("RoleArn must be specified when testing a Task state without a mock.")
    revision = Revision(
        "", orjson.dumps(definition).decode(), request.get("roleArn") or "", _LOGGING, False, {}, ctx.now()
    )
    run = TrialRun(ctx, Start(Machine("test", STANDARD, ctx.now(), ctx.now()), revision), text, mock)
    strand = _strand(run, request, name, text)
    await run.try_state(strand)
    return _answer(run, strand, request, name, text)


# under its own name pytest would take the function for a test
service.operation_from(try_state, "test_state", transaction=False, resource=lambda ctx, request: "*")


def _definition(request: Request) -> tuple[Request, str]:
    """A machine with the state in it, and the state's name. Raises InvalidDefinition, ValidationException."""
    try:
        document = orjson.loads(request["definition"])
    except orjson.JSONDecodeError as error:
        raise errors.invalid_definition(f"INVALID_JSON_DESCRIPTION: {error}") from None
    name = request.get("stateName")
    if name is None and "States" in document:
        raise errors.validation("StateName must be specified when the definition is that of a state machine.")
    if name is None:
        found = validation.check_state(document)
        machine = {
            "StartAt": _NAME,
            "States": {_NAME: document},
            "QueryLanguage": document.get("QueryLanguage", "JSONPath"),
        }
        name = _NAME
    else:
        found = validation.check(request["definition"])
        machine = {**document, "States": dict(_all_states(document))}
        if name not in machine["States"]:
            raise errors.validation(f"State not found in the definition: {name}")
    if found:
        raise errors.invalid_definition(", ".join(str(each) for each in found))
    return machine, name


def _all_states(machine: Request) -> list[tuple[str, Request]]:
    """The states of a machine and those inside of them, as names are used once only."""
    found: list[tuple[str, Request]] = []
    for name, state in machine["States"].items():
        found.append((name, state))
        inner = [*state.get("Branches", ()), *(state[key] for key in ("ItemProcessor", "Iterator") if key in state)]
        for each in inner:
            found += _all_states(each)
    return found


def _check_mock(state: Request, mock: Request | None) -> None:
    """Raises ValidationException."""
    if mock is not None and mock.get("result") is not None and mock.get("errorOutput") is not None:
        raise errors.validation("A test mock should have only one of the following fields: [result, errorOutput].")
    if mock is not None and state["Type"] not in ("Task", "Map", "Parallel"):
        raise errors.validation(f"State type '{state['Type']}' is not supported when a mock is specified.")
    resource = resources.read(state["Resource"]) if state["Type"] == "Task" else None
    if mock is None and state["Type"] in ("Map", "Parallel"):
        raise errors.validation(f"State type '{state['Type']}' is only supported when a mock is specified.")
    if mock is None and resource is not None and (resource.pattern or resource.kind == ACTIVITY):
        raise errors.validation("TestState API does not support this integration without a mock.")
    if mock is not None and mock.get("result") is not None:
        try:
            orjson.loads(mock["result"])
        except orjson.JSONDecodeError:
            raise errors.validation("Mocked result must be valid JSON") from None
        if resource is not None:
            mocks.check(resource, mock)


def _strand(run: TrialRun, request: Request, name: str, text: str) -> Strand:
    config = request.get("stateConfiguration") or {}
    retriers = run.definition.state((), name).get("Retry") or ()
    if request.get("context"):
        given = orjson.loads(request["context"])
        run.context = {
            key: {**run.context.get(key, {}), **value} for key, value in given.items() if isinstance(value, dict)
        }
        run.context.setdefault("Execution", {})
    run.given = orjson.loads(request.get("variables") or "{}")
    return run.new_strand(
        state=name,
        input=orjson.loads(text),
        variables=run.given,
        item=run.context.pop("Map", None),
        retried=[config.get("retrierRetryCount") or 0] * len(retriers),
        entered=run.now(),
        attempt=1,
        again=True,
    )


def _answer(run: TrialRun, strand: Strand, request: Request, name: str, text: str) -> Request:
    outcome, answer = run.outcome, Request()
    failure = run.failure
    if outcome is not None and outcome.status != SUCCEEDED:
        answer = {"status": "FAILED", "error": outcome.error, "cause": outcome.cause}
    elif strand.phase == WAITING:
        assert failure is not None
        answer = {"status": "RETRIABLE", "error": failure.error, "cause": failure.cause}
    else:
        output = outcome.output if outcome is not None else orjson.dumps(strand.input).decode()
        answer = {"status": "SUCCEEDED", "output": output, "nextState": None if outcome is not None else strand.state}
        if failure is not None:
            answer |= {"status": "CAUGHT_ERROR", "error": failure.error, "cause": failure.cause}
    level = request.get("inspectionLevel") or "INFO"
    if level != "INFO":
        answer["inspectionData"] = inspection.data(run, strand, name, text)
    return answer

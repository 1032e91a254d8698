"""What the tests of durable functions have in common: functions with AWS's own SDK for Python in their packages."""

import functools
import importlib.util
import json
import time
import zlib
from pathlib import Path

from tests.services.lambda_.functions import Functions

PERMISSIONS = ("lambda:CheckpointDurableExecution", "lambda:GetDurableExecutionState")
OVER = ("SUCCEEDED", "FAILED", "TIMED_OUT", "STOPPED")
# All functions have the same package, so that the SDK is compiled once. What they do is in their environment, or in their input: an
# environment that is there already saves the second that the SDK takes to load.
INDEX = """
import json, os
from aws_durable_execution_sdk_python import DurableContext, durable_execution
from aws_durable_execution_sdk_python.config import *
from aws_durable_execution_sdk_python.retries import *
from aws_durable_execution_sdk_python.waits import *
handlers = {}
def handler(event, context):
    source = os.environ.get("SOURCE")
    if not source:
        given = event["InitialExecutionState"]["Operations"][0]["ExecutionDetails"]["InputPayload"]
        source = json.loads(given)["source"]
    if source not in handlers:
        names = dict(globals())
        exec(source, names)
        handlers[source] = names["handler"]
    return handlers[source](event, context)
"""
STEP = """
@durable_execution
def handler(event, context):
    return context.step(lambda _: {"got": event}, name="look")
"""
WAIT = """
@durable_execution
def handler(event, context):
    context.wait(Duration.from_hours(2), name="rest")
    return "rested"
"""


@functools.cache
def sdk():
    """The files of the SDK, by name."""
    spec = importlib.util.find_spec("aws_durable_execution_sdk_python")
    root = Path(spec.origin).parent
    return {str(path.relative_to(root.parent)): path.read_bytes() for path in root.rglob("*.py")}


class Durable(Functions):
    def __init__(self, aws):
        super().__init__(aws)
        self._allowed = set(PERMISSIONS)
        self._made = set()

    def make_durable(self, source=STEP, name="f", *, timeout=600, retention=None, allowed=(), **options):
        """Make a durable function with the SDK; its role may checkpoint, and do what is allowed besides."""
        self._allowed.update(allowed)
        self.allow(*self._allowed)
        config = {"ExecutionTimeout": timeout}
        if retention is not None:
            config["RetentionPeriodInDays"] = retention
        variables = {"Variables": {"SOURCE": source}}
        return self.make({**sdk(), "index.py": INDEX}, name, DurableConfig=config, Environment=variables, **options)

    def once(self, source, **options):
        """The name of a durable function that is made when its source is first asked for; empty for what executes that of its input."""
        name = f"f{zlib.crc32(source.encode())}"
        if name not in self._made:
            self.make_durable(source, name, timeout=86_400, **options)
            self._made.add(name)
        return name

    def make_plain(self, source, name="f", *, timeout=600, **options):
        """A durable function that speaks for itself, without the SDK."""
        self.allow(*PERMISSIONS)
        return self.make(source, name, DurableConfig={"ExecutionTimeout": timeout}, **options)

    def start(self, event=None, name="f", source=None, **options):
        """Start an execution that nobody waits for, of a function or of a source. Returns its ARN."""
        if source is not None:
            name, event = self.once(""), {**(event or {}), "source": source}
        options = {"Qualifier": "$LATEST", **options}
        payload = json.dumps({} if event is None else event)
        answer = self.client.invoke(FunctionName=name, InvocationType="Event", Payload=payload, **options)
        assert answer["StatusCode"] == 202
        return answer["DurableExecutionArn"]

    def describe(self, arn):
        return self.client.get_durable_execution(DurableExecutionArn=arn)

    def until(self, arn, *statuses):
        """Wait for the execution to be in one of these, or over. Returns its description."""
        return poll(lambda: self.describe(arn), lambda it: it["Status"] in (statuses or OVER))

    def until_event(self, arn, *kinds):
        """Wait until the history has these events, as often as they are given. Returns the history."""

        def has_all(events):
            types = [event["EventType"] for event in events]
            return all(types.count(kind) >= kinds.count(kind) for kind in kinds)

        return poll(lambda: self.history(arn), has_all)

    def history(self, arn, **options):
        return self.client.get_durable_execution_history(DurableExecutionArn=arn, **options)["Events"]

    def types(self, arn):
        return [event["EventType"] for event in self.history(arn)]

    def callback_id(self, arn):
        events = self.until_event(arn, "CallbackStarted", "InvocationCompleted")
        return next(e for e in events if e["EventType"] == "CallbackStarted")["CallbackStartedDetails"]["CallbackId"]


def poll(look, is_enough):
    for _ in range(400):
        if is_enough(found := look()):
            return found
        time.sleep(0.025)
    raise AssertionError(f"never: {found}")


def event_of(events, kind):
    return next(event for event in events if event["EventType"] == kind)

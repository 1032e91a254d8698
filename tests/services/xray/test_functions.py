"""Traces of Lambda functions: the segments of the service, and those that functions send with the X-Ray SDK."""

import importlib.util
import json
import os
import time

import pytest

from tests.services.lambda_.functions import Functions
from tests.services.xray.conftest import new_id, new_trace_id

SDK = """
from aws_xray_sdk.core import patch, xray_recorder
import boto3
patch(["botocore"])

@xray_recorder.capture("process_payment")
def process_payment(order):
    xray_recorder.current_subsegment().put_annotation("orderId", order["id"])
    boto3.client("sts").get_caller_identity()

def handler(event, context):
    process_payment(event)
"""


@pytest.fixture
def functions(aws):
    return Functions(aws)


@pytest.fixture(scope="module")
def sdk():
    """The files of the X-Ray SDK, and of what it needs, for the package of a function."""
    files = {}
    for name in ("aws_xray_sdk", "wrapt"):
        (root,) = importlib.util.find_spec(name).submodule_search_locations
        for folder, _, names in os.walk(root):
            for each in names:
                path = os.path.join(folder, each)
                if not each.endswith(".pyc"):
                    with open(path, "rb") as file:
                        files[os.path.join(name, os.path.relpath(path, root))] = file.read()
    return files


def soon(look):
    """What `look` finds, as soon as it finds something."""
    deadline = time.monotonic() + 10
    while not (found := look()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def whole(xray):
    """The documents of the one trace, by type."""

    def look():
        now = time.time()
        given = {"StartTime": now - 300, "EndTime": now + 300}
        ids = [each["Id"] for each in xray.get_trace_summaries(**given)["TraceSummaries"]]
        traces = xray.batch_get_traces(TraceIds=ids)["Traces"] if ids else []
        documents = [json.loads(each["Document"]) for trace in traces for each in trace["Segments"]]
        return {document["origin"]: document for document in documents}

    return soon(look)


def test_an_active_function_has_two_segments(xray, functions):
    made = functions.make(TracingConfig={"Mode": "Active"})
    functions.call()
    documents = whole(xray)
    service, function = documents["AWS::Lambda"], documents["AWS::Lambda::Function"]
    assert service["resource_arn"] == made["FunctionArn"] and service["http"]["response"]["status"] == 200
    assert function["parent_id"] == service["id"]
    names = [each["name"] for each in function["subsegments"]]
    assert names == ["Initialization", "Invocation", "Overhead"]
    assert service["start_time"] <= function["start_time"] <= function["end_time"] <= service["end_time"]


def test_a_failure_is_a_fault_with_its_cause(xray, functions):
    functions.make("def handler(event, context): raise ValueError('no')", TracingConfig={"Mode": "Active"})
    functions.call()
    documents = whole(xray)
    assert documents["AWS::Lambda"]["fault"]
    (raised,) = documents["AWS::Lambda::Function"]["cause"]["exceptions"]
    assert (raised["type"], raised["message"]) == ("ValueError", "no")


def test_a_sampled_header_is_enough_and_says_where_the_function_belongs(xray, functions):
    functions.make()
    trace_id, parent = new_trace_id(), new_id()
    header = f"Root={trace_id};Parent={parent};Sampled=1"

    def add(request, **_):
        request.headers["X-Amzn-Trace-Id"] = header

    functions.client.meta.events.register("before-send.lambda.Invoke", add)
    functions.call()
    document = whole(xray)["AWS::Lambda"]
    assert (document["trace_id"], document["parent_id"]) == (trace_id, parent)


def test_what_is_not_sampled_leaves_no_trace(xray, functions):
    functions.make()
    functions.make(name="g", TracingConfig={"Mode": "Active"})
    functions.call()
    functions.call(name="g")
    assert {each["name"] for each in whole(xray).values()} == {"g"}


def with_sdk(functions, sdk, *actions):
    functions.allow("sts:GetCallerIdentity", *actions)
    functions.make({"index.py": SDK, **sdk}, TracingConfig={"Mode": "Active"}, Timeout=20)
    assert functions.call({"id": "O-1"}) == (None, None)


def test_the_sdk_in_a_function_sends_its_subsegments(xray, functions, sdk):
    with_sdk(functions, sdk, "xray:PutTraceSegments")

    def own():
        invocation = whole(xray)["AWS::Lambda::Function"]["subsegments"][1]
        return invocation.get("subsegments")

    (payment,) = soon(own)
    assert payment["annotations"] == {"orderId": "O-1"}
    assert [each["name"] for each in payment["subsegments"]] == ["sts"]


def test_the_sdk_sends_nothing_that_the_role_may_not_send(xray, functions, sdk):
    with_sdk(functions, sdk)
    time.sleep(0.3)
    assert "subsegments" not in whole(xray)["AWS::Lambda::Function"]["subsegments"][1]


RULES = """
import json, os, urllib.request

def handler(event, context):
    request = urllib.request.Request(
        "http://" + os.environ["AWS_XRAY_DAEMON_ADDRESS"] + "/GetSamplingRules", b"{}", {"Content-Type": "application/json"}
    )
    return json.load(urllib.request.urlopen(request))
"""


def test_the_daemon_answers_for_x_ray(xray, functions):
    functions.allow("xray:GetSamplingRules")
    functions.make(RULES)
    answer, _ = functions.call()
    assert [each["SamplingRule"]["RuleName"] for each in answer["SamplingRuleRecords"]] == ["Default"]


def test_an_invocation_that_is_throttled_has_a_segment(xray, functions):
    functions.make(TracingConfig={"Mode": "Active"})
    functions.client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=0)
    with pytest.raises(functions.client.exceptions.TooManyRequestsException):
        functions.call()
    (document,) = whole(xray).values()
    assert (document["throttle"], document["http"]["response"]["status"]) == (True, 429)


STRANGE = """
import json, os, socket

def handler(event, context):
    host, _, port = os.environ["AWS_XRAY_DAEMON_ADDRESS"].partition(":")
    header = json.dumps({"format": "json", "version": 1}).encode()
    for datagram in (b"", b"nonsense", header + b"\\n[]", header + b"\\n" + json.dumps(event).encode()):
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(datagram, (host, int(port)))
"""


def test_the_daemon_drops_what_belongs_to_no_invocation(xray, functions):
    functions.allow("xray:PutTraceSegments")
    functions.make(STRANGE, TracingConfig={"Mode": "Active"})
    stranger = {"trace_id": new_trace_id(), "id": new_id(), "name": "s", "start_time": 1, "end_time": 2}
    functions.call(stranger)
    time.sleep(0.2)
    assert whole(xray).keys() == {"AWS::Lambda", "AWS::Lambda::Function"}
    assert not xray.batch_get_traces(TraceIds=[stranger["trace_id"]])["Traces"]

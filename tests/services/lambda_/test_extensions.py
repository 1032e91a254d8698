"""External and internal extensions: what they hear, when an invocation is over, how they end."""

import base64
import json
import time

import pytest

from fogbank.services.lambda_.runtime import environments
from tests.services.lambda_.extensions import LISTENER, layer
from tests.services.lambda_.functions import ECHO, package


class Extended:
    """Makes functions with extensions."""

    def __init__(self, functions, place):
        self.functions = functions
        self.place = place

    def make(self, function=ECHO, options=None, **sources):
        client = self.functions.client
        made = client.publish_layer_version(LayerName="x", Content={"ZipFile": layer(self.place, **sources)})
        self.functions.make(function, Layers=[made["LayerVersionArn"]], **(options or {}))

    def end(self):
        """A change of the function ends its environments."""
        self.functions.client.update_function_configuration(FunctionName="f", Description="changed")
        self.functions.settle()

    def heard(self, enough=lambda found: True):
        """What extensions have noted, as soon as it is enough."""
        until = time.monotonic() + 10
        while True:
            found = [json.loads(line) for line in self.place.read_text().splitlines()]
            if enough(found) or time.monotonic() > until:
                return found
            time.sleep(0.02)

    def events(self, count):
        found = self.heard(lambda each: sum("event" in one for one in each) >= count)
        return [each["event"] for each in found if "event" in each]


@pytest.fixture
def extended(functions, request):
    # a function's own /tmp may cover the machine's
    place = request.config.rootpath / ".pytest_cache" / f"heard-{time.monotonic_ns()}"
    place.parent.mkdir(exist_ok=True)
    place.touch()
    yield Extended(functions, place)
    place.unlink(missing_ok=True)


def test_an_extension_registers_and_hears_of_invocations(extended):
    extended.make(listener=LISTENER)
    answer = extended.functions.client.invoke(FunctionName="f", Payload="{}")
    (event,) = extended.events(1)
    assert event["eventType"] == "INVOKE"
    assert event["requestId"] == answer["ResponseMetadata"]["RequestId"]
    assert event["invokedFunctionArn"].endswith(":function:f")
    assert event["tracing"]["type"] == "X-Amzn-Trace-Id" and event["tracing"]["value"].startswith("Root=1-")
    assert 0 < event["deadlineMs"] / 1000 - time.time() < 11
    (registered, *_) = extended.heard()
    assert registered["registered"] == {"functionName": "f", "functionVersion": "$LATEST", "handler": "index.handler"}


def test_an_extension_has_the_functions_variables_but_not_the_runtimes(extended):
    extended.make(options={"Environment": {"Variables": {"OWN": "1"}}}, listener=LISTENER)
    extended.functions.call()
    names = set(extended.heard()[0]["environ"])
    assert {"OWN", "AWS_LAMBDA_RUNTIME_API", "AWS_ACCESS_KEY_ID", "AWS_LAMBDA_FUNCTION_NAME"} <= names
    assert not {"_HANDLER", "LAMBDA_TASK_ROOT", "AWS_EXECUTION_ENV", "AWS_LAMBDA_LOG_STREAM_NAME"} & names


def test_who_asks_for_it_is_told_the_account(extended):
    extended.make(
        listener="me, answer = register('INVOKE', **{'Lambda-Extension-Accept-Feature': 'accountId'})\n"
        "note(registered=answer)\nwhile True: following(me)\n"
    )
    extended.functions.call()
    account = extended.functions.role.split(":")[4]
    assert extended.heard()[0]["registered"]["accountId"] == account


def test_extensions_and_the_function_share_a_file_system(extended):
    writer = "open('/tmp/shared', 'w').write('from the extension')\n" + LISTENER
    extended.make("def handler(event, context):\n    return open('/tmp/shared').read()\n", writer=writer)
    assert extended.functions.call() == ("from the extension", None)


def test_an_environment_that_ends_says_so(extended):
    extended.make(listener=LISTENER)
    extended.functions.call()
    extended.end()
    event = extended.events(2)[1]
    assert (event["eventType"], event["shutdownReason"]) == ("SHUTDOWN", "spindown")
    assert event["deadlineMs"] / 1000 - time.time() < 2


def test_a_function_that_took_too_long_ends_with_its_extensions(extended):
    extended.make(
        "import time\ndef handler(event, context):\n    time.sleep(event.get('s', 0))\n",
        {"Timeout": 1},
        listener=LISTENER,
    )
    document, _ = extended.functions.call({"s": 9})
    assert document["errorType"] == "Sandbox.Timedout"
    assert extended.events(2)[1]["shutdownReason"] == "timeout"
    assert extended.functions.call() == (None, None)


def test_a_function_that_exits_ends_with_its_extensions(extended):
    extended.make("import os\ndef handler(event, context):\n    os._exit(1)\n", listener=LISTENER)
    document, _ = extended.functions.call()
    assert document["errorType"] == "Runtime.ExitError"
    assert extended.events(2)[1]["shutdownReason"] == "failure"


def test_the_runtime_is_asked_to_end_before_extensions_are(extended):
    source = (
        "import signal, sys\n"
        "def ended(*_):\n    open(HEARD, 'a').write('{\"runtime\": \"over\"}\\n')\n    sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, ended)\n"
        "def handler(event, context):\n    pass\n"
    )
    extended.make(f"HEARD = {str(extended.place)!r}\n" + source, listener=LISTENER)
    extended.functions.call()
    extended.end()
    heard = extended.heard(lambda found: len(found) == 4)
    assert heard[2] == {"runtime": "over"}
    assert heard[3]["event"]["eventType"] == "SHUTDOWN"


def test_the_answer_does_not_wait_for_extensions_but_the_next_invocation_does(extended):
    slow = "import time\nme, _ = register('INVOKE')\nwhile True:\n    following(me)\n    time.sleep(0.5)\n    note(done=True)\n"
    extended.make(slow=slow)
    extended.functions.call()
    assert extended.heard() == []
    extended.functions.call()
    assert extended.heard()[0] == {"name": "slow", "done": True}


def test_the_report_tells_of_the_time_of_extensions(extended):
    slow = "import time\nme, _ = register('INVOKE')\nwhile True:\n    following(me)\n    time.sleep(0.3)\n"
    extended.make(slow=slow)
    log = _log(extended)
    assert float(log.partition("\tDuration: ")[2].partition(" ms")[0]) > 300
    assert "EXTENSION\tName: slow\tState: Ready\tEvents: [INVOKE]" in log


def _log(extended):
    answer = extended.functions.client.invoke(FunctionName="f", LogType="Tail")
    return base64.b64decode(answer["LogResult"]).decode()


def test_an_extension_that_fails_to_initialise_fails_the_invocation(extended):
    source = (
        "me, _ = register('INVOKE')\n"
        "kind = {'Lambda-Extension-Function-Error-Type': 'Fatal.ConnectFailed', **me}\n"
        "note(attempt=True)\n"
        "ask('POST', '/2020-01-01/extension/init/error', kind, {})\n"
    )
    extended.make(failing=source)
    document, error = extended.functions.call()
    assert (document["errorType"], error) == ("Extension.InitError", "Unhandled")
    assert "Fatal.ConnectFailed" in document["errorMessage"]
    assert len(extended.heard()) == 2  # the second time as a part of the invocation


def test_an_extension_that_crashes_fails_the_invocation(extended):
    sleeper = "import time\ndef handler(event, context):\n    time.sleep(5)\n"
    extended.make(sleeper, crashing="me, _ = register('INVOKE')\nfollowing(me)\nsys.exit(3)\n")
    document, _ = extended.functions.call()
    assert document["errorType"] == "Extension.Crash"
    assert document["errorMessage"].endswith("Error: exit code 3")


def test_an_extension_that_cannot_be_executed_is_named(functions):
    content = package({"extensions/broken": "#!/nothing/of/that/name\n"})
    made = functions.client.publish_layer_version(LayerName="x", Content={"ZipFile": content})
    functions.make(Layers=[made["LayerVersionArn"]])
    answer = functions.client.invoke(FunctionName="f", LogType="Tail")
    assert json.loads(answer["Payload"].read())["errorType"] == "Extension.LaunchError"
    log = base64.b64decode(answer["LogResult"]).decode()
    assert "EXTENSION\tName: broken\tState: Started\tEvents: []\tError Type: Extension.LaunchError" in log


def test_the_time_of_extensions_is_a_metric(extended, aws):
    extended.make(slow="import time\nme, _ = register('INVOKE')\nwhile True:\n    following(me)\n    time.sleep(0.2)\n")
    _log(extended)
    now, until = time.time(), time.monotonic() + 5

    def average():
        found = aws("cloudwatch").get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName="PostRuntimeExtensionsDuration",
            Dimensions=[{"Name": "FunctionName", "Value": "f"}],
            StartTime=now - 3600,
            EndTime=now + 3600,
            Period=7200,
            Statistics=["Average"],
        )["Datapoints"]
        return found[0]["Average"] if found else 0

    while not average() and time.monotonic() < until:
        time.sleep(0.05)
    assert average() > 150


def test_an_extension_may_say_why_it_exits(extended):
    source = (
        "me, _ = register('INVOKE')\nfollowing(me)\n"
        "kind = {'Lambda-Extension-Function-Error-Type': 'Extension.Broken', **me}\n"
        "ask('POST', '/2020-01-01/extension/exit/error', kind, {})\n"
    )
    extended.make("import time\ndef handler(event, context):\n    time.sleep(5)\n", exiting=source)
    document, _ = extended.functions.call()
    assert document["errorType"] == "Extension.ExitError"


def test_a_program_that_does_not_register_keeps_the_function_from_starting(extended, monkeypatch):
    monkeypatch.setattr(environments, "INIT_SECONDS", 0.3)
    extended.make(options={"Timeout": 1}, silent="import time\ntime.sleep(60)\n")
    document, _ = extended.functions.call()
    assert document["errorType"] == "Sandbox.Timedout"


REFUSED = """
def refused(name, events, headers={}):
    response, answer = ask("POST", "/2020-01-01/extension/register", {"Lambda-Extension-Name": name, **headers}, events)
    return [response.status, answer["errorType"]]

me, _ = register("INVOKE")
nobody = {"Lambda-Extension-Identifier": "5d4a1e6c-8a39-4a6f-9c5b-000000000000"}
results = {
    "twice": refused(NAME, {"events": []}),
    "nameless": refused("", {"events": []}),
    "unknown event": refused("other", {"events": ["BOOT"]}),
    "internal shutdown": refused("internal", {"events": ["SHUTDOWN"]}),
    "not json": refused("other", "text"),
}
for title, headers in (("no identifier", {}), ("bad identifier", {"Lambda-Extension-Identifier": "x"}), ("nobody", nobody)):
    response, answer = ask("GET", "/2020-01-01/extension/event/next", headers)
    results[title] = [response.status, answer["errorType"]]
response, answer = ask("POST", "/2020-01-01/extension/init/error", me)
results["no type"] = [response.status, answer["errorType"]]
note(results=results)
while True:
    following(me)
"""


def test_wrong_requests_are_refused(extended):
    extended.make(refused=REFUSED)
    extended.functions.call()
    assert extended.heard()[0]["results"] == {
        "twice": [403, "Extension.InvalidExtensionState"],
        "nameless": [403, "Extension.InvalidExtensionName"],
        "unknown event": [403, "Extension.InvalidEventType"],
        "internal shutdown": [403, "Extension.InvalidEventType"],
        "not json": [403, "InvalidRequestFormat"],
        "no identifier": [403, "Extension.MissingExtensionIdentifier"],
        "bad identifier": [403, "Extension.InvalidExtensionIdentifier"],
        "nobody": [403, "Extension.UnknownExtensionIdentifier"],
        "no type": [403, "Extension.MissingHeader"],
    }


def test_no_more_than_ten_extensions_register(extended):
    source = (
        "import http.client, json, os\n"
        "def register(name):\n"
        "    c = http.client.HTTPConnection(os.environ['AWS_LAMBDA_RUNTIME_API'])\n"
        "    c.request('POST', '/2020-01-01/extension/register', json.dumps({'events': []}), {'Lambda-Extension-Name': name})\n"
        "    return json.loads(c.getresponse().read()).get('errorType')\n"
        "def handler(event, context):\n    return results, register('late')\n"
        "results = [register(f'i{n}') for n in range(11)]\n"
        "import threading\n"
    )
    # those that have registered have to wait for events, too
    source = source.replace("import threading\n", "raise RuntimeError(repr(results))\n")
    extended.functions.make(source)
    document, _ = extended.functions.call()
    assert document["errorMessage"] == repr([None] * 10 + ["Extension.TooManyExtensions"])


INTERNAL = """
import http.client, json, os, threading
heard = []
def loop():
    c = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    c.request("POST", "/2020-01-01/extension/register", json.dumps({"events": ["INVOKE"]}), {"Lambda-Extension-Name": "inner"})
    response = c.getresponse()
    response.read()
    me = {"Lambda-Extension-Identifier": response.headers["Lambda-Extension-Identifier"]}
    registered.set()
    while True:
        c.request("GET", "/2020-01-01/extension/event/next", headers=me)
        heard.append(json.loads(c.getresponse().read())["requestId"])
registered = threading.Event()
threading.Thread(target=loop, daemon=True).start()
registered.wait()
def late():
    c = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    c.request("POST", "/2020-01-01/extension/register", "{}", {"Lambda-Extension-Name": "late"})
    return json.loads(c.getresponse().read())["errorType"]
def handler(event, context):
    return context.aws_request_id, list(heard), late()
"""


def test_an_extension_inside_of_the_runtime_hears_of_invocations(extended):
    extended.functions.make(INTERNAL)
    first = extended.functions.call()[0]
    second = extended.functions.call()[0]
    assert first[0] in second[1]


def test_nobody_registers_when_the_environment_is_initialised(extended):
    extended.functions.make(INTERNAL)
    assert extended.functions.call()[0][2] == "Extension.RegistrationClosed"

"""The Telemetry API and the older Logs API: what subscribers hear, in batches."""

import json

import pytest

from tests.services.lambda_.test_extensions import extended  # noqa: F401

# Subscribes, and notes all that it is sent until the environment ends.
SUBSCRIBER = """
import http.server, threading
batches = []
class Listener(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        events = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        note(batch=events, type=self.headers["Content-Type"], path=self.path)
        self.send_response(STATUSES.pop() if STATUSES else 200)
        self.end_headers()
    def log_message(self, *_):
        pass
STATUSES = {statuses}
server = http.server.HTTPServer(("127.0.0.1", 0), Listener)
threading.Thread(target=server.serve_forever, daemon=True).start()
me, _ = register("INVOKE", "SHUTDOWN")
destination = {{"protocol": "HTTP", "URI": "http://sandbox.localdomain:%d/here" % server.server_port}}
body = {{"types": {types}, "destination": destination, "buffering": {{"timeoutMs": 25}}, **{more}}}
response, answer = ask("PUT", "{path}", me, body)
note(status=response.status, answer=answer)
print("subscribed", flush=True)
while following(me)["eventType"] != "SHUTDOWN":
    pass
note(over=True)
"""


def subscriber(*types, path="/2022-07-01/telemetry", schema="2022-12-13", statuses=(), **more):
    more = {"schemaVersion": schema, **more}
    return SUBSCRIBER.format(types=list(types), path=path, more=more, statuses=list(statuses))


@pytest.fixture
def heard(extended):  # noqa: F811
    """Runs a function with a subscriber, ends it, and gives the events that were sent."""

    def run(source, function="def handler(event, context):\n    print('hello')\n    return 1\n", calls=1, options=None):
        extended.make(function, options, subscriber=source)
        for _ in range(calls):
            extended.functions.call()
        extended.end()
        noted = extended.heard(lambda found: found and "over" in found[-1])
        return [event for each in noted for event in each.get("batch", ())]

    return run


def kinds(events):
    return [each["type"] for each in events]


def test_a_subscriber_hears_of_the_whole_life_of_an_environment(heard):
    events = heard(subscriber("platform"))
    assert kinds(events) == [
        "platform.initStart",
        "platform.telemetrySubscription",
        "platform.initRuntimeDone",
        "platform.extension",
        "platform.initReport",
        "platform.start",
        "platform.runtimeDone",
        "platform.report",
    ]
    record = {each["type"].partition(".")[2]: each["record"] for each in events}
    start = record["initStart"]
    assert (start["initializationType"], start["phase"], start["functionName"]) == ("on-demand", "init", "f")
    assert start["functionVersion"] == "$LATEST" and start["instanceMaxMemory"] == 128 << 20
    assert record["telemetrySubscription"] == {"name": "subscriber", "state": "Subscribed", "types": ["platform"]}
    assert record["extension"] == {"name": "subscriber", "state": "Ready", "events": ["INVOKE", "SHUTDOWN"]}
    assert record["initReport"]["status"] == "success" and record["initReport"]["metrics"]["durationMs"] > 0
    assert record["start"]["version"] == "$LATEST"
    done = record["runtimeDone"]
    assert (done["status"], done["metrics"]["producedBytes"]) == ("success", 1)
    assert [each["name"] for each in done["spans"]] == ["responseLatency", "responseDuration", "runtimeOverhead"]
    report = record["report"]
    assert report["requestId"] == record["start"]["requestId"] == done["requestId"]
    assert report["metrics"]["memorySizeMB"] == 128 and report["metrics"]["initDurationMs"] > 0


def test_what_the_function_and_extensions_write_is_told_apart(heard):
    events = heard(subscriber("function", "extension"))
    assert [(each["type"], each["record"].strip()) for each in events] == [
        ("extension", "subscribed"),
        ("function", "hello"),
    ]


def test_messages_in_json_arrive_as_objects(heard):
    source = "import logging\ndef handler(event, context):\n    logging.getLogger().warning('careful')\n"
    events = heard(subscriber("function"), source, options={"LoggingConfig": {"LogFormat": "JSON"}})
    assert (events[0]["record"]["level"], events[0]["record"]["message"]) == ("WARNING", "careful")


def test_the_first_schema_has_them_as_text(heard):
    source = "import logging\ndef handler(event, context):\n    logging.getLogger().warning('careful')\n"
    options = {"LoggingConfig": {"LogFormat": "JSON"}}
    events = heard(subscriber("function", schema="2022-07-01"), source, options=options)
    assert json.loads(events[0]["record"])["message"] == "careful"


def test_a_function_that_fails_is_told_with_its_kind_of_error(heard):
    events = heard(subscriber("platform"), "import os\ndef handler(event, context):\n    os._exit(1)\n")
    (report,) = [each["record"] for each in events if each["type"] == "platform.report"]
    assert (report["status"], report["errorType"]) == ("error", "Runtime.ExitError")


def test_a_batch_that_is_not_taken_is_sent_again(heard):
    assert kinds(heard(subscriber("function", statuses=[500]))) == ["function", "function"]


def test_the_older_api_says_that_an_invocation_is_over(heard):
    events = heard(subscriber("platform", path="/2020-08-15/logs", schema="2020-08-15"))
    assert kinds(events) == [
        "platform.logsSubscription",
        "platform.extension",
        "platform.start",
        "platform.end",
        "platform.report",
    ]
    assert set(events[-1]["record"]) == {"requestId", "metrics"}


def test_its_second_schema_says_when_the_runtime_is_done(heard):
    events = heard(subscriber("platform", path="/2020-08-15/logs", schema="2021-03-18"))
    assert "platform.runtimeDone" in kinds(events)


ANSWERS = """
me, _ = register()
good = {"schemaVersion": "2022-12-13", "types": ["platform"], "destination": {"protocol": "HTTP", "URI": "http://sandbox.localdomain:4243"}}
def answered(path="/2022-07-01/telemetry", headers=me, **changes):
    response, answer = ask("PUT", path, headers, {**good, **changes})
    return [response.status, answer if isinstance(answer, str) else answer["errorType"]]
note(results={
    "nobody": answered(headers={}),
    "schema": answered(schemaVersion="1999-01-01"),
    "types": answered(types=[]),
    "type": answered(types=["weather"]),
    "port": answered(destination={"protocol": "HTTP", "URI": "http://sandbox.localdomain"}),
    "outside": answered(destination={"protocol": "HTTP", "URI": "http://example.com:80"}),
    "reserved": answered(destination={"protocol": "HTTP", "URI": "http://sandbox.localdomain:9001"}),
    "protocol": answered(destination={"protocol": "UDP", "URI": "http://sandbox.localdomain:1"}),
    "buffering": answered(buffering={"timeoutMs": 1}),
    "fine": answered(),
    "again": answered(types=["function"]),
    "other api": answered("/2020-08-15/logs", schemaVersion="2020-08-15"),
})
wrong = {**good, "types": [], "destination": {"protocol": "HTTP", "URI": "http://sandbox.localdomain"}}
response, answer = ask("PUT", "/2022-07-01/telemetry", me, wrong)
note(message=answer["errorMessage"])
while True:
    following(me)
"""


def test_subscriptions_are_checked(extended):  # noqa: F811
    extended.make(asking=ANSWERS)
    extended.functions.call()
    results, message = extended.heard(lambda found: len(found) == 2)
    invalid = [400, "ValidationError"]
    assert results["results"] == {
        "nobody": [403, "Extension.MissingExtensionIdentifier"],
        "schema": invalid,
        "types": invalid,
        "type": invalid,
        "port": invalid,
        "outside": invalid,
        "reserved": invalid,
        "protocol": invalid,
        "buffering": invalid,
        "fine": [200, "OK"],
        "again": [200, "OK"],
        "other api": invalid,
    }
    assert message["message"] == "URI port is not provided; types should not be empty"


def test_nobody_subscribes_when_the_environment_is_initialised(extended):  # noqa: F811
    late = (
        "me, _ = register('INVOKE')\nfollowing(me)\n"
        "response, answer = ask('PUT', '/2022-07-01/telemetry', me, {})\n"
        "note(status=response.status, kind=answer['errorType'])\n"
        "while True: following(me)\n"
    )
    extended.make(late=late)
    extended.functions.call()
    (refused,) = extended.heard(lambda found: found)
    assert (refused["status"], refused["kind"]) == (403, "Telemetry.SubscriptionClosed")


def test_lines_arrive_over_tcp_too(extended):  # noqa: F811
    source = (
        "import socket, threading\n"
        "server = socket.create_server(('127.0.0.1', 0))\n"
        "def accept():\n"
        "    while True:\n"
        "        connection, _ = server.accept()\n"
        "        for line in connection.makefile():\n"
        "            note(line=json.loads(line))\n"
        "threading.Thread(target=accept, daemon=True).start()\n"
        "me, _ = register('INVOKE')\n"
        "destination = {'protocol': 'TCP', 'URI': 'http://sandbox.localdomain:%d' % server.getsockname()[1]}\n"
        "ask('PUT', '/2022-07-01/telemetry', me, {'schemaVersion': '2022-12-13', 'types': ['function'], "
        "'destination': destination, 'buffering': {'timeoutMs': 25}})\n"
        "while True: following(me)\n"
    )
    extended.make("import time\ndef handler(event, context):\n    print('hello')\n    time.sleep(0.3)\n", tcp=source)
    extended.functions.call()
    (line,) = extended.heard(lambda found: found)
    assert (line["line"]["type"], line["line"]["record"].strip()) == ("function", "hello")


def test_extensions_are_found_by_the_name_of_the_sandbox(extended):  # noqa: F811
    extended.make(
        "import socket\ndef handler(event, context):\n    return socket.gethostbyname('sandbox.localdomain')\n",
        idle="me, _ = register()\nwhile True: following(me)\n",
    )
    assert extended.functions.call() == ("127.0.0.1", None)

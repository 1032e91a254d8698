"""What a function finds in its environment, how that is initialised, and what the log says of it."""

import base64
import json
import os
import re

import pytest

from fogbank.services.lambda_.runtime import environments
from tests.services.lambda_.durable import poll
from tests.services.lambda_.functions import RUNTIME, package


def log_of(functions, **options):
    answer = functions.client.invoke(FunctionName="f", LogType="Tail", **options)
    return base64.b64decode(answer["LogResult"]).decode()


def documents(log):
    return [json.loads(line) for line in log.splitlines() if line.startswith("{")]


# -- variables


def test_a_function_finds_lambdas_variables(functions):
    functions.make("import os\ndef handler(event, context):\n    return dict(os.environ)\n", MemorySize=256)
    found, _ = functions.call()
    expected = {
        "_HANDLER": "index.handler",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{RUNTIME}",
        "AWS_LAMBDA_FUNCTION_NAME": "f",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/f",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
    }
    assert expected.items() <= found.items()
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", found["AWS_LAMBDA_LOG_STREAM_NAME"])
    assert re.fullmatch(r"127\.0\.0\.1:\d+", found["AWS_LAMBDA_RUNTIME_API"])
    assert {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "PYTHONPATH"} <= set(found)


SHELL = """#!/bin/sh
while true; do
  curl -sS -D /tmp/head -o /tmp/event "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/next"
  id=$(tr -d '\\r' < /tmp/head | sed -n 's/^Lambda-Runtime-Aws-Request-Id: //Ip')
  curl -sS -d "\\"${AWS_EXECUTION_ENV-none}\\"" "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/$id/response" > /dev/null
done
"""


def test_custom_runtimes_have_no_name_of_a_runtime(functions):
    functions.make({"bootstrap": SHELL}, Runtime="provided.al2023")
    assert functions.call() == ("none", None)


@pytest.mark.parametrize(("mode", "sampled"), [("PassThrough", "0"), ("Active", "1")])
def test_each_invocation_has_its_place_in_a_trace(functions, mode, sampled):
    source = "import os\ndef handler(event, context):\n    return os.environ['_X_AMZN_TRACE_ID']\n"
    functions.make(source, TracingConfig={"Mode": mode})
    first, second = functions.call()[0], functions.call()[0]
    found = re.match(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=([0-9a-f]{16});Sampled=(\d)(;Lineage=.*)?$", first)
    assert found is not None and found[2] == sampled
    assert first != second


# -- wrapper scripts

WRAPPER = """#!/bin/sh
export WRAPPED="$#"
exec "$@"
"""


@pytest.fixture
def wrapper(functions):
    """The ARN of a layer with a wrapper script."""
    made = functions.client.publish_layer_version(LayerName="w", Content={"ZipFile": package({"wrapper": WRAPPER})})
    return made["LayerVersionArn"]


def test_a_wrapper_script_starts_a_python_function(functions, wrapper):
    functions.make(
        "import os, sys\ndef handler(event, context):\n    return os.environ['WRAPPED'], sys.path[0]\n",
        Layers=[wrapper],
        Environment={"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrapper"}},
    )
    assert functions.call() == (["2", "/var/task"], None)


def test_a_wrapper_script_starts_a_node_function(functions, wrapper):
    functions.make(
        {"index.js": "exports.handler = async () => process.env.WRAPPED"},
        Runtime="nodejs20.x",
        Layers=[wrapper],
        Environment={"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrapper"}},
    )
    assert functions.call() == ("2", None)


def test_a_wrapper_that_is_not_there_keeps_the_function_from_starting(functions):
    functions.make(Environment={"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/nothing"}})
    document, error = functions.call()
    assert error == "Unhandled"
    assert document["errorType"] == "Runtime.ExitError"


# -- initialisation

COUNTED = """
print("initialising")
{what}
def handler(event, context): pass
"""


def test_what_fails_to_initialise_is_tried_again_at_the_invocation(functions):
    functions.make(COUNTED.format(what="raise ValueError('no')"))
    log = log_of(functions)
    assert log.count("initialising") == 2
    reports = [line for line in log.splitlines() if line.startswith("INIT_REPORT")]
    assert [re.sub(r"[\d.]+ ms", "N ms", line) for line in reports] == [
        "INIT_REPORT Init Duration: N ms\tPhase: init\tStatus: error\tError Type: ValueError",
        "INIT_REPORT Init Duration: N ms\tPhase: invoke\tStatus: error\tError Type: ValueError",
    ]


def test_what_takes_too_long_to_initialise_has_the_time_of_the_function_then(functions, monkeypatch):
    monkeypatch.setattr(environments, "INIT_SECONDS", 0.2)
    functions.make(COUNTED.format(what="import time; time.sleep(0.5)"), Timeout=5)
    log = log_of(functions)
    assert re.search(r"INIT_REPORT Init Duration: [\d.]+ ms\tPhase: init\tStatus: timeout", log)
    assert "Phase: invoke" not in log
    assert functions.call() == (None, None)


def test_what_is_provisioned_reports_its_initialisation(functions, aws):
    functions.allow("logs:CreateLogStream", "logs:PutLogEvents", "logs:CreateLogGroup")
    functions.make("def handler(event, context): pass\n")
    version = functions.client.publish_version(FunctionName="f")["Version"]
    where = {"FunctionName": "f", "Qualifier": version}
    functions.client.put_provisioned_concurrency_config(**where, ProvisionedConcurrentExecutions=1)
    poll(lambda: functions.client.get_provisioned_concurrency_config(**where)["Status"], "READY".__eq__)
    log = log_of(functions, Qualifier=version)
    assert log.startswith("START") and "\tInit Duration" not in log
    poll(lambda: _messages(aws("logs")), lambda text: "INIT_REPORT Init Duration: " in text)


def _messages(logs):
    try:
        events = logs.filter_log_events(logGroupName="/aws/lambda/f")["events"]
    except logs.exceptions.ResourceNotFoundException:
        return ""  # nothing was sent yet
    return "".join(event["message"] for event in events)


# -- logs in JSON


def test_the_platform_writes_json_where_that_is_wanted(functions):
    functions.make(LoggingConfig={"LogFormat": "JSON"})
    found = {each["type"]: each["record"] for each in documents(log_of(functions))}
    assert set(found) == {"platform.start", "platform.report"}
    assert set(found["platform.report"]["metrics"]) == {
        "durationMs",
        "billedDurationMs",
        "memorySizeMB",
        "maxMemoryUsedMB",
        "initDurationMs",
    }


def test_details_come_with_the_level_of_details(functions):
    functions.make(LoggingConfig={"LogFormat": "JSON", "SystemLogLevel": "DEBUG"})
    kinds = [each["type"] for each in documents(log_of(functions))]
    assert kinds[-3:] == ["platform.start", "platform.runtimeDone", "platform.report"]
    assert {"platform.initRuntimeDone", "platform.initReport"} <= set(kinds)


def test_only_what_goes_wrong_is_told_at_the_level_of_warnings(functions):
    source = "import os\ndef handler(event, context):\n    if event: os._exit(1)\n"
    functions.make(source, LoggingConfig={"LogFormat": "JSON", "SystemLogLevel": "WARN"})
    assert documents(log_of(functions)) == []
    found = documents(log_of(functions, Payload='{"fail": true}'))
    assert [(each["type"], each["record"]["status"]) for each in found] == [
        ("platform.runtimeDone", "error"),
        ("platform.report", "error"),
    ]
    assert found[1]["record"]["errorType"] == "Runtime.ExitError"


PYTHON = """
import logging
logger = logging.getLogger()
def handler(event, context):
    logger.debug("quiet")
    logger.warning("careful %s", 1, extra={"order": 7})
"""


def test_python_logs_in_json_from_its_level_on(functions):
    functions.make(PYTHON, LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "INFO"})
    (entry,) = [each for each in documents(log_of(functions)) if "message" in each]
    assert (entry["level"], entry["message"], entry["order"]) == ("WARNING", "careful 1", 7)
    assert entry["requestId"] and entry["timestamp"].endswith("Z")


NODE = """
exports.handler = async () => {
  console.debug("quiet");
  console.warn({ order: 7 });
  console.error("failed", new TypeError("no"));
};
"""


def test_node_logs_in_json_from_its_level_on(functions):
    functions.make(
        {"index.js": NODE}, Runtime="nodejs20.x", LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "WARN"}
    )
    warned, failed = [each for each in documents(log_of(functions)) if "message" in each]
    assert (warned["level"], warned["message"]) == ("WARN", {"order": 7})
    assert (failed["level"], failed["errorType"], failed["errorMessage"]) == ("ERROR", "TypeError", "no")
    assert isinstance(failed["stackTrace"], list)


# -- the end


def test_environments_end_when_their_account_is_forgotten(functions, fogbank_server):
    functions.make("import os\ndef handler(event, context):\n    return os.getpid()\n")
    inside, _ = functions.call()
    assert is_there(inside)
    fogbank_server.reset(functions.aws.account)
    poll(lambda: is_there(inside), lambda there: not there)


def is_there(process):
    return os.path.exists(f"/proc/{process}")

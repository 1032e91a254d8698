"""Functions run: what they get, what they return, how they fail."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from tests.services.lambda_.functions import code


def test_a_function_returns_what_its_handler_returns(functions):
    functions.make()
    assert functions.call({"n": 1}) == ({"event": {"n": 1}, "name": "f"}, None)


def test_an_environment_is_kept_between_invocations(functions):
    functions.make("n = 0\ndef handler(event, context):\n    global n\n    n += 1\n    return n\n")
    assert [functions.call()[0] for _ in range(3)] == [1, 2, 3]


def test_a_handler_that_raises_gives_its_error(functions):
    functions.make("def handler(event, context):\n    raise ValueError('no such order')\n")
    document, error = functions.call()
    assert error == "Unhandled"
    assert (document["errorType"], document["errorMessage"]) == ("ValueError", "no such order")
    assert "index.py" in document["stackTrace"][-1]


def test_a_process_that_exits_is_replaced(functions):
    functions.make(
        "import os\ndef handler(event, context):\n    if event.get('exit'): os._exit(3)\n    return os.getpid()\n"
    )
    first, _ = functions.call()
    document, error = functions.call({"exit": True})
    assert error == "Unhandled"
    assert document["errorType"] == "Runtime.ExitError"
    assert document["errorMessage"].endswith("Error: Runtime exited with error: exit status 3")
    second, error = functions.call()
    assert error is None and second != first


def test_a_handler_that_takes_too_long_is_ended(functions):
    functions.make("import time\ndef handler(event, context):\n    time.sleep(event.get('s', 0))\n", Timeout=1)
    document, error = functions.call({"s": 30})
    assert error == "Unhandled"
    assert document["errorType"] == "Sandbox.Timedout"
    assert document["errorMessage"].endswith("Error: Task timed out after 1.00 seconds")
    assert functions.call() == (None, None)


def test_a_function_that_takes_too_much_memory_is_killed(functions):
    functions.make(
        "import time\ndef handler(event, context):\n    x = bytearray(event['mb'] << 20)\n    time.sleep(event['s'])\n",
        MemorySize=128,
    )
    document, _ = functions.call({"mb": 300, "s": 5})
    assert document["errorType"] == "Runtime.ExitError"
    assert document["errorMessage"].endswith("signal: killed")
    assert functions.call({"mb": 1, "s": 0}) == (None, None)


def test_a_missing_handler_is_named(functions):
    functions.make("def other(event, context): pass\n")
    document, error = functions.call()
    assert error == "Unhandled"
    assert document["errorType"] == "Runtime.HandlerNotFound"
    assert document["errorMessage"] == "Handler 'handler' missing on module 'index'"


def test_a_module_that_cannot_be_imported_is_named(functions):
    functions.make("import nothing_of_that_name\n")
    document, _ = functions.call()
    assert document["errorType"] == "Runtime.ImportModuleError"
    assert "No module named 'nothing_of_that_name'" in document["errorMessage"]


def test_what_is_not_json_cannot_be_returned(functions):
    functions.make("def handler(event, context):\n    return object()\n")
    document, error = functions.call()
    assert error == "Unhandled"
    assert document["errorType"] == "Runtime.MarshalError"


def test_an_answer_beyond_6_mb_is_an_error(functions):
    functions.make("def handler(event, context):\n    return 'x' * (7 << 20)\n")
    document, error = functions.call()
    assert (document["errorType"], error) == ("Function.ResponseSizeTooLarge", "Unhandled")


def test_the_tail_of_the_log_comes_with_the_answer(functions):
    functions.make(
        "import logging\n"
        "def handler(event, context):\n    print('one')\n    logging.warning('two')\n    print('three')\n"
    )
    answer = functions.client.invoke(FunctionName="f", LogType="Tail")
    lines = base64.b64decode(answer["LogResult"]).decode().splitlines()
    request = answer["ResponseMetadata"]["RequestId"]
    assert lines[0] == f"START RequestId: {request} Version: $LATEST"
    assert lines[1] == "one"
    assert lines[2].startswith("[WARNING]\t") and lines[2].endswith(f"\t{request}\ttwo")
    assert lines[3:5] == ["three", f"END RequestId: {request}"]
    assert lines[5].startswith(f"REPORT RequestId: {request}\tDuration: ")
    assert "Memory Size: 128 MB\tMax Memory Used: " in lines[5] and "Init Duration: " in lines[5]


def test_a_function_has_the_credentials_of_its_role(functions):
    functions.make(
        "import boto3\n"
        "def handler(event, context):\n"
        "    who = boto3.client('sts').get_caller_identity()['Arn']\n"
        "    try:\n        boto3.client('s3').list_buckets()\n"
        "    except Exception as error:\n        return who, error.response['Error']['Code']\n",
        Timeout=30,
    )
    (who, refusal), _ = functions.call()
    assert ":assumed-role/function/" in who
    assert refusal == "AccessDenied"


def test_the_environment_is_that_of_lambda(functions):
    functions.make(
        "import os\ndef handler(event, context):\n    return dict(os.environ), context.memory_limit_in_mb\n",
        Environment={"Variables": {"STAGE": "test"}},
        MemorySize=256,
    )
    (variables, memory), _ = functions.call()
    assert variables["STAGE"] == "test"
    assert variables["AWS_LAMBDA_FUNCTION_NAME"] == "f"
    assert variables["AWS_REGION"] == "us-east-1"
    assert variables["_HANDLER"] == "index.handler"
    assert memory == "256"


def test_a_function_knows_how_much_time_it_has_left(functions):
    functions.make("def handler(event, context):\n    return context.get_remaining_time_in_millis()\n")
    assert 5_000 < functions.call()[0] <= 10_000


def test_a_dry_run_runs_nothing(functions):
    functions.make("def handler(event, context):\n    raise SystemExit\n")
    assert functions.client.invoke(FunctionName="f", InvocationType="DryRun")["StatusCode"] == 204


def test_an_event_is_handled_later(functions):
    functions.allow("sqs:*")
    queue = functions.aws("sqs").create_queue(QueueName="done")["QueueUrl"]
    functions.make(
        "import boto3\n"
        "def handler(event, context):\n"
        "    boto3.client('sqs').send_message(QueueUrl=event['queue'], MessageBody='done')\n",
        Timeout=30,
    )
    answer = functions.client.invoke(FunctionName="f", InvocationType="Event", Payload=json.dumps({"queue": queue}))
    assert answer["StatusCode"] == 202
    messages = functions.aws("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=20)["Messages"]
    assert messages[0]["Body"] == "done"


def test_a_payload_that_is_no_json_is_refused(functions):
    functions.make()
    with pytest.raises(ClientError, match="Could not parse request body into json") as error:
        functions.client.invoke(FunctionName="f", Payload=b"{nothing")
    assert code(error) == "InvalidRequestContentException"


def test_a_payload_beyond_6_mb_is_refused(functions):
    functions.make()
    with pytest.raises(ClientError) as error:
        functions.client.invoke(FunctionName="f", Payload=json.dumps("x" * (6 << 20)))
    assert code(error) == "RequestTooLargeException"


def test_a_function_that_is_missing_is_named_by_its_arn(functions):
    with pytest.raises(
        ClientError, match=r"Function not found: arn:aws:lambda:us-east-1:\d{12}:function:ghost"
    ) as error:
        functions.client.invoke(FunctionName="ghost")
    assert code(error) == "ResourceNotFoundException"


def test_a_function_gets_the_context_of_its_client(functions):
    functions.make("def handler(event, context):\n    return context.client_context.custom\n")
    given = base64.b64encode(b'{"custom": {"a": "b"}}').decode()
    assert functions.call(ClientContext=given) == ({"a": "b"}, None)
    with pytest.raises(ClientError, match="Client context must be a valid Base64-encoded JSON object"):
        functions.call(ClientContext="{}")


def test_a_function_has_many_names(functions):
    arn = functions.make("def handler(event, context):\n    return context.invoked_function_arn\n")["FunctionArn"]
    account = arn.split(":")[4]
    for name in ("f", "function:f", f"{account}:f", f"{account}:function:f", arn):
        assert functions.call(name=name) == (arn, None)
        assert functions.call(name=f"{name}:$LATEST") == (f"{arn}:$LATEST", None)


def test_no_more_run_than_are_reserved(functions):
    functions.make()
    functions.client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=0)
    with pytest.raises(ClientError) as error:
        functions.client.invoke(FunctionName="f")
    assert code(error) == "TooManyRequestsException"
    assert error.value.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"


def test_no_more_start_at_once_than_are_reserved(functions):
    functions.make("import time\ndef handler(event, context):\n    time.sleep(0.3)\n")
    functions.client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=1)

    def outcome(_):
        try:
            return functions.client.invoke(FunctionName="f")["StatusCode"]
        except ClientError as error:
            return error.response["Error"]["Code"]

    with ThreadPoolExecutor(3) as together:
        assert sorted(map(str, together.map(outcome, range(3)))) == ["200", *["TooManyRequestsException"] * 2]


def test_a_runtime_that_is_not_there_is_named(functions):
    functions.make(Runtime="dotnet8", Handler="Shop::Shop.Orders::Take")
    with pytest.raises(ClientError, match="dotnet") as error:
        functions.client.invoke(FunctionName="f")
    assert code(error) == "InvalidRuntimeException"


def test_a_bootstrap_is_a_runtime(functions):
    script = """#!/bin/sh
while true; do
  headers=$(mktemp)
  body=$(curl -sS -D "$headers" "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/next")
  id=$(grep -i lambda-runtime-aws-request-id "$headers" | tr -d '[:space:]' | cut -d: -f2)
  curl -sS -X POST "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/$id/response" -d "[\\"shell\\", $body]"
done
"""
    functions.make({"bootstrap": script}, Runtime="provided.al2023")
    assert functions.call({"n": 1}) == (["shell", {"n": 1}], None)

"""Asynchronous invocations: retries, age, destinations, dead letters."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.services.lambda_.functions import code

FAILING = "def handler(event, context):\n    raise ValueError('no')\n"


@pytest.fixture
def queue(functions):
    """(URL, ARN) of a queue that the execution role may send to."""
    functions.allow("sqs:*", "sns:*", "events:*", "lambda:*")
    sqs = functions.aws("sqs")
    url = sqs.create_queue(QueueName="results")["QueueUrl"]
    return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def received(functions, queue):
    sqs = functions.aws("sqs")
    (message,) = sqs.receive_message(QueueUrl=queue[0], WaitTimeSeconds=20, MessageAttributeNames=["All"])["Messages"]
    return message


def send(functions, event):
    functions.client.invoke(FunctionName="f", InvocationType="Event", Payload=json.dumps(event))


def test_success_is_told_to_its_destination(functions, queue):
    functions.make()
    functions.client.put_function_event_invoke_config(
        FunctionName="f", DestinationConfig={"OnSuccess": {"Destination": queue[1]}}
    )
    send(functions, {"n": 1})
    record = json.loads(received(functions, queue)["Body"])
    assert record["requestContext"]["condition"] == "Success"
    assert record["requestPayload"] == {"n": 1}
    assert record["responsePayload"]["event"] == {"n": 1}
    assert record["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST"}


def test_failure_is_told_after_two_retries(functions, queue, clock):
    functions.make(FAILING)
    functions.client.put_function_event_invoke_config(
        FunctionName="f", DestinationConfig={"OnFailure": {"Destination": queue[1]}}
    )
    send(functions, {})
    clock.advance(seconds=61)
    assert "Messages" not in functions.aws("sqs").receive_message(QueueUrl=queue[0])
    clock.advance(seconds=121)
    record = json.loads(received(functions, queue)["Body"])
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["responseContext"]["functionError"] == "Unhandled"
    assert record["responsePayload"]["errorMessage"] == "no"


def test_a_dead_letter_queue_gets_the_event(functions, queue):
    functions.make(FAILING, DeadLetterConfig={"TargetArn": queue[1]})
    functions.client.put_function_event_invoke_config(FunctionName="f", MaximumRetryAttempts=0)
    send(functions, {"n": 1})
    message = received(functions, queue)
    assert json.loads(message["Body"]) == {"n": 1}
    assert message["MessageAttributes"]["ErrorMessage"]["StringValue"] == "no"
    assert message["MessageAttributes"]["ErrorCode"]["StringValue"] == "200"


def test_a_bucket_can_be_told(functions):
    functions.allow("s3:*")
    s3 = functions.aws("s3")
    s3.create_bucket(Bucket="results-of-events")
    functions.make(FAILING)
    functions.client.put_function_event_invoke_config(
        FunctionName="f",
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": "arn:aws:s3:::results-of-events"}},
    )
    send(functions, {"padding": "x" * 100_000})
    found = []
    while not found:
        found = s3.list_objects_v2(Bucket="results-of-events").get("Contents", [])
    assert found[0]["Key"].startswith("aws/lambda/f/")
    record = json.loads(s3.get_object(Bucket="results-of-events", Key=found[0]["Key"])["Body"].read())
    assert record["requestContext"]["condition"] == "RetriesExhausted"


def test_a_function_that_is_switched_off_gives_up_its_events(functions, queue):
    functions.make()
    functions.client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=0)
    functions.client.put_function_event_invoke_config(
        FunctionName="f", DestinationConfig={"OnFailure": {"Destination": queue[1]}}
    )
    send(functions, {})
    record = json.loads(received(functions, queue)["Body"])
    assert record["requestContext"]["condition"] == "ZeroReservedConcurrency"
    assert (record["responseContext"], record["responsePayload"]) == (None, None)


def test_an_event_that_is_too_old_is_given_up(functions, queue, clock):
    functions.make(Runtime="dotnet8", Handler="Shop::Shop.Orders::Take")  # cannot be started here
    functions.client.put_function_event_invoke_config(
        FunctionName="f",
        MaximumEventAgeInSeconds=60,
        DestinationConfig={"OnFailure": {"Destination": queue[1]}},
    )
    send(functions, {})
    clock.advance(seconds=120)
    record = json.loads(received(functions, queue)["Body"])
    assert record["requestContext"]["condition"] == "EventAgeExceeded"


def test_the_configuration_is_kept_changed_and_deleted(functions):
    functions.make()
    functions.client.put_function_event_invoke_config(FunctionName="f", MaximumRetryAttempts=1)
    functions.client.update_function_event_invoke_config(FunctionName="f", MaximumEventAgeInSeconds=90)
    found = functions.client.get_function_event_invoke_config(FunctionName="f")
    assert (found["MaximumRetryAttempts"], found["MaximumEventAgeInSeconds"]) == (1, 90)
    assert found["FunctionArn"].endswith(":function:f:$LATEST")
    listed = functions.client.list_function_event_invoke_configs(FunctionName="f")["FunctionEventInvokeConfigs"]
    assert len(listed) == 1
    functions.client.delete_function_event_invoke_config(FunctionName="f")
    with pytest.raises(ClientError) as error:
        functions.client.get_function_event_invoke_config(FunctionName="f")
    assert code(error) == "ResourceNotFoundException"


@pytest.mark.parametrize("qualifier", ["$LATEST", "1", "live"])
def test_the_configuration_goes_with_what_it_is_of(functions, qualifier):
    lambda_ = functions.client
    functions.make(Publish=True)
    lambda_.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    lambda_.put_function_event_invoke_config(FunctionName="f", Qualifier=qualifier, MaximumRetryAttempts=1)
    lambda_.delete_alias(FunctionName="f", Name="live")
    if qualifier == "$LATEST":
        lambda_.delete_function(FunctionName="f")
        functions.make()
    else:
        lambda_.delete_function(FunctionName="f", Qualifier="1")
    assert lambda_.list_function_event_invoke_configs(FunctionName="f")["FunctionEventInvokeConfigs"] == []


def test_the_role_has_to_be_allowed_to_send_to_a_destination(functions, queue):
    functions.make()
    functions.aws("iam").delete_role_policy(RoleName="function", PolicyName="allowed")
    with pytest.raises(ClientError, match="does not have permissions to call SendMessage on arn:aws:sqs"):
        functions.client.put_function_event_invoke_config(
            FunctionName="f", DestinationConfig={"OnSuccess": {"Destination": queue[1]}}
        )


def test_a_destination_that_is_none_is_refused(functions):
    itself = functions.make()["FunctionArn"]
    for kind, target, text in (
        ("OnFailure", "arn:aws:ec2:us-east-1:123456789012:thing/x", "destination config"),
        ("OnSuccess", "arn:aws:s3:::results", "destination config"),
        ("OnFailure", itself, "the function as a destination for itself"),
    ):
        with pytest.raises(ClientError, match=text) as error:
            functions.client.put_function_event_invoke_config(
                FunctionName="f", DestinationConfig={kind: {"Destination": target}}
            )
        assert code(error) == "InvalidParameterValueException"

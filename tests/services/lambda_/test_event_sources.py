"""Functions that are given the records of queues and streams."""

import json

import pytest
from botocore.exceptions import ClientError

from fogbank.services.lambda_.sources import consuming
from tests.services.lambda_.functions import SIGNING, code
from tests.services.metering import told

# Notes what it gets in a queue, and fails with records that say so.
NOTING = (
    SIGNING
    + """
import base64, json, os
def text(record):
    if "kinesis" in record:
        return base64.b64decode(record["kinesis"]["data"]).decode()
    if "dynamodb" in record:
        return record["eventName"]
    return record["body"]
def handler(event, context):
    texts = [text(record) for record in event["Records"]]
    note = json.dumps({"QueueUrl": os.environ["NOTES"], "MessageBody": json.dumps(texts)}).encode()
    send("sqs", "/", note, **{"X-Amz-Target": "AmazonSQS.SendMessage", "Content-Type": "application/x-amz-json-1.0"})
    if os.environ.get("PARTIAL"):
        failed = [record for record in event["Records"] if "bad" in text(record)]
        def name(record):
            return record.get("messageId") or record["kinesis"]["sequenceNumber"]
        return {"batchItemFailures": [{"itemIdentifier": name(record)} for record in failed]}
    if any("bad" in each for each in texts):
        raise ValueError("bad record")
"""
)


class Source:
    def __init__(self, functions):
        self.functions = functions
        self.sqs = functions.aws("sqs")
        self.notes = self.sqs.create_queue(QueueName="notes")["QueueUrl"]
        functions.allow("sqs:*", "kinesis:*", "dynamodb:*", "sns:*")

    def noting(self, arn, variables=None, **options):
        """A function that notes what it gets from a source. Returns the mapping."""
        variables = {"NOTES": self.notes, **(variables or {})}
        self.functions.make(NOTING, Timeout=30, Environment={"Variables": variables})
        return self.functions.client.create_event_source_mapping(FunctionName="f", EventSourceArn=arn, **options)

    def noted(self):
        """The records of the next invocation."""
        (message,) = self.sqs.receive_message(QueueUrl=self.notes, WaitTimeSeconds=20)["Messages"]
        self.sqs.delete_message(QueueUrl=self.notes, ReceiptHandle=message["ReceiptHandle"])
        return json.loads(message["Body"])

    def queue(self, name="work", **attributes):
        url = self.sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "30", **attributes})["QueueUrl"]
        return url, self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    def until_left(self, url, hidden):
        """Wait until so many messages are in a queue, all of them in flight."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        for _ in range(1000):
            found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
            if [int(found[name]) for name in names] == [0, hidden]:
                return
        raise AssertionError(f"the queue still has {found}")

    def stream(self):
        kinesis = self.functions.aws("kinesis")
        kinesis.create_stream(StreamName="work", ShardCount=1)
        kinesis.get_waiter("stream_exists").wait(StreamName="work", WaiterConfig={"Delay": 0.005, "MaxAttempts": 6000})
        arn = kinesis.describe_stream_summary(StreamName="work")["StreamDescriptionSummary"]["StreamARN"]
        return kinesis, arn


@pytest.fixture
def source(functions):
    return Source(functions)


# -- queues


def test_messages_are_handled_and_deleted(source):
    url, arn = source.queue()
    made = source.noting(arn)
    assert (made["State"], made["BatchSize"], made["EventSourceArn"]) == ("Creating", 10, arn)
    source.sqs.send_message(QueueUrl=url, MessageBody="one")
    assert source.noted() == ["one"]
    waiter = source.functions.client.get_event_source_mapping
    assert waiter(UUID=made["UUID"])["State"] == "Enabled"
    source.until_left(url, hidden=0)


def test_what_fails_comes_again_and_ends_in_the_dead_letter_queue(source, clock):
    dead, dead_arn = source.queue("dead")
    redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 2})
    url, arn = source.queue(RedrivePolicy=redrive)
    source.noting(arn)
    source.sqs.send_message(QueueUrl=url, MessageBody="bad")
    assert source.noted() == ["bad"]
    clock.advance(seconds=31)
    assert source.noted() == ["bad"]
    clock.advance(seconds=31)
    (message,) = source.sqs.receive_message(QueueUrl=dead, WaitTimeSeconds=20)["Messages"]
    assert message["Body"] == "bad"


def test_only_what_failed_comes_again(source, clock):
    url, arn = source.queue()
    source.noting(arn, {"PARTIAL": "1"}, FunctionResponseTypes=["ReportBatchItemFailures"])
    entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(("good", "bad"))]
    source.sqs.send_message_batch(QueueUrl=url, Entries=entries)
    seen = source.noted()
    while len(seen) < 2:
        seen += source.noted()
    assert sorted(seen) == ["bad", "good"]
    source.until_left(url, hidden=1)
    clock.advance(seconds=31)
    assert source.noted() == ["bad"]


def test_filters_drop_messages(source, aws, clock):
    url, arn = source.queue()
    pattern = json.dumps({"body": {"kind": ["wanted"]}})
    metrics = {"Metrics": ["EventCount"]}
    mapping = source.noting(arn, FilterCriteria={"Filters": [{"Pattern": pattern}]}, MetricsConfig=metrics)
    source.sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"kind": "other"}))
    source.sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"kind": "wanted"}))
    assert source.noted() == ['{"kind": "wanted"}']
    source.until_left(url, hidden=0)
    counts = told(aws, clock, "AWS/Lambda", "Sum", EventSourceMappingUUID=mapping["UUID"])
    assert counts == {
        "PolledEventCount": 2,
        "FilteredOutEventCount": 1,
        "InvokedEventCount": 1,
        "DeletedEventCount": 1,
    }


def test_a_batching_window_gathers_messages(source, clock):
    url, arn = source.queue()
    source.noting(arn, BatchSize=3, MaximumBatchingWindowInSeconds=60)
    for body in ("1", "2", "3"):
        source.sqs.send_message(QueueUrl=url, MessageBody=body)
    assert sorted(source.noted()) == ["1", "2", "3"]


def test_a_disabled_mapping_reads_nothing_until_it_is_enabled(source):
    url, arn = source.queue()
    made = source.noting(arn, Enabled=False)
    source.sqs.send_message(QueueUrl=url, MessageBody="one")
    assert source.functions.client.get_event_source_mapping(UUID=made["UUID"])["State"] == "Disabled"
    source.functions.client.update_event_source_mapping(UUID=made["UUID"], Enabled=True)
    assert source.noted() == ["one"]


def test_a_mapping_waits_for_a_function_that_is_gone(source, monkeypatch, caplog):
    monkeypatch.setattr(consuming, "_PAUSE_SECONDS", 0.01)
    url, arn = source.queue()
    source.noting(arn)
    source.functions.client.delete_function(FunctionName="f")
    (mapping,) = source.functions.client.list_event_source_mappings()["EventSourceMappings"]
    source.functions.client.update_event_source_mapping(UUID=mapping["UUID"], BatchSize=1)
    source.functions.make(NOTING, Timeout=30, Environment={"Variables": {"NOTES": source.notes}})
    source.sqs.send_message(QueueUrl=url, MessageBody="late")
    assert source.noted() == ["late"]
    assert not any(record.exc_info for record in caplog.records)


def test_a_deleted_mapping_is_gone(source):
    _, arn = source.queue()
    made = source.noting(arn)
    assert source.functions.client.delete_event_source_mapping(UUID=made["UUID"])["State"] == "Deleting"
    with pytest.raises(ClientError) as error:
        for _ in range(500):  # it takes a task
            source.functions.client.get_event_source_mapping(UUID=made["UUID"])
    assert code(error) == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"BatchSize": 100}, "Maximum batch window in seconds must be greater than 0"),
        ({"StartingPosition": "LATEST"}, "StartingPosition is not valid for SQS"),
        ({"ParallelizationFactor": 2}, "Unsupported 'parallelizationFactor' parameter for given event source mapping"),
        ({"FilterCriteria": {"Filters": [{"Pattern": "{nothing"}]}}, "Invalid filter pattern definition"),
    ],
)
def test_a_mapping_that_lambda_does_not_take_is_refused(source, options, text):
    _, arn = source.queue()
    with pytest.raises(ClientError, match=text) as error:
        source.noting(arn, **options)
    assert code(error) == "InvalidParameterValueException"
    assert source.functions.client.list_event_source_mappings()["EventSourceMappings"] == []


def test_a_role_that_may_not_read_the_queue_is_refused(functions):
    functions.make()
    url = functions.aws("sqs").create_queue(QueueName="work")["QueueUrl"]
    attributes = functions.aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    with pytest.raises(ClientError, match="does not have permissions to call ReceiveMessage on SQS") as error:
        functions.client.create_event_source_mapping(FunctionName="f", EventSourceArn=attributes["QueueArn"])
    assert code(error) == "InvalidParameterValueException"


def test_messages_must_not_come_again_while_they_are_handled(source):
    _, arn = source.queue(VisibilityTimeout="29")
    with pytest.raises(ClientError, match="Queue visibility timeout: 29 seconds is less than Function timeout: 30"):
        source.noting(arn)


def test_a_queue_has_one_mapping_to_a_function(source):
    _, arn = source.queue()
    source.noting(arn)
    with pytest.raises(ClientError, match="mapping already exists") as error:
        source.functions.client.create_event_source_mapping(FunctionName="f", EventSourceArn=arn)
    assert code(error) == "ResourceConflictException"


# -- streams


def test_records_of_a_stream_are_handled_in_order(source):
    kinesis, arn = source.stream()
    records = [{"Data": str(n).encode(), "PartitionKey": "k"} for n in range(5)]
    kinesis.put_records(StreamName="work", Records=records)
    source.noting(arn, StartingPosition="TRIM_HORIZON", BatchSize=3)
    assert source.noted() == ["0", "1", "2"]
    assert source.noted() == ["3", "4"]


def test_the_age_of_the_last_record_is_measured(aws, source, clock):
    kinesis, arn = source.stream()
    kinesis.put_record(StreamName="work", Data=b"1", PartitionKey="k")
    clock.advance(seconds=30)
    source.noting(arn, StartingPosition="TRIM_HORIZON")
    assert source.noted() == ["1"]
    assert 30_000 <= told(aws, clock, "AWS/Lambda", "Maximum", FunctionName="f")["IteratorAge"] < 60_000


def test_a_batch_that_fails_is_tried_again_and_given_up(source, clock):
    kinesis, arn = source.stream()
    dead, dead_arn = source.queue("dead")
    made = source.noting(
        arn,
        StartingPosition="TRIM_HORIZON",
        MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": dead_arn}},
    )
    kinesis.put_record(StreamName="work", Data=b"bad", PartitionKey="k")
    assert source.noted() == ["bad"]
    clock.advance(seconds=2)
    assert source.noted() == ["bad"]
    (message,) = source.sqs.receive_message(QueueUrl=dead, WaitTimeSeconds=20)["Messages"]
    document = json.loads(message["Body"])
    assert document["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert document["KinesisBatchInfo"]["batchSize"] == 1
    now = source.functions.client.get_event_source_mapping(UUID=made["UUID"])
    assert now["LastProcessingResult"] == "PROBLEM: Function call failed"
    kinesis.put_record(StreamName="work", Data=b"next", PartitionKey="k")
    assert source.noted() == ["next"]


def test_a_batch_that_fails_is_halved(source, clock):
    kinesis, arn = source.stream()
    records = [{"Data": data, "PartitionKey": "k"} for data in (b"1", b"bad", b"3", b"4")]
    kinesis.put_records(StreamName="work", Records=records)
    source.noting(arn, StartingPosition="TRIM_HORIZON", BisectBatchOnFunctionError=True, MaximumRetryAttempts=2)
    assert source.noted() == ["1", "bad", "3", "4"]
    seen = []
    while ["3", "4"] not in seen:
        clock.advance(seconds=2)
        seen.append(source.noted())
    assert ["1", "bad"] in seen and ["1"] in seen


def test_a_reader_goes_on_behind_the_checkpoint_in_the_children(source):
    kinesis, arn = source.stream()
    source.noting(arn, StartingPosition="TRIM_HORIZON")
    kinesis.put_record(StreamName="work", Data=b"before", PartitionKey="k")
    assert source.noted() == ["before"]
    kinesis.split_shard(StreamName="work", ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**127))
    kinesis.put_record(StreamName="work", Data=b"after", PartitionKey="k")
    assert source.noted() == ["after"]


def test_changes_of_a_table_are_handled(source):
    dynamodb = source.functions.aws("dynamodb")
    table = dynamodb.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )["TableDescription"]
    pattern = json.dumps({"eventName": ["REMOVE"]})
    source.noting(
        table["LatestStreamArn"], StartingPosition="TRIM_HORIZON", FilterCriteria={"Filters": [{"Pattern": pattern}]}
    )
    dynamodb.put_item(TableName="orders", Item={"id": {"S": "1"}})
    dynamodb.delete_item(TableName="orders", Key={"id": {"S": "1"}})
    assert source.noted() == ["REMOVE"]


def test_a_stream_needs_a_place_to_begin(source):
    _, arn = source.stream()
    with pytest.raises(ClientError, match="startingPosition") as error:
        source.noting(arn)
    assert code(error) == "InvalidParameterValueException"


def test_batches_that_fail_go_where_the_role_may_send(source):
    _, arn = source.stream()
    failed = {"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:{account}:failed"}}
    wrong = {"OnFailure": {"Destination": "arn:aws:lambda:us-east-1:{account}:function:f"}}
    make = source.functions.client.create_event_source_mapping
    source.functions.make()
    source.functions.allow("kinesis:*")
    for destination, text in ((failed, "does not have permissions to call SendMessage"), (wrong, "destination config")):
        destination["OnFailure"]["Destination"] = destination["OnFailure"]["Destination"].format(
            account=arn.split(":")[4]
        )
        with pytest.raises(ClientError, match=text) as error:
            make(FunctionName="f", EventSourceArn=arn, StartingPosition="LATEST", DestinationConfig=destination)
        assert code(error) == "InvalidParameterValueException"


SUMMING = (
    SIGNING
    + """
import json, os
def handler(event, context):
    total = event["state"].get("n", 0) + len(event["Records"])
    if event["isFinalInvokeForWindow"]:
        note = json.dumps({"QueueUrl": os.environ["NOTES"], "MessageBody": json.dumps(event["state"])}).encode()
        json_1_0 = {"X-Amz-Target": "AmazonSQS.SendMessage", "Content-Type": "application/x-amz-json-1.0"}
        send("sqs", "/", note, **json_1_0)
    return {"state": {"n": total}}
"""
)


def test_a_tumbling_window_hands_its_state_on_and_ends(source, clock):
    kinesis, arn = source.stream()
    source.functions.make(SUMMING, Timeout=30, Environment={"Variables": {"NOTES": source.notes}})
    for number in range(5):
        kinesis.put_record(StreamName="work", Data=b"x", PartitionKey=str(number))
    source.functions.client.create_event_source_mapping(
        FunctionName="f", EventSourceArn=arn, StartingPosition="TRIM_HORIZON", BatchSize=2, TumblingWindowInSeconds=900
    )
    clock.advance(seconds=900)
    assert source.noted() == {"n": 5}

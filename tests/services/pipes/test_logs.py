"""What is measured and logged of pipes."""

import json

import pytest

from tests.services.metering import told
from tests.services.pipes.conftest import until


@pytest.fixture
def records(aws):
    """The messages of a log group as documents, once there are as many as are wanted."""

    def read(group, count):
        def look():
            found = aws("logs").filter_log_events(logGroupName=group)["events"]
            return [json.loads(each["message"]) for each in found] if len(found) >= count else None

        return until(look)

    return read


@pytest.fixture
def group(aws):
    """Makes a log group, and gives the configuration that logs there."""

    def make(level, **more):
        aws("logs").create_log_group(logGroupName="pipes")
        arn = f"arn:aws:logs:us-east-1:{aws.account}:log-group:pipes"
        return {"Level": level, "CloudwatchLogsLogDestination": {"LogGroupArn": arn}, **more}

    return make


def test_a_pipe_is_measured(aws, clock, make, source, target):
    make()
    source.send("one", "two")
    target.take(2)
    found = told(aws, clock, "AWS/EventBridge/Pipes", PipeName="p")
    assert found["EventCount"] == 2
    assert {"EventSize", "Invocations"} <= set(found)
    assert not {"ExecutionFailed", "ExecutionThrottled", "TargetStageFailed"} & set(found)


def test_each_step_of_an_execution_is_logged(make, source, group, records):
    config = group("TRACE", IncludeExecutionData=["ALL"])
    make(LogConfiguration=config, TargetParameters={"InputTemplate": "<$.body>"})
    source.send('{"a": 1}')
    found = records("pipes", 8)
    assert [record["messageType"] for record in found] == [
        "EXECUTION_STARTED",
        "TARGET_STAGE_ENTERED",
        "TARGET_TRANSFORMATION_STARTED",
        "TARGET_TRANSFORMATION_SUCCEEDED",
        "TARGET_INVOCATION_STARTED",
        "TARGET_INVOCATION_SUCCEEDED",
        "TARGET_STAGE_SUCCEEDED",
        "EXECUTION_SUCCEEDED",
    ]
    assert len({record["executionId"] for record in found}) == 1
    assert json.loads(found[3]["payload"]) == [{"a": 1}]
    invoked = found[5]
    assert json.loads(json.loads(invoked["awsRequest"])["Entries"][0]["MessageBody"]) == {"a": 1}
    assert json.loads(invoked["awsResponse"])["Successful"]


def test_the_level_error_logs_what_failed_alone_and_without_data(aws, pipes, make, source, target, group, records):
    config = group("ERROR")
    aws("sqs").delete_queue(QueueUrl=target.url)
    make(LogConfiguration=config)
    source.send("x")
    found = records("pipes", 3)[:3]
    failures = [(record["messageType"], record["logLevel"]) for record in found]
    assert failures == [(f"{step}_FAILED", "ERROR") for step in ("TARGET_INVOCATION", "TARGET_STAGE", "EXECUTION")]
    assert found[0]["error"]["awsService"] == "sqs" and "QueueDoesNotExist" in found[0]["error"]["message"]
    assert pipes.describe_pipe(Name="p")["LogConfiguration"] == config


def test_logs_go_to_a_bucket_that_lets_them_in(aws, make, source):
    s3 = aws("s3")
    s3.create_bucket(Bucket="pipe-logs")
    allow = {"Effect": "Allow", "Principal": {"Service": "delivery.logs.amazonaws.com"}, "Action": "s3:PutObject"}
    allow["Resource"] = "arn:aws:s3:::pipe-logs/*"
    s3.put_bucket_policy(Bucket="pipe-logs", Policy=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
    place = {"BucketName": "pipe-logs", "BucketOwner": aws.account, "Prefix": "here"}
    make(LogConfiguration={"Level": "INFO", "S3LogDestination": place})
    source.send("x")
    (found,) = until(lambda: s3.list_objects_v2(Bucket="pipe-logs").get("Contents"))
    assert found["Key"].startswith(f"here/AWSLogs/{aws.account}/pipes/us-east-1/p/")


def test_a_stream_that_is_not_there_is_no_place_for_logs(aws, pipes, source, target, role):
    arn = f"arn:aws:firehose:us-east-1:{aws.account}:deliverystream/logs"
    log = {"Level": "INFO", "FirehoseLogDestination": {"DeliveryStreamArn": arn}}
    with pytest.raises(pipes.exceptions.ClientError, match="NotFoundException"):
        pipes.create_pipe(Name="p", Source=source.arn, Target=target.arn, RoleArn=role, LogConfiguration=log)

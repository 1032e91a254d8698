"""Queues between producers and consumers: retries, dead letters, order, what is done once."""

import json

from tests.flows.conftest import package

# Tells that it was called, and fails.
FAILING = """
import boto3, os
def handler(event, context):
    boto3.client("sqs").send_message(QueueUrl=os.environ["NOTES"], MessageBody="tried")
    raise ValueError("cannot")
"""
# Counts in a table how often it handled each message; reports those that say that they are bad.
COUNTING = """
import boto3, os
sqs = boto3.client("sqs")
table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
def handler(event, context):
    bad = []
    for record in event["Records"]:
        if "bad" in record["body"]:
            bad.append({"itemIdentifier": record["messageId"]})
            continue
        table.update_item(Key={"id": record["body"]}, UpdateExpression="ADD times :one",
                          ExpressionAttributeValues={":one": 1})
    sqs.send_message(QueueUrl=os.environ["NOTES"], MessageBody=str(len(bad)))
    return {"batchItemFailures": bad}
"""
# Does a thing once for each id, however often it is told to.
ONCE = """
import boto3, json, os
client, sqs = boto3.client("dynamodb"), boto3.client("sqs")
def handler(event, context):
    for record in event["Records"]:
        order = json.loads(record["body"])["orderId"]
        try:
            client.put_item(TableName=os.environ["TABLE"], Item={"id": {"S": order}},
                            ConditionExpression="attribute_not_exists(id)")
        except client.exceptions.ConditionalCheckFailedException:
            continue
        sqs.send_message(QueueUrl=os.environ["NOTES"], MessageBody=order)
"""


def test_a_message_that_nobody_handles_is_redriven_from_the_dead_letter_queue(aws, cloud):
    dead = cloud.queue("dead")
    work = cloud.queue("work", dead, tries=3, VisibilityTimeout="0")
    work.send("poison")
    received = 0
    while work.client.receive_message(QueueUrl=work.url).get("Messages"):
        received += 1
    assert received == 3
    assert work.client.list_dead_letter_source_queues(QueueUrl=dead.url)["queueUrls"] == [work.url]
    work.client.start_message_move_task(SourceArn=dead.arn)
    assert work.bodies() == ["poison"]


def test_a_failing_function_leaves_its_message_to_the_dead_letter_queue_and_gets_it_again_by_redrive(
    aws, cloud, notes, clock
):
    dead = cloud.queue("dead")
    work = cloud.queue("work", dead, VisibilityTimeout="30")
    cloud.map(cloud.function(FAILING, NOTES=notes.url), work.arn, BatchSize=1)
    work.send("bad")
    for _ in range(2):
        assert notes.bodies() == ["tried"]
        clock.advance(seconds=31)
    assert dead.bodies() == ["bad"]
    mended = FAILING.replace('raise ValueError("cannot")', "pass")
    aws("lambda").update_function_code(FunctionName="function", ZipFile=package(mended))
    aws("lambda").get_waiter("function_updated_v2").wait(FunctionName="function", WaiterConfig={"Delay": 0})
    dead.send("bad")
    dead.client.start_message_move_task(SourceArn=dead.arn, DestinationArn=work.arn)
    assert notes.bodies() == ["tried"]
    clock.advance(seconds=31)
    assert dead.is_empty() and notes.is_empty()


def test_only_the_failed_message_of_a_batch_comes_back_and_ends_in_the_dead_letter_queue(aws, cloud, notes, clock):
    dead, table = cloud.queue("dead"), cloud.table("id")
    work = cloud.queue("work", dead, VisibilityTimeout="30")
    function = cloud.function(COUNTING, TABLE=table, NOTES=notes.url)
    for body in ("good 1", "bad", "good 2"):
        work.send(body)
    cloud.map(function, work.arn, FunctionResponseTypes=["ReportBatchItemFailures"])
    failed = 0
    while failed < 2:
        failed += notes.bodies().count("1")
        work.wait_for(1)
        clock.advance(seconds=31)
    assert dead.bodies() == ["bad"]
    items = aws("dynamodb").scan(TableName=table)["Items"]
    assert {item["id"]["S"]: item["times"]["N"] for item in items} == {"good 1": "1", "good 2": "1"}


def test_a_message_that_comes_twice_is_processed_once(aws, cloud, notes):
    work, table = cloud.queue("work"), cloud.table("id")
    for order in ("1", "1", "1", "2"):
        work.send(json.dumps({"orderId": order}))
    cloud.map(cloud.function(ONCE, TABLE=table, NOTES=notes.url), work.arn)
    assert sorted(notes.bodies(2)) == ["1", "2"]
    assert notes.is_empty()


def test_a_group_waits_for_its_failed_message_while_other_groups_go_on(aws, cloud, notes, clock):
    """The first message of group a fails once: nothing of a overtakes it."""
    work, table = cloud.queue("work.fifo", VisibilityTimeout="30"), cloud.table("id")
    failing_once = """
import boto3, json, os
sqs, client = boto3.client("sqs"), boto3.client("dynamodb")
def handler(event, context):
    (record,) = event["Records"]
    if record["body"] == "a1":
        sqs.send_message(QueueUrl=os.environ["NOTES"], MessageBody="a1 is tried")
        tries = client.update_item(TableName=os.environ["TABLE"], Key={"id": {"S": "a1"}}, ReturnValues="UPDATED_NEW",
            UpdateExpression="ADD tries :one", ExpressionAttributeValues={":one": {"N": "1"}})
        if tries["Attributes"]["tries"]["N"] == "1":
            raise ValueError("not yet")
    sqs.send_message(QueueUrl=os.environ["NOTES"], MessageBody=record["body"])
"""
    cloud.map(cloud.function(failing_once, TABLE=table, NOTES=notes.url), work.arn, BatchSize=1)
    for body in ("a1", "a2", "a3", "b1"):
        work.send(body, MessageGroupId=body[0], MessageDeduplicationId=body)
    assert sorted(notes.bodies(2)) == ["a1 is tried", "b1"]
    clock.advance(seconds=31)
    assert notes.bodies(4) == ["a1 is tried", "a1", "a2", "a3"]

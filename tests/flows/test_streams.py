"""Streams with functions behind them: what tables say of their changes, and what producers put."""

import json

STREAM = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
# Publishes what happened to an order.
ANNOUNCING = """
import boto3, json, os
sns = boto3.client("sns")
def handler(event, context):
    for record in event["Records"]:
        images = {name: record["dynamodb"].get(name) for name in ("OldImage", "NewImage")}
        message = json.dumps({"event": record["eventName"], **images, "by": record.get("userIdentity")})
        sns.publish(TopicArn=os.environ["TOPIC"], Message=message)
"""
# Notes the texts of a batch, and which function it is.
GATHERING = """
import base64, boto3, json, os
sqs = boto3.client("sqs")
def handler(event, context):
    texts = [base64.b64decode(record["kinesis"]["data"]).decode() for record in event["Records"]]
    if "bad" in texts:
        raise ValueError("bad")
    note = json.dumps([context.function_name, *texts])
    sqs.send_message(QueueUrl=os.environ["NOTES"], MessageBody=note)
"""
TAKING = """
import boto3, json, os
table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
def handler(event, context):
    table.put_item(Item=json.loads(event["body"]))
    return {"statusCode": 201}
"""


def images(document):
    """(event, old status, new status)"""
    status = [(document[name] or {}).get("status", {}).get("S") for name in ("OldImage", "NewImage")]
    return (document["event"], *status)


def test_changes_of_a_table_reach_a_queue_in_order_through_a_function_and_a_topic(aws, cloud):
    topic, queue = cloud.topic(), cloud.queue()
    cloud.subscribe(topic, queue.arn, RawMessageDelivery="true")
    table, dynamodb = cloud.table("orderId", StreamSpecification=STREAM), aws("dynamodb")
    stream = dynamodb.describe_table(TableName=table)["Table"]["LatestStreamArn"]
    cloud.map(cloud.function(ANNOUNCING, TOPIC=topic), stream, StartingPosition="TRIM_HORIZON")
    for status in ("new", "paid"):
        dynamodb.put_item(TableName=table, Item={"orderId": {"S": "1"}, "status": {"S": status}})
    dynamodb.delete_item(TableName=table, Key={"orderId": {"S": "1"}})
    seen = [images(json.loads(body)) for body in queue.bodies(3)]
    assert sorted(seen) == [("INSERT", None, "new"), ("MODIFY", "new", "paid"), ("REMOVE", "paid", None)]


def test_an_order_that_a_function_takes_appears_in_the_fulfilment_queue(aws, cloud):
    topic, fulfilment = cloud.topic(), cloud.queue("fulfilment")
    cloud.subscribe(topic, fulfilment.arn, RawMessageDelivery="true")
    table = cloud.table("orderId", StreamSpecification=STREAM)
    stream = aws("dynamodb").describe_table(TableName=table)["Table"]["LatestStreamArn"]
    cloud.map(cloud.function(ANNOUNCING, "announce", TOPIC=topic), stream, StartingPosition="LATEST")
    cloud.function(TAKING, "take", TABLE=table)
    event = json.dumps({"body": json.dumps({"orderId": "1", "status": "new"})})
    answer = aws("lambda").invoke(FunctionName="take", Payload=event)
    assert json.loads(answer["Payload"].read()) == {"statusCode": 201}
    assert images(fulfilment.documents()[0]) == ("INSERT", None, "new")


def test_an_item_that_expires_is_announced_as_removed_by_the_service(aws, cloud, clock):
    topic, queue = cloud.topic(), cloud.queue()
    cloud.subscribe(topic, queue.arn, RawMessageDelivery="true")
    table, dynamodb = cloud.table("orderId", StreamSpecification=STREAM), aws("dynamodb")
    dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"})
    stream = dynamodb.describe_table(TableName=table)["Table"]["LatestStreamArn"]
    pattern = json.dumps({"userIdentity": {"principalId": ["dynamodb.amazonaws.com"]}})
    cloud.map(
        cloud.function(ANNOUNCING, TOPIC=topic),
        stream,
        StartingPosition="TRIM_HORIZON",
        FilterCriteria={"Filters": [{"Pattern": pattern}]},
    )
    expires = str(int(clock.now()) + 60)
    dynamodb.put_item(TableName=table, Item={"orderId": {"S": "1"}, "expires": {"N": expires}})
    clock.advance(minutes=2)
    (told,) = queue.documents()
    assert (told["event"], told["by"]["type"]) == ("REMOVE", "Service")


def test_binary_values_of_items_reach_a_function_in_base64(aws, cloud):
    topic, queue = cloud.topic(), cloud.queue()
    cloud.subscribe(topic, queue.arn, RawMessageDelivery="true")
    table, dynamodb = cloud.table("orderId", StreamSpecification=STREAM), aws("dynamodb")
    stream = dynamodb.describe_table(TableName=table)["Table"]["LatestStreamArn"]
    cloud.map(cloud.function(ANNOUNCING, TOPIC=topic), stream, StartingPosition="TRIM_HORIZON")
    values = {"one": {"B": b"\x00\xff"}, "many": {"BS": [b"\x01", b"\x02"]}, "deep": {"L": [{"B": b"x"}]}}
    dynamodb.put_item(TableName=table, Item={"orderId": {"S": "1"}, **values})
    image = queue.documents()[0]["NewImage"]
    assert (image["one"], image["deep"]) == ({"B": "AP8="}, {"L": [{"B": "eA=="}]})
    assert sorted(image["many"]["BS"]) == ["AQ==", "Ag=="]


def test_two_functions_each_read_all_records_of_a_shard_in_order(aws, cloud, notes):
    kinesis, arn = _stream(aws)
    for name in ("first", "second"):
        cloud.map(cloud.function(GATHERING, name, NOTES=notes.url), arn, StartingPosition="TRIM_HORIZON")
    for number in range(10):
        kinesis.put_record(StreamName="clicks", PartitionKey="p", Data=str(number).encode())
    read = {"first": [], "second": []}
    while any(len(texts) < 10 for texts in read.values()):
        for name, *texts in notes.next():
            read[name] += texts
    everything = [str(number) for number in range(10)]
    assert read == {"first": everything, "second": everything}


def test_a_batch_with_a_bad_record_is_halved_until_only_that_one_is_given_up(aws, cloud, notes):
    kinesis, arn = _stream(aws)
    dead = cloud.queue("dead")
    records = [{"Data": text, "PartitionKey": "p"} for text in (b"1", b"bad", b"3")]
    kinesis.put_records(StreamName="clicks", Records=records)
    cloud.map(
        cloud.function(GATHERING, NOTES=notes.url),
        arn,
        StartingPosition="TRIM_HORIZON",
        BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": dead.arn}},
    )
    handled = []
    while len(handled) < 2:
        handled += [text for _, *texts in notes.next() for text in texts]
    assert handled == ["1", "3"]
    (told,) = dead.documents()
    assert told["KinesisBatchInfo"]["batchSize"] == 1


def _stream(aws):
    kinesis = aws("kinesis")
    kinesis.create_stream(StreamName="clicks", ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName="clicks", WaiterConfig={"Delay": 0})
    summary = kinesis.describe_stream_summary(StreamName="clicks")["StreamDescriptionSummary"]
    return kinesis, summary["StreamARN"]

"""The query protocol of 2012-11-05, as older SDKs and shells speak it."""

import pytest

NAMESPACE = "{http://queue.amazonaws.com/doc/2012-11-05/}"


def text(document, path):
    return document.findtext("/".join(f"{NAMESPACE}{part}" for part in path.split("/")))


def pairs(document, element):
    """The names and values of a flattened map."""
    return {text(entry, "Name"): text(entry, "Value") for entry in document.iter(f"{NAMESPACE}{element}")}


def test_a_queue_is_created_used_and_described(query):
    status, created = query(
        "CreateQueue", QueueName="queue", **{"Attribute.1.Name": "DelaySeconds", "Attribute.1.Value": "0"}
    )
    url = text(created, "CreateQueueResult/QueueUrl")
    assert (status, url.rsplit("/", 1)[1]) == (200, "queue")
    _, sent = query("SendMessage", QueueUrl=url, MessageBody="a b+c")
    assert text(sent, "SendMessageResult/MessageId")
    _, received = query("ReceiveMessage", QueueUrl=url, **{"AttributeName.1": "All"})
    assert text(received, "ReceiveMessageResult/Message/Body") == "a b+c"
    assert pairs(received, "Attribute")["ApproximateReceiveCount"] == "1"
    _, described = query("GetQueueAttributes", QueueUrl=url, **{"AttributeName.1": "All"})
    assert pairs(described, "Attribute")["ApproximateNumberOfMessagesNotVisible"] == "1"
    handle = text(received, "ReceiveMessageResult/Message/ReceiptHandle")
    status, deleted = query("DeleteMessage", QueueUrl=url, ReceiptHandle=handle)
    assert (status, deleted.tag) == (200, f"{NAMESPACE}DeleteMessageResponse")


def test_the_path_may_name_the_queue(aws, queue, query, bodies):
    status, _ = query("SendMessage", path=f"/{aws.account}/queue", MessageBody="x")
    assert status == 200
    assert bodies(queue) == ["x"]


def test_attributes_and_batches_are_numbered(queue, query, receive):
    entry = "SendMessageBatchRequestEntry.1"
    status, _ = query(
        "SendMessageBatch",
        QueueUrl=queue,
        **{
            f"{entry}.Id": "one",
            f"{entry}.MessageBody": "x",
            f"{entry}.MessageAttribute.1.Name": "a",
            f"{entry}.MessageAttribute.1.Value.DataType": "Binary",
            f"{entry}.MessageAttribute.1.Value.BinaryValue": "AP8=",
        },
    )
    assert status == 200
    attributes = receive(queue, MessageAttributeNames=["All"])[0]["MessageAttributes"]
    assert attributes == {"a": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}}


@pytest.mark.parametrize(
    ("action", "params", "status", "code"),
    [
        ("GetQueueUrl", {"QueueName": "nothing"}, 400, "AWS.SimpleQueueService.NonExistentQueue"),
        ("DeleteMessage", {"ReceiptHandle": "garbage"}, 404, "ReceiptHandleIsInvalid"),
        ("SendMessage", {}, 400, "MissingParameter"),
        (
            "SetQueueAttributes",
            {"Attribute.1.Name": "DelaySeconds", "Attribute.1.Value": "x"},
            400,
            "InvalidAttributeValue",
        ),
        (
            "CreateQueue",
            {"QueueName": "queue", "Attribute.1.Name": "DelaySeconds", "Attribute.1.Value": "9"},
            400,
            "QueueAlreadyExists",
        ),
        (
            "SendMessageBatch",
            {"SendMessageBatchRequestEntry.1.Id": "!", "SendMessageBatchRequestEntry.1.MessageBody": "x"},
            400,
            "AWS.SimpleQueueService.InvalidBatchEntryId",
        ),
        ("Fly", {}, 400, "InvalidAction"),
    ],
)
def test_errors_have_the_codes_of_the_query_protocol(aws, queue, query, action, params, status, code):
    answered, document = query(action, path=f"/{aws.account}/queue", **params)
    assert (answered, text(document, "Error/Code")) == (status, code)
    assert text(document, "Error/Type") == "Sender"


def test_the_json_protocol_names_both_codes(sqs, queue):
    with pytest.raises(sqs.exceptions.QueueDoesNotExist) as raised:
        sqs.send_message(QueueUrl=queue + "x", MessageBody="x")
    error = raised.value.response["Error"]
    assert (error["Code"], error["QueryErrorCode"]) == ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")

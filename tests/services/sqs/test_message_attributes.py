"""Message attributes: which are taken, how they are digested (botocore compares digests), which a receiver is shown."""

import hashlib
import struct

import pytest

TEXT = {"DataType": "String", "StringValue": "text"}


def digest(*parts):
    """The documented digest, of parts given in order: (name, type, transport, value)."""
    md5 = hashlib.md5()
    for name, data_type, transport, value in parts:
        for text in (name, data_type):
            md5.update(struct.pack(">I", len(text)) + text)
        md5.update(bytes([transport]) + struct.pack(">I", len(value)) + value)
    return md5.hexdigest()


def test_attributes_of_every_type_come_as_they_were_sent(queue, send, receive):
    attributes = {
        "text": {"DataType": "String", "StringValue": "hällo"},
        "number": {"DataType": "Number.float", "StringValue": "-1.5e3"},
        "bytes": {"DataType": "Binary.png", "BinaryValue": b"\x00\xff"},
    }
    expected = digest(
        (b"bytes", b"Binary.png", 2, b"\x00\xff"),
        (b"number", b"Number.float", 1, b"-1.5e3"),
        (b"text", b"String", 1, "hällo".encode()),
    )
    assert send(queue, "x", MessageAttributes=attributes)["MD5OfMessageAttributes"] == expected
    (message,) = receive(queue, MessageAttributeNames=["All"])
    assert message["MessageAttributes"] == attributes
    assert message["MD5OfMessageAttributes"] == expected


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (["All"], {"order.id", "order.date", "user"}),
        ([".*"], {"order.id", "order.date", "user"}),
        (["order.*"], {"order.id", "order.date"}),
        (["user", "nobody"], {"user"}),
        (["order.*", "user"], {"order.id", "order.date", "user"}),
    ],
)
def test_a_receiver_is_shown_the_attributes_it_asks_for(queue, send, receive, names, shown):
    send(queue, "x", MessageAttributes=dict.fromkeys(("order.id", "order.date", "user"), TEXT))
    assert set(receive(queue, MessageAttributeNames=names)[0]["MessageAttributes"]) == shown


def test_the_digest_is_of_the_attributes_that_are_shown(queue, send, receive):
    send(queue, "x", MessageAttributes={"a": TEXT, "b": TEXT})
    (message,) = receive(queue, MessageAttributeNames=["a"])
    assert message["MD5OfMessageAttributes"] == digest((b"a", b"String", 1, b"text"))


@pytest.mark.parametrize("names", [[], ["other"]])
def test_no_attributes_are_shown_that_are_not_asked_for(queue, send, receive, names):
    send(queue, "x", MessageAttributes={"a": TEXT})
    (message,) = receive(queue, MessageAttributeNames=names)
    assert not {"MessageAttributes", "MD5OfMessageAttributes"} & set(message)


def test_a_message_has_ten_attributes_at_most(queue, send, refused):
    send(queue, "x", MessageAttributes={f"a{number}": TEXT for number in range(10)})
    with refused("InvalidParameterValue", "Number of message attributes [11] exceeds the allowed maximum [10]."):
        send(queue, "x", MessageAttributes={f"a{number}": TEXT for number in range(11)})


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (
            "with space",
            "Attribute name can contain A-Z, a-z, 0-9, underscore (_), hyphen (-), and period (.) characters.",
        ),
        ("AWS.name", "cannot start with AWS. or Amazon."),
        ("aMaZoN.name", "cannot start with AWS. or Amazon."),
        (".name", "cannot start or end with a period"),
        ("name.", "cannot start or end with a period"),
        ("na..me", "or have periods in succession"),
        ("a" * 257, "Length of message attribute name must be less than 256 bytes."),
    ],
)
def test_a_bad_attribute_name_is_refused(queue, send, refused, name, reason):
    with refused("InvalidParameterValue", reason):
        send(queue, "x", MessageAttributes={name: TEXT})


@pytest.mark.parametrize(
    ("attribute", "reason"),
    [
        (
            {"DataType": "string", "StringValue": "x"},
            "The type of message (user) attribute 'a' is invalid. "
            "You must use only the following supported type prefixes: Binary, Number, String.",
        ),
        (
            {"DataType": "String", "StringValue": ""},
            "Message (user) attribute 'a' must contain a non-empty value of type 'String'.",
        ),
        (
            {"DataType": "Binary", "StringValue": "x"},
            "Message (user) attribute 'a' must contain a non-empty value of type 'Binary'.",
        ),
        (
            {"DataType": "Number", "BinaryValue": b"1"},
            "Message (user) attribute 'a' must contain a non-empty value of type 'Number'.",
        ),
        (
            {"DataType": "Number", "StringValue": "one"},
            "Can't cast the value of message (user) attribute 'a' to a number.",
        ),
        (
            {"DataType": "", "StringValue": "x"},
            "The message attribute 'a' must contain non-empty message attribute type.",
        ),
    ],
)
def test_a_bad_attribute_is_refused(queue, send, refused, attribute, reason):
    with refused("InvalidParameterValue", reason):
        send(queue, "x", MessageAttributes={"a": attribute})


def test_an_attribute_without_type_is_refused(aws, queue):
    sqs = aws("sqs", parameter_validation=False)
    with pytest.raises(sqs.exceptions.ClientError) as raised:
        sqs.send_message(QueueUrl=queue, MessageBody="x", MessageAttributes={"a": {"StringValue": "x"}})
    assert raised.value.response["Error"]["Message"] == (
        "The message attribute 'a' must contain non-empty message attribute type."
    )


def test_the_text_of_an_attribute_has_the_characters_of_a_body(queue, send, refused):
    with refused("InvalidMessageContents"):
        send(queue, "x", MessageAttributes={"a": {"DataType": "String", "StringValue": "\x01"}})


def test_lists_are_reserved_for_the_future(queue, send, refused):
    with refused("AWS.SimpleQueueService.UnsupportedOperation"):
        send(queue, "x", MessageAttributes={"a": {"DataType": "String", "StringListValues": ["x"]}})


# -- the trace header

TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"


def test_a_trace_header_is_passed_on(queue, send, receive):
    header = {"AWSTraceHeader": {"DataType": "String", "StringValue": TRACE}}
    answer = send(queue, "x", MessageSystemAttributes=header)
    assert answer["MD5OfMessageSystemAttributes"] == digest((b"AWSTraceHeader", b"String", 1, TRACE.encode()))
    assert receive(queue, AttributeNames=["AWSTraceHeader"])[0]["Attributes"] == {"AWSTraceHeader": TRACE}


@pytest.mark.parametrize(
    "header", [{"DataType": "String", "StringValue": "trace"}, {"DataType": "Binary", "BinaryValue": TRACE.encode()}]
)
def test_a_malformed_trace_header_is_refused(queue, send, refused, header):
    with refused("InvalidParameterValue", "AWSTraceHeader"):
        send(queue, "x", MessageSystemAttributes={"AWSTraceHeader": header})


def test_an_unknown_system_attribute_is_refused(queue, send, refused):
    with refused("InvalidAttributeName", "Unknown Attribute Colour."):
        send(queue, "x", MessageSystemAttributes={"Colour": TEXT})

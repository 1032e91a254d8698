"""Creating, finding, deleting and describing queues."""

import json

import pytest


def test_a_queue_is_known_by_the_url_it_was_created_with(aws, sqs):
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    assert url == f"{aws.endpoint}/{aws.account}/orders"
    assert sqs.get_queue_url(QueueName="orders")["QueueUrl"] == url


@pytest.mark.parametrize("name", ["", "a" * 81, "with space", "dot.ted", "orders.fifo"])
def test_a_queue_name_of_other_characters_is_refused(sqs, refused, name):
    with refused("InvalidParameterValue", "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80"):
        sqs.create_queue(QueueName=name)


@pytest.mark.parametrize("name", ["orders", "a" * 76 + ".fifo", "or ders.fifo", ".fifo"])
def test_a_fifo_queue_name_must_have_its_suffix(sqs, refused, name):
    with refused("InvalidParameterValue", "must end with .fifo suffix and be 1 to 80 in length."):
        sqs.create_queue(QueueName=name, Attributes={"FifoQueue": "true"})


def test_creating_a_queue_again_with_the_same_attributes_gives_the_same_queue(sqs):
    attributes = {"VisibilityTimeout": "40", "DelaySeconds": "3"}
    first = sqs.create_queue(QueueName="queue", Attributes=attributes)["QueueUrl"]
    assert sqs.create_queue(QueueName="queue", Attributes=attributes)["QueueUrl"] == first


def test_creating_a_queue_again_may_leave_attributes_out(sqs):
    first = sqs.create_queue(QueueName="queue", Attributes={"VisibilityTimeout": "40"})["QueueUrl"]
    assert sqs.create_queue(QueueName="queue")["QueueUrl"] == first


def test_creating_a_queue_again_with_another_value_is_refused(sqs, queue, refused):
    message = "A queue already exists with the same name and a different value for attribute VisibilityTimeout"
    with refused("QueueAlreadyExists", message):
        sqs.create_queue(QueueName="queue", Attributes={"VisibilityTimeout": "31"})


def test_the_same_policy_in_another_spelling_is_the_same_attribute(sqs, make_queue):
    dead = make_queue("dead")
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    make_queue(RedrivePolicy=json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 3}))
    make_queue(RedrivePolicy=json.dumps({"maxReceiveCount": 3, "deadLetterTargetArn": arn}, indent=2))


# -- deletion


def test_a_deleted_queue_is_gone(sqs, queue, refused):
    sqs.delete_queue(QueueUrl=queue)
    with refused("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist."):
        sqs.send_message(QueueUrl=queue, MessageBody="x")
    with refused("AWS.SimpleQueueService.NonExistentQueue"):
        sqs.get_queue_url(QueueName="queue")
    assert "QueueUrls" not in sqs.list_queues()


def test_the_name_of_a_deleted_queue_is_refused_for_a_minute(sqs, queue, clock, refused):
    sqs.delete_queue(QueueUrl=queue)
    clock.advance(seconds=55)
    with refused("AWS.SimpleQueueService.QueueDeletedRecently", "You must wait 60 seconds after deleting a queue"):
        sqs.create_queue(QueueName="queue")
    clock.advance(seconds=6)
    assert sqs.create_queue(QueueName="queue")["QueueUrl"] == queue


def test_a_queue_created_anew_is_empty(sqs, queue, send, bodies, clock):
    send(queue, "old")
    sqs.delete_queue(QueueUrl=queue)
    clock.advance(seconds=61)
    sqs.create_queue(QueueName="queue")
    assert bodies(queue) == []


def test_deleting_a_queue_that_is_not_there_is_refused(sqs, queue, refused):
    with refused("AWS.SimpleQueueService.NonExistentQueue"):
        sqs.delete_queue(QueueUrl=queue + "x")


# -- finding


def test_queues_of_other_accounts_and_regions_are_others(aws, queue, refused):
    assert "QueueUrls" not in aws("sqs", region="eu-west-1").list_queues()
    assert "QueueUrls" not in aws("sqs", account="123412341234").list_queues()
    with refused("AWS.SimpleQueueService.NonExistentQueue"):
        aws("sqs", region="eu-west-1").send_message(QueueUrl=queue, MessageBody="x")


def test_only_the_path_of_a_queue_url_counts(aws, sqs, queue):
    for url in (f"https://sqs.us-east-1.amazonaws.com/{aws.account}/queue", f"http://other:1/{aws.account}/queue"):
        assert sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]


@pytest.mark.parametrize("url", ["queue", "arn:aws:sqs:us-east-1:123456789012:queue"])
def test_a_name_or_arn_is_no_queue_url(sqs, queue, refused, url):
    with refused("InvalidAddress", f"The address {url} is not valid for this endpoint."):
        sqs.receive_message(QueueUrl=url)


def test_queues_are_listed_by_name_and_prefix(sqs, make_queue):
    urls = [make_queue(name) for name in ("b", "a1", "a2")]
    assert sqs.list_queues()["QueueUrls"] == [urls[1], urls[2], urls[0]]
    assert sqs.list_queues(QueueNamePrefix="a")["QueueUrls"] == urls[1:]
    assert "QueueUrls" not in sqs.list_queues(QueueNamePrefix="c")


def test_pages_of_queues_add_up_to_all_of_them(sqs, make_queue):
    urls = [make_queue(f"q{number}") for number in range(5)]
    pages = list(sqs.get_paginator("list_queues").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["QueueUrls"]) for page in pages] == [2, 2, 1]
    assert [url for page in pages for url in page["QueueUrls"]] == urls


def test_no_token_is_given_unless_a_page_size_is_asked_for(sqs, make_queue):
    for number in range(3):
        make_queue(f"q{number}")
    assert "NextToken" not in sqs.list_queues()
    assert "NextToken" in sqs.list_queues(MaxResults=2)


def test_a_page_size_out_of_range_is_refused(sqs, refused):
    with refused("InvalidParameterValue", "Value 1001 for parameter MaxResults is invalid."):
        sqs.list_queues(MaxResults=1001)


def test_a_made_up_token_is_refused(sqs, refused):
    with refused("InvalidParameterValue", "token"):
        sqs.list_queues(MaxResults=2, NextToken="garbage")


def test_a_queue_of_another_account_is_hidden(aws, sqs, queue, refused):
    message = "The specified queue does not exist or you do not have access to it."
    with refused("AWS.SimpleQueueService.NonExistentQueue", message):
        sqs.get_queue_url(QueueName="nothing", QueueOwnerAWSAccountId="123412341234")


# -- attributes


def test_a_standard_queue_has_its_defaults(aws, queue, attributes, clock):
    shown = attributes(queue)
    created = int(shown.pop("CreatedTimestamp"))
    assert abs(created - clock.now()) < 5
    assert int(shown.pop("LastModifiedTimestamp")) == created
    assert shown == {
        "QueueArn": f"arn:aws:sqs:us-east-1:{aws.account}:queue",
        "ApproximateNumberOfMessages": "0",
        "ApproximateNumberOfMessagesNotVisible": "0",
        "ApproximateNumberOfMessagesDelayed": "0",
        "DelaySeconds": "0",
        "MaximumMessageSize": "1048576",
        "MessageRetentionPeriod": "345600",
        "ReceiveMessageWaitTimeSeconds": "0",
        "VisibilityTimeout": "30",
        "SqsManagedSseEnabled": "true",
    }


def test_a_fifo_queue_has_its_own_defaults_too(make_queue, attributes):
    shown = attributes(make_queue("q.fifo"))
    assert {name: shown.get(name) for name in ("FifoQueue", "ContentBasedDeduplication")} == {
        "FifoQueue": "true",
        "ContentBasedDeduplication": "false",
    }
    assert (shown["DeduplicationScope"], shown["FifoThroughputLimit"]) == ("queue", "perQueue")


def test_only_the_attributes_asked_for_are_shown(sqs, queue, attributes):
    assert attributes(queue, "DelaySeconds", "VisibilityTimeout") == {"DelaySeconds": "0", "VisibilityTimeout": "30"}
    assert "Attributes" not in sqs.get_queue_attributes(QueueUrl=queue)


def test_asking_for_an_unknown_attribute_is_refused(sqs, queue, refused):
    with refused("InvalidAttributeName", "Unknown Attribute Colour."):
        sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["Colour"])


def test_setting_an_attribute_changes_it_and_the_time_of_change(sqs, queue, attributes, clock):
    clock.advance(seconds=10)
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "12"})
    shown = attributes(queue)
    assert shown["VisibilityTimeout"] == "12"
    assert int(shown["LastModifiedTimestamp"]) - int(shown["CreatedTimestamp"]) in (10, 11)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DelaySeconds", "-1"),
        ("DelaySeconds", "901"),
        ("MaximumMessageSize", "1023"),
        ("MaximumMessageSize", "1048577"),
        ("MessageRetentionPeriod", "59"),
        ("MessageRetentionPeriod", "1209601"),
        ("ReceiveMessageWaitTimeSeconds", "21"),
        ("VisibilityTimeout", "43201"),
        ("VisibilityTimeout", "soon"),
        ("VisibilityTimeout", "1.5"),
        ("KmsDataKeyReusePeriodSeconds", "59"),
        ("SqsManagedSseEnabled", "yes"),
        ("Policy", "{"),
        ("Policy", '{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"}}'),
        ("Policy", "[]"),
    ],
)
def test_a_value_out_of_range_is_refused(sqs, queue, refused, name, value):
    with refused("InvalidAttributeValue", f"Invalid value for the parameter {name}."):
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={name: value})


@pytest.mark.parametrize("name", ["QueueArn", "ApproximateNumberOfMessages", "All", "Colour"])
def test_what_is_computed_cannot_be_set(sqs, queue, refused, name):
    with refused("InvalidAttributeName", f"Unknown Attribute {name}."):
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={name: "1"})


@pytest.mark.parametrize("name", ["FifoQueue", "ContentBasedDeduplication", "DeduplicationScope"])
def test_a_standard_queue_has_no_fifo_attributes(sqs, refused, name):
    with refused("InvalidAttributeName", f"Unknown Attribute {name}."):
        sqs.create_queue(QueueName="queue", Attributes={name: "false"})


def test_a_fifo_queue_stays_one(sqs, fifo, refused):
    with refused("InvalidAttributeValue", "Modifying queue type is not supported."):
        sqs.set_queue_attributes(QueueUrl=fifo, Attributes={"FifoQueue": "false"})


def test_throughput_by_group_needs_deduplication_by_group(sqs, fifo, attributes, refused):
    with refused("InvalidAttributeValue", "allowed only when the value for DeduplicationScope is messageGroup"):
        sqs.set_queue_attributes(QueueUrl=fifo, Attributes={"FifoThroughputLimit": "perMessageGroupId"})
    sqs.set_queue_attributes(
        QueueUrl=fifo, Attributes={"FifoThroughputLimit": "perMessageGroupId", "DeduplicationScope": "messageGroup"}
    )
    assert attributes(fifo)["FifoThroughputLimit"] == "perMessageGroupId"


def test_a_refused_change_changes_nothing(sqs, queue, attributes, refused):
    with refused("InvalidAttributeValue"):
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"DelaySeconds": "5", "VisibilityTimeout": "-1"})
    assert attributes(queue)["DelaySeconds"] == "0"


def test_an_empty_policy_takes_the_policy_away(sqs, queue, attributes):
    allow = {"Sid": "__everyone-may", "Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    assert attributes(queue)["Policy"] == policy
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": ""})
    assert "Policy" not in attributes(queue)


def test_a_kms_key_replaces_the_keys_of_sqs(sqs, queue, attributes):
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"KmsMasterKeyId": "alias/aws/sqs"})
    shown = attributes(queue)
    assert (shown["KmsMasterKeyId"], shown["KmsDataKeyReusePeriodSeconds"]) == ("alias/aws/sqs", "300")
    assert shown["SqsManagedSseEnabled"] == "false"
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"SqsManagedSseEnabled": "true"})
    assert "KmsMasterKeyId" not in attributes(queue)


def test_two_kinds_of_encryption_at_once_are_refused(sqs, refused):
    with refused("InvalidAttributeValue", "You can use one type of server-side encryption (SSE) at one time."):
        sqs.create_queue(
            QueueName="queue", Attributes={"KmsMasterKeyId": "alias/aws/sqs", "SqsManagedSseEnabled": "true"}
        )


# -- purging


def test_a_purged_queue_is_empty_and_goes_on(sqs, queue, send, receive, bodies, counted):
    send(queue, "in flight")
    receive(queue)
    send(queue, "waiting")
    sqs.purge_queue(QueueUrl=queue)
    assert counted(queue) == (0, 0, 0)
    send(queue, "new")
    assert bodies(queue) == ["new"]


def test_a_purged_fifo_queue_forgets_its_groups(sqs, fifo, send, receive, bodies):
    send(fifo, "old", MessageGroupId="g")
    receive(fifo)
    sqs.purge_queue(QueueUrl=fifo)
    send(fifo, "new", MessageGroupId="g")
    assert bodies(fifo) == ["new"]


def test_a_message_of_before_a_purge_is_deleted_successfully(sqs, queue, send, receive, bodies):
    send(queue, "old")
    old = receive(queue)[0]
    sqs.purge_queue(QueueUrl=queue)
    send(queue, "new")
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=old["ReceiptHandle"])
    assert bodies(queue) == ["new"]


def test_a_queue_is_purged_once_a_minute(sqs, queue, clock, refused):
    sqs.purge_queue(QueueUrl=queue)
    message = "Only one PurgeQueue operation on queue is allowed every 60 seconds."
    with refused("AWS.SimpleQueueService.PurgeQueueInProgress", message):
        sqs.purge_queue(QueueUrl=queue)
    clock.advance(seconds=60)
    sqs.purge_queue(QueueUrl=queue)


def test_what_a_deleted_queue_held_leaves_the_store(aws, fogbank_server, sqs, make_queue, send, receive, clock):
    for url in (make_queue("a"), make_queue("b.fifo", ContentBasedDeduplication="true")):
        for number in range(12):
            send(url, f"m{number}", **({"MessageGroupId": f"g{number % 3}"} if url.endswith(".fifo") else {}))
        receive(url)
        sqs.delete_queue(QueueUrl=url)
    clock.advance(minutes=15)
    rows = fogbank_server.call(fogbank_server.app.summary())
    left = [row["collection"] for row in rows if (row["service"], row["account"]) == ("sqs", aws.account)]
    assert left == []

"""Notifications: who may be told, and what queues hear."""

import json

import boto3
import pytest

EVERYTHING = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:ObjectTagging:*", "s3:ObjectAcl:Put"]


def allowed(arn, bucket, **condition):
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{bucket}"}, **condition},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def sqs(aws):
    return aws("sqs")


@pytest.fixture
def make_queue(sqs, new_name):
    """Creates a queue to which S3 may send on behalf of a bucket; gives its URL and ARN."""

    def make(bucket, suffix="", attributes=None, **condition):
        url = sqs.create_queue(QueueName=new_name() + suffix, Attributes=attributes or {})["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": allowed(arn, bucket, **condition)})
        return url, arn

    return make


@pytest.fixture
def received(sqs, clock):
    """Takes all messages from a queue, as documents, once all that is due was done."""

    def received(url):
        clock.advance(seconds=1)
        found = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            found += [json.loads(message["Body"]) for message in messages]
            for message in messages:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    return received


@pytest.fixture
def configure(s3):
    def configure(bucket, *queues, event_bridge=False, **options):
        document = {"QueueConfigurations": list(queues)} if queues else {}
        if event_bridge:
            document["EventBridgeConfiguration"] = {}
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=document, **options)

    return configure


@pytest.fixture
def listen(make_queue, configure, received):
    """Has a queue told of events in a bucket; gives what takes the records from it."""

    def listen(bucket, *events):
        url, arn = make_queue(bucket)
        configure(bucket, {"Id": "rule", "QueueArn": arn, "Events": list(events or EVERYTHING)})
        received(url)
        return lambda: [record for message in received(url) for record in message["Records"]]

    return listen


def filtered(arn, id="rule", events=("s3:ObjectCreated:*",), **rules):
    names = [{"Name": name, "Value": value} for name, value in rules.items()]
    return {"Id": id, "QueueArn": arn, "Events": list(events), "Filter": {"Key": {"FilterRules": names}}}


# -- configurations


def test_configuration_comes_back(s3, bucket, make_queue, configure):
    _, arn = make_queue(bucket)
    configure(bucket, filtered(arn, prefix="in/"), event_bridge=True)
    answer = s3.get_bucket_notification_configuration(Bucket=bucket)
    assert answer["QueueConfigurations"] == [filtered(arn, Prefix="in/")]
    assert answer["EventBridgeConfiguration"] == {}
    assert "x-fogbank-fidelity" not in answer["ResponseMetadata"]["HTTPHeaders"]


def test_clients_of_the_older_operations_are_answered(s3, bucket, make_queue):
    _, arn = make_queue(bucket)
    entry = {"Id": "q", "Queue": arn, "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification(Bucket=bucket, NotificationConfiguration={"QueueConfiguration": entry})
    answer = s3.get_bucket_notification(Bucket=bucket)["QueueConfiguration"]
    assert (answer["Id"], answer["Queue"], answer["Events"]) == ("q", arn, ["s3:ObjectCreated:*"])


def test_configuration_that_was_read_can_be_put_again(s3, bucket, make_queue, configure):
    _, arn = make_queue(bucket)
    configure(bucket, filtered(arn, prefix="in/"))
    found = s3.get_bucket_notification_configuration(Bucket=bucket)["QueueConfigurations"]
    configure(bucket, *found)
    assert s3.get_bucket_notification_configuration(Bucket=bucket)["QueueConfigurations"] == found


def test_configuration_without_id_gets_one(s3, bucket, make_queue, configure):
    _, arn = make_queue(bucket)
    configure(bucket, {"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]})
    (found,) = s3.get_bucket_notification_configuration(Bucket=bucket)["QueueConfigurations"]
    assert len(found["Id"]) == 36


def test_nobody_is_told_by_default(s3, bucket):
    answer = s3.get_bucket_notification_configuration(Bucket=bucket)
    assert set(answer) == {"ResponseMetadata"}


def test_older_operations_read_the_same_configuration(s3, bucket, make_queue, configure):
    _, arn = make_queue(bucket)
    configure(bucket, {"Id": "r", "QueueArn": arn, "Events": ["s3:ObjectCreated:Put"]})
    assert s3.get_bucket_notification(Bucket=bucket)["QueueConfiguration"]["Queue"] == arn


def test_older_operations_write_the_same_configuration(s3, bucket, make_queue):
    _, arn = make_queue(bucket)
    older = {"QueueConfiguration": {"Id": "r", "Queue": arn, "Events": ["s3:ObjectCreated:Put"]}}
    s3.put_bucket_notification(Bucket=bucket, NotificationConfiguration=older)
    (found,) = s3.get_bucket_notification_configuration(Bucket=bucket)["QueueConfigurations"]
    assert found["QueueArn"] == arn


def test_configuration_goes_with_the_bucket(s3, bucket, make_queue, configure):
    _, arn = make_queue(bucket)
    configure(bucket, filtered(arn))
    s3.delete_bucket(Bucket=bucket)
    s3.create_bucket(Bucket=bucket)
    assert "QueueConfigurations" not in s3.get_bucket_notification_configuration(Bucket=bucket)


def test_new_destination_gets_a_test_message(bucket, make_queue, configure, received):
    url, arn = make_queue(bucket)
    configure(bucket, {"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]})
    (message,) = received(url)
    assert (message["Service"], message["Event"], message["Bucket"]) == ("Amazon S3", "s3:TestEvent", bucket)
    assert set(message) == {"Service", "Event", "Time", "Bucket", "RequestId", "HostId"}


def test_missing_queue_is_refused(refused, bucket, configure, aws):
    arn = f"arn:aws:sqs:us-east-1:{aws.account}:nowhere"
    with refused(
        "InvalidArgument", 400, ArgumentName1=arn, ArgumentValue1="The destination queue does not exist"
    ) as caught:
        configure(bucket, {"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]})
    message = caught.value.response["Error"]["Message"]
    assert message == "Unable to validate the following destination configurations"


def test_queue_that_does_not_let_s3_in_is_refused(refused, bucket, make_queue, configure):
    _, arn = make_queue("another-bucket")
    why = "Permissions on the destination queue do not allow S3 to publish notifications from this bucket"
    with refused("InvalidArgument", 400, ArgumentName1=arn, ArgumentValue1=why):
        configure(bucket, {"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]})


def test_queue_may_ask_for_the_account_of_the_bucket(aws, bucket, make_queue, configure):
    _, arn = make_queue(bucket, StringEquals={"aws:SourceAccount": aws.account})
    configure(bucket, {"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]})


def test_refused_configuration_changes_nothing(refused, s3, bucket, make_queue, configure, received, aws):
    url, arn = make_queue(bucket)
    entries = [
        filtered(arn, "a", prefix="a"),
        filtered(f"arn:aws:sqs:us-east-1:{aws.account}:nowhere", "b", prefix="b"),
    ]
    with refused("InvalidArgument", 400):
        configure(bucket, *entries)
    assert received(url) == []
    assert "QueueConfigurations" not in s3.get_bucket_notification_configuration(Bucket=bucket)


def test_validation_of_destinations_can_be_skipped(s3, bucket, configure, aws):
    arn = f"arn:aws:sqs:us-east-1:{aws.account}:nowhere"
    configure(bucket, {"Id": "r", "QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}, SkipDestinationValidation=True)
    assert s3.get_bucket_notification_configuration(Bucket=bucket)["QueueConfigurations"][0]["QueueArn"] == arn


@pytest.mark.parametrize("arn", ["nonsense", "arn:aws:sns:us-east-1:111122223333:topic", "arn:aws:sqs:us-east-1::q"])
def test_arn_has_to_be_that_of_a_queue(refused, bucket, configure, arn):
    with refused("InvalidArgument", 400, ArgumentValue=arn):
        configure(bucket, {"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]})


def test_destination_has_to_be_in_the_region_of_the_bucket(refused, bucket, configure, aws):
    arn = f"arn:aws:sqs:eu-west-1:{aws.account}:q"
    with refused("InvalidArgument", 400) as caught:
        configure(bucket, {"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]})
    assert "region is not valid for the bucket location" in caught.value.response["Error"]["Message"]


def test_fifo_queues_are_refused(refused, bucket, make_queue, configure):
    _, arn = make_queue(bucket, ".fifo", {"FifoQueue": "true"})
    with refused("InvalidArgument", 400):
        configure(bucket, {"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]})


def test_function_that_does_not_exist_is_refused(refused, s3, bucket, aws):
    arn = f"arn:aws:lambda:us-east-1:{aws.account}:function:nothing"
    document = {"LambdaFunctionConfigurations": [{"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}]}
    with refused("InvalidArgument", 400, ArgumentName1=arn):
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=document)


def test_unknown_event_is_refused(refused, bucket, configure, aws):
    arn = f"arn:aws:sqs:us-east-1:{aws.account}:q"
    with refused("InvalidArgument", 400, ArgumentName="Event", ArgumentValue="s3:ObjectSold:*"):
        configure(bucket, {"QueueArn": arn, "Events": ["s3:ObjectSold:*"]})


def test_filters_are_by_prefix_or_suffix(refused, bucket, configure, aws):
    with refused("InvalidArgument", 400, ArgumentName="FilterRule.Name"):
        configure(bucket, filtered(f"arn:aws:sqs:us-east-1:{aws.account}:q", infix="x"))


def test_filter_has_one_prefix(refused, bucket, configure, aws):
    entry = filtered(f"arn:aws:sqs:us-east-1:{aws.account}:q", prefix="x")
    entry["Filter"]["Key"]["FilterRules"] *= 2
    with refused("InvalidArgument", 400) as caught:
        configure(bucket, entry)
    assert caught.value.response["Error"]["Message"] == "Cannot specify more than one prefix rule in a filter."


def test_ids_are_unique(refused, bucket, configure, aws):
    arn = f"arn:aws:sqs:us-east-1:{aws.account}:q"
    with refused("InvalidArgument", 400, ArgumentValue="same"):
        configure(bucket, filtered(arn, "same", prefix="a"), filtered(arn, "same", prefix="b"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {}),
        ({"prefix": "images"}, {}),
        ({"prefix": "images"}, {"prefix": "images/raw"}),
        ({"suffix": "jpg"}, {"suffix": "pg"}),
        ({"prefix": "images", "suffix": "jpg"}, {"suffix": "jpg"}),
    ],
)
def test_configurations_of_one_event_must_not_overlap(refused, bucket, configure, aws, one, other):
    arn = f"arn:aws:sqs:us-east-1:{aws.account}:q"
    with refused("InvalidArgument", 400) as caught:
        configure(bucket, filtered(arn, "1", **one), filtered(arn, "2", ("s3:ObjectCreated:Put",), **other))
    message = caught.value.response["Error"]["Message"]
    assert message.startswith("Configurations overlap." if not one else "Configuration is ambiguously defined.")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"prefix": "images/"}, {"prefix": "logs/"}),
        ({"suffix": "jpg"}, {"suffix": "png"}),
        ({"prefix": "images", "suffix": "jpg"}, {"prefix": "images", "suffix": "png"}),
    ],
)
def test_configurations_that_do_not_overlap_go_together(bucket, configure, make_queue, one, other):
    _, arn = make_queue(bucket)
    configure(bucket, filtered(arn, "1", **one), filtered(arn, "2", **other))


def test_filters_of_different_events_may_overlap(bucket, configure, make_queue):
    _, arn = make_queue(bucket)
    configure(bucket, filtered(arn, "1", prefix="i"), filtered(arn, "2", ("s3:ObjectRemoved:*",), prefix="i"))


def test_strangers_do_not_configure(refused, aws, bucket):
    stranger = aws("s3", account="111122223333")
    with refused("AccessDenied", 403):
        stranger.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})


# -- what is told


def test_record_of_a_new_object_is_that_of_aws(aws, s3, bucket, listen):
    records = listen(bucket)
    answer = s3.put_object(Bucket=bucket, Key="red flower/ü+.jpg", Body=b"petals")
    (record,) = records()
    ids = answer["ResponseMetadata"]["HTTPHeaders"]
    sequencer = record["s3"]["object"].pop("sequencer")
    assert len(sequencer) == 18 and int(sequencer, 16)
    customer = record["userIdentity"]["principalId"]
    assert record.pop("eventTime").endswith("Z")
    assert record == {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "us-east-1",
        "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": customer},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": ids["x-amz-request-id"], "x-amz-id-2": ids["x-amz-id-2"]},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "rule",
            "bucket": {"name": bucket, "ownerIdentity": {"principalId": customer}, "arn": f"arn:aws:s3:::{bucket}"},
            "object": {"key": "red+flower/%C3%BC%2B.jpg", "size": 6, "eTag": answer["ETag"].strip('"')},
        },
    }


def test_users_are_named_by_their_unique_id(aws, s3, bucket, listen):
    records = listen(bucket)
    iam = aws("iam")
    user = iam.create_user(UserName="painter")["User"]
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    iam.put_user_policy(UserName="painter", PolicyName="p", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName="painter")["AccessKey"]
    _client(s3, key).put_object(Bucket=bucket, Key="k", Body=b"")
    (record,) = records()
    assert record["userIdentity"]["principalId"] == f"AWS:{user['UserId']}"


def _client(s3, key):
    return boto3.client(
        "s3",
        endpoint_url=s3.meta.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )


def test_every_way_to_create_has_its_event(s3, bucket, listen, upload):
    records = listen(bucket)
    s3.put_object(Bucket=bucket, Key="put", Body=b"x")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/put")
    upload(bucket, "parts", [b"x"])
    assert {(record["s3"]["object"]["key"], record["eventName"]) for record in records()} == {
        ("put", "ObjectCreated:Put"),
        ("copy", "ObjectCreated:Copy"),
        ("parts", "ObjectCreated:CompleteMultipartUpload"),
    }


def test_removed_object_has_neither_size_nor_etag(s3, bucket, put, listen):
    put(bucket, "k")
    records = listen(bucket)
    s3.delete_object(Bucket=bucket, Key="k")
    (record,) = records()
    assert record["eventName"] == "ObjectRemoved:Delete"
    assert set(record["s3"]["object"]) == {"key", "sequencer"}


def test_delete_marker_has_the_etag_of_nothing(s3, versioned, put, listen):
    put(versioned, "k")
    records = listen(versioned)
    marker = s3.delete_object(Bucket=versioned, Key="k")["VersionId"]
    (record,) = records()
    assert record["eventName"] == "ObjectRemoved:DeleteMarkerCreated"
    found = record["s3"]["object"]
    assert (found["eTag"], found["versionId"]) == ("d41d8cd98f00b204e9800998ecf8427e", marker)
    assert "size" not in found


def test_deleting_many_tells_of_each(s3, bucket, put, listen):
    for key in "abc":
        put(bucket, key)
    records = listen(bucket, "s3:ObjectRemoved:*")
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in "abcd"]})
    assert sorted(record["s3"]["object"]["key"] for record in records()) == ["a", "b", "c"]


def test_version_id_is_there_with_versioning(versioned, put, listen):
    records = listen(versioned)
    version = put(versioned, "k")
    assert records()[0]["s3"]["object"]["versionId"] == version


def test_tagging_is_told_in_version_2_3(s3, bucket, put, listen):
    put(bucket, "k")
    records = listen(bucket)
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    found = sorted(records(), key=lambda record: record["eventTime"])
    assert {(record["eventName"], record["eventVersion"]) for record in found} == {
        ("ObjectTagging:Put", "2.3"),
        ("ObjectTagging:Delete", "2.3"),
    }
    assert set(found[0]["s3"]["object"]) == {"key", "eTag"}


def test_later_changes_of_a_key_have_greater_sequencers(s3, bucket, listen):
    records = listen(bucket)
    for body in (b"1", b"22", b"333"):
        s3.put_object(Bucket=bucket, Key="k", Body=body)
    found = sorted(records(), key=lambda record: record["s3"]["object"]["sequencer"])
    assert [record["s3"]["object"]["size"] for record in found] == [1, 2, 3]


def test_events_that_were_not_asked_for_are_not_told(s3, bucket, put, listen):
    records = listen(bucket, "s3:ObjectRemoved:Delete")
    put(bucket, "k")
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": []})
    assert records() == []


def test_failed_writes_are_not_told(refused, s3, bucket, put, listen):
    put(bucket, "k")
    records = listen(bucket)
    with refused("PreconditionFailed", 412):
        s3.put_object(Bucket=bucket, Key="k", Body=b"", IfNoneMatch="*")
    assert records() == []


def test_keys_are_filtered_by_prefix_and_suffix(s3, bucket, put, make_queue, configure, received):
    url, arn = make_queue(bucket)
    configure(bucket, filtered(arn, prefix="in/", suffix=".jpg"))
    received(url)
    for key in ("in/a.jpg", "in/a.png", "out/a.jpg", "in/b/c.jpg"):
        put(bucket, key)
    told = {record["s3"]["object"]["key"] for message in received(url) for record in message["Records"]}
    assert told == {"in/a.jpg", "in/b/c.jpg"}


def test_each_destination_hears_of_its_own(bucket, put, make_queue, configure, received):
    (images, images_arn), (logs, logs_arn) = make_queue(bucket), make_queue(bucket)
    configure(bucket, filtered(images_arn, "i", prefix="images/"), filtered(logs_arn, "l", prefix="logs/"))
    for url in (images, logs):
        received(url)
    put(bucket, "images/a")
    put(bucket, "logs/b")
    for url, key, id in ((images, "images/a", "i"), (logs, "logs/b", "l")):
        ((record,),) = [message["Records"] for message in received(url)]
        assert (record["s3"]["object"]["key"], record["s3"]["configurationId"]) == (key, id)


def test_bucket_falls_silent_with_an_empty_configuration(s3, bucket, put, listen, configure):
    records = listen(bucket)
    configure(bucket)
    put(bucket, "k")
    assert records() == []


def test_write_does_not_fail_when_its_queue_is_gone(s3, sqs, bucket, get, make_queue, configure):
    url, arn = make_queue(bucket)
    configure(bucket, filtered(arn))
    sqs.delete_queue(QueueUrl=url)
    s3.put_object(Bucket=bucket, Key="k", Body=b"kept")
    assert get(bucket, "k") == b"kept"


def test_queue_of_another_account_is_told(aws, clock, bucket, put, configure):
    other = aws("sqs", account="444455556666")
    url = other.create_queue(QueueName=f"of-{bucket}")["QueueUrl"]
    arn = other.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    other.set_queue_attributes(QueueUrl=url, Attributes={"Policy": allowed(arn, bucket)})
    configure(bucket, filtered(arn))
    put(bucket, "k")
    clock.advance(seconds=1)
    messages = [json.loads(each["Body"]) for _ in range(2) for each in other.receive_message(QueueUrl=url)["Messages"]]
    assert [message["Records"][0]["s3"]["object"]["key"] for message in messages if "Records" in message] == ["k"]


def test_bucket_of_another_region_tells_a_queue_there(aws, clock, new_name):
    there = "eu-west-1"
    s3, sqs = aws("s3", region=there), aws("sqs", region=there)
    bucket = new_name()
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": there})
    url = sqs.create_queue(QueueName=bucket)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": allowed(arn, bucket)})
    document = {"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]}
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=document)
    sqs.purge_queue(QueueUrl=url)
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    clock.advance(seconds=1)
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert json.loads(message["Body"])["Records"][0]["awsRegion"] == there

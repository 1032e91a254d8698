"""Delivery streams: made, described, listed, changed, tagged, deleted."""

import pytest

from tests.services.firehose.conftest import policy, wait_until


def test_a_stream_has_all_defaults_of_an_s3_destination(delivery):
    arn = delivery.create()
    found = delivery.describe()
    assert arn == f"arn:aws:firehose:us-east-1:{delivery.aws.account}:deliverystream/orders"
    assert (found["DeliveryStreamStatus"], found["VersionId"], found["DeliveryStreamType"]) == (
        "ACTIVE",
        "1",
        "DirectPut",
    )
    assert found["DeliveryStreamEncryptionConfiguration"] == {"Status": "DISABLED"}
    (destination,) = found["Destinations"]
    plain = {
        **delivery.where,
        "BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 300},
        "CompressionFormat": "UNCOMPRESSED",
        "EncryptionConfiguration": {"NoEncryptionConfig": "NoEncryption"},
        "CloudWatchLoggingOptions": {"Enabled": False},
    }
    assert destination["S3DestinationDescription"] == plain
    assert destination["ExtendedS3DestinationDescription"] == {**plain, "S3BackupMode": "Disabled"}
    assert destination["DestinationId"] == "destinationId-000000000001"


def test_a_second_stream_of_the_name_is_refused(delivery, refused):
    delivery.create()
    with refused("ResourceInUseException", "already exists"):
        delivery.create()


def test_a_stream_has_exactly_one_destination(delivery, refused):
    with refused("InvalidArgumentException", "Exactly one destination"):
        delivery.firehose.create_delivery_stream(DeliveryStreamName="none")


def test_a_role_that_does_not_trust_firehose_is_refused(delivery, refused, make_role):
    other = make_role(name="other", service="ec2.amazonaws.com")
    with refused("InvalidArgumentException", f"Firehose is unable to assume role {other}. Please check the role"):
        delivery.create({"RoleARN": other})


def test_what_has_no_service_behind_it_is_refused(delivery, refused):
    iceberg = {
        "RoleARN": delivery.role,
        "CatalogConfiguration": {"CatalogARN": f"arn:aws:glue:us-east-1:{delivery.aws.account}:catalog"},
        "S3Configuration": delivery.where,
    }
    with refused("NotImplemented", "Iceberg"):
        delivery.create(IcebergDestinationConfiguration=iceberg)
    conversion = {"DataFormatConversionConfiguration": {"Enabled": True}}
    with refused("NotImplemented", "Glue"):
        delivery.create(conversion)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"BufferingHints": {"SizeInMBs": 1}}, "both"),
        ({"Prefix": "!{timestamp:yyyy}/"}, "ErrorOutputPrefix cannot be null"),
        ({"Prefix": "!{other:x}/", "ErrorOutputPrefix": "e/!{firehose:error-output-type}"}, "invalid namespace"),
        ({"ErrorOutputPrefix": "e/!{timestamp:yyyy}"}, "must contain !{firehose:error-output-type}"),
        ({"CustomTimeZone": "Nowhere/Land"}, "Invalid time zone"),
        ({"S3BackupMode": "Enabled"}, "S3BackupConfiguration must be specified"),
    ],
)
def test_settings_that_make_no_sense_are_refused(delivery, refused, options, message):
    with refused("InvalidArgumentException", message):
        delivery.create(options)


def test_an_update_keeps_what_it_does_not_name(delivery, refused):
    delivery.create({"Prefix": "a/", "CompressionFormat": "GZIP"})
    named = {"DeliveryStreamName": "orders", "DestinationId": "destinationId-000000000001"}
    update = {"Prefix": "b/"}
    delivery.firehose.update_destination(
        **named, CurrentDeliveryStreamVersionId="1", ExtendedS3DestinationUpdate=update
    )
    found = delivery.describe()
    settings = found["Destinations"][0]["ExtendedS3DestinationDescription"]
    assert (found["VersionId"], settings["Prefix"], settings["CompressionFormat"]) == ("2", "b/", "GZIP")
    assert "LastUpdateTimestamp" in found
    with refused("ConcurrentModificationException", "current version id: 2 and specified version id: 1"):
        delivery.firehose.update_destination(
            **named, CurrentDeliveryStreamVersionId="1", ExtendedS3DestinationUpdate=update
        )


def test_streams_are_listed_in_pages(delivery):
    for name in ("b", "a", "c"):
        delivery.firehose.create_delivery_stream(
            DeliveryStreamName=name, ExtendedS3DestinationConfiguration=delivery.where
        )
    page = delivery.firehose.list_delivery_streams(Limit=2)
    assert (page["DeliveryStreamNames"], page["HasMoreDeliveryStreams"]) == (["a", "b"], True)
    page = delivery.firehose.list_delivery_streams(ExclusiveStartDeliveryStreamName="b")
    assert (page["DeliveryStreamNames"], page["HasMoreDeliveryStreams"]) == (["c"], False)
    page = delivery.firehose.list_delivery_streams(DeliveryStreamType="KinesisStreamAsSource")
    assert page["DeliveryStreamNames"] == []


def test_tags_are_set_listed_and_removed(delivery):
    delivery.create(Tags=[{"Key": "team", "Value": "red"}])
    delivery.firehose.tag_delivery_stream(DeliveryStreamName="orders", Tags=[{"Key": "age", "Value": "1"}])
    page = delivery.firehose.list_tags_for_delivery_stream(DeliveryStreamName="orders", Limit=1)
    assert (page["Tags"], page["HasMoreTags"]) == ([{"Key": "age", "Value": "1"}], True)
    delivery.firehose.untag_delivery_stream(DeliveryStreamName="orders", TagKeys=["age"])
    page = delivery.firehose.list_tags_for_delivery_stream(DeliveryStreamName="orders")
    assert page["Tags"] == [{"Key": "team", "Value": "red"}]


def test_a_deleted_stream_is_gone(delivery, firehose, refused):
    delivery.create()
    firehose.delete_delivery_stream(DeliveryStreamName="orders")
    wait_until(lambda: firehose.list_delivery_streams()["DeliveryStreamNames"] == [])
    with refused("ResourceNotFoundException", f"Firehose orders under account {delivery.aws.account} not found."):
        delivery.describe()


def test_a_customers_key_is_used_by_a_grant_and_stops_writing_when_it_is_disabled(delivery, aws, refused):
    delivery.create()
    kms, firehose = aws("kms"), delivery.firehose
    key = kms.create_key()["KeyMetadata"]
    wanted = {"KeyType": "CUSTOMER_MANAGED_CMK", "KeyARN": key["Arn"]}
    firehose.start_delivery_stream_encryption(
        DeliveryStreamName="orders", DeliveryStreamEncryptionConfigurationInput=wanted
    )
    wait_until(lambda: delivery.describe()["DeliveryStreamEncryptionConfiguration"]["Status"] == "ENABLED")
    assert delivery.describe()["DeliveryStreamEncryptionConfiguration"] == {"Status": "ENABLED", **wanted}
    assert delivery.put(b"a")["Encrypted"] is True
    kms.disable_key(KeyId=key["KeyId"])
    with refused("InvalidKMSResourceException"):
        delivery.put(b"a")
    firehose.stop_delivery_stream_encryption(DeliveryStreamName="orders")
    wait_until(lambda: delivery.describe()["DeliveryStreamEncryptionConfiguration"] == {"Status": "DISABLED"})
    assert kms.list_grants(KeyId=key["KeyId"])["Grants"] == []


def test_other_hints_hold_for_records_that_wait(delivery, clock):
    delivery.create()
    delivery.put(b"a")
    update = {"BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 60}}
    delivery.firehose.update_destination(
        DeliveryStreamName="orders",
        CurrentDeliveryStreamVersionId="1",
        DestinationId="destinationId-000000000001",
        ExtendedS3DestinationUpdate=update,
    )
    clock.advance(seconds=60)
    assert delivery.one()[1] == b"a"


def test_the_account_is_the_external_id_that_roles_may_ask_for(delivery, aws, refused):
    iam = aws("iam")
    for name, external in (("right", aws.account), ("wrong", "1")):
        trust = {"Effect": "Allow", "Principal": {"Service": "firehose.amazonaws.com"}, "Action": "sts:AssumeRole"}
        trust["Condition"] = {"StringEquals": {"sts:ExternalId": external}}
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))
    with refused("InvalidArgumentException", "unable to assume role"):
        delivery.create({"RoleARN": f"arn:aws:iam::{aws.account}:role/wrong"})
    delivery.create({"RoleARN": f"arn:aws:iam::{aws.account}:role/right"})


def test_who_may_not_write_does_not_learn_which_streams_there_are(aws, refused):
    iam = aws("iam")
    iam.create_user(UserName="u")
    stranger = aws("firehose", credentials=iam.create_access_key(UserName="u")["AccessKey"])
    with refused("AccessDeniedException"):
        stranger.put_record(DeliveryStreamName="nowhere", Record={"Data": b"x"})

"""Streams: made, described, listed, changed, deleted."""

import pytest
from botocore.exceptions import ClientError

from tests.services.kinesis.streams import code, make, settle


def test_a_stream_becomes_active_with_even_shards(kinesis):
    make(kinesis, shards=2)
    described = kinesis.describe_stream(StreamName="orders")["StreamDescription"]
    assert described["StreamStatus"] == "ACTIVE"
    assert described["RetentionPeriodHours"] == 24
    assert [shard["ShardId"] for shard in described["Shards"]] == ["shardId-000000000000", "shardId-000000000001"]
    first, second = (shard["HashKeyRange"] for shard in described["Shards"])
    assert first["StartingHashKey"] == "0"
    assert int(second["StartingHashKey"]) == int(first["EndingHashKey"]) + 1
    assert second["EndingHashKey"] == str(2**128 - 1)


def test_a_sequence_number_has_56_digits_and_begins_with_49(kinesis):
    make(kinesis)
    (shard,) = kinesis.list_shards(StreamName="orders")["Shards"]
    number = shard["SequenceNumberRange"]["StartingSequenceNumber"]
    assert len(number) == 56 and number.startswith("49")


def test_a_second_stream_of_that_name_is_refused(kinesis):
    make(kinesis)
    with pytest.raises(ClientError, match="already exists") as error:
        kinesis.create_stream(StreamName="orders", ShardCount=1)
    assert code(error) == "ResourceInUseException"


def test_an_on_demand_stream_begins_with_four_shards(kinesis):
    kinesis.create_stream(StreamName="free", StreamModeDetails={"StreamMode": "ON_DEMAND"})
    summary = kinesis.describe_stream_summary(StreamName="free")["StreamDescriptionSummary"]
    assert (summary["OpenShardCount"], summary["StreamModeDetails"]) == (4, {"StreamMode": "ON_DEMAND"})


def test_an_on_demand_stream_takes_no_number_of_shards(kinesis):
    with pytest.raises(ClientError) as error:
        kinesis.create_stream(StreamName="free", ShardCount=2, StreamModeDetails={"StreamMode": "ON_DEMAND"})
    assert code(error) == "ValidationException"
    assert kinesis.list_streams()["StreamNames"] == []


def test_a_provisioned_stream_needs_a_number_of_shards(kinesis):
    with pytest.raises(ClientError) as error:
        kinesis.create_stream(StreamName="none")
    assert code(error) == "ValidationException"


def test_more_shards_than_the_quota_are_refused(kinesis):
    with pytest.raises(ClientError, match="would exceed the shard limit for the account") as error:
        kinesis.create_stream(StreamName="vast", ShardCount=20_001)
    assert code(error) == "LimitExceededException"


def test_what_is_missing_is_said_with_its_account(kinesis):
    with pytest.raises(ClientError, match=r"Stream ghost under account \d{12} not found\.") as error:
        kinesis.describe_stream(StreamName="ghost")
    assert code(error) == "ResourceNotFoundException"


def test_streams_are_listed_in_pages(kinesis):
    for name in ("a", "b", "c"):
        make(kinesis, name)
    first = kinesis.list_streams(Limit=2)
    assert (first["StreamNames"], first["HasMoreStreams"]) == (["a", "b"], True)
    assert kinesis.list_streams(NextToken=first["NextToken"])["StreamNames"] == ["c"]
    assert kinesis.list_streams(ExclusiveStartStreamName="b")["StreamNames"] == ["c"]


def test_a_foreign_token_is_refused(kinesis):
    with pytest.raises(ClientError) as error:
        kinesis.list_streams(NextToken="invented")
    assert code(error) == "InvalidArgumentException"


def test_a_deleted_stream_leaves_nothing_to_its_heir(kinesis):
    make(kinesis)
    kinesis.put_record(StreamName="orders", Data=b"old", PartitionKey="k")
    kinesis.delete_stream(StreamName="orders")
    kinesis.get_waiter("stream_not_exists").wait(
        StreamName="orders", WaiterConfig={"Delay": 0.005, "MaxAttempts": 6000}
    )
    make(kinesis)
    iterator = kinesis.get_shard_iterator(
        StreamName="orders", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    assert kinesis.get_records(ShardIterator=iterator)["Records"] == []


def test_a_stream_with_consumers_is_deleted_only_when_enforced(kinesis):
    arn = make(kinesis)["StreamARN"]
    kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="fan")
    with pytest.raises(ClientError) as error:
        kinesis.delete_stream(StreamName="orders")
    assert code(error) == "ResourceInUseException"
    kinesis.delete_stream(StreamName="orders", EnforceConsumerDeletion=True)


def test_retention_grows_and_shrinks_within_its_bounds(kinesis):
    make(kinesis)
    kinesis.increase_stream_retention_period(StreamName="orders", RetentionPeriodHours=48)
    settle(kinesis)
    assert kinesis.describe_stream(StreamName="orders")["StreamDescription"]["RetentionPeriodHours"] == 48
    kinesis.decrease_stream_retention_period(StreamName="orders", RetentionPeriodHours=24)
    assert kinesis.describe_stream(StreamName="orders")["StreamDescription"]["RetentionPeriodHours"] == 24


@pytest.mark.parametrize(
    ("operation", "hours"),
    [
        ("increase_stream_retention_period", 8761),
        ("increase_stream_retention_period", 25),
        ("decrease_stream_retention_period", 23),
        ("decrease_stream_retention_period", 49),
    ],
)
def test_retention_out_of_bounds_or_in_the_wrong_direction_is_refused(kinesis, operation, hours):
    make(kinesis)
    kinesis.increase_stream_retention_period(StreamName="orders", RetentionPeriodHours=48)
    settle(kinesis)
    with pytest.raises(ClientError) as error:
        getattr(kinesis, operation)(StreamName="orders", RetentionPeriodHours=hours)
    assert code(error) == "InvalidArgumentException"
    assert kinesis.describe_stream(StreamName="orders")["StreamDescription"]["RetentionPeriodHours"] == 48


def test_retention_beyond_the_maximum_is_refused_also_of_a_stream_that_is_changing(kinesis):
    make(kinesis)
    kinesis.increase_stream_retention_period(StreamName="orders", RetentionPeriodHours=48)
    with pytest.raises(ClientError) as error:
        kinesis.increase_stream_retention_period(StreamName="orders", RetentionPeriodHours=8761)
    assert code(error) == "InvalidArgumentException"


def test_metrics_of_shards_are_switched_on_and_off(kinesis):
    make(kinesis)
    answer = kinesis.enable_enhanced_monitoring(
        StreamName="orders", ShardLevelMetrics=["IncomingBytes", "OutgoingBytes"]
    )
    assert answer["CurrentShardLevelMetrics"] == []
    settle(kinesis)
    answer = kinesis.disable_enhanced_monitoring(StreamName="orders", ShardLevelMetrics=["IncomingBytes"])
    assert answer["DesiredShardLevelMetrics"] == ["OutgoingBytes"]


def test_tags_are_added_listed_and_removed(kinesis):
    arn = make(kinesis, Tags={"team": "a"})["StreamARN"]
    kinesis.add_tags_to_stream(StreamName="orders", Tags={"cost": "1", "env": "dev"})
    kinesis.remove_tags_from_stream(StreamName="orders", TagKeys=["team"])
    first = kinesis.list_tags_for_stream(StreamName="orders", Limit=1)
    assert (first["Tags"], first["HasMoreTags"]) == ([{"Key": "cost", "Value": "1"}], True)
    assert [tag["Key"] for tag in kinesis.list_tags_for_resource(ResourceARN=arn)["Tags"]] == ["cost", "env"]


def test_reserved_tags_are_refused(kinesis):
    make(kinesis)
    with pytest.raises(ClientError) as error:
        kinesis.add_tags_to_stream(StreamName="orders", Tags={"aws:mine": "1"})
    assert code(error) == "InvalidArgumentException"


def test_a_stream_is_found_by_its_arn(kinesis):
    arn = make(kinesis)["StreamARN"]
    assert kinesis.describe_stream(StreamARN=arn)["StreamDescription"]["StreamName"] == "orders"


def test_limits_count_open_shards(kinesis):
    make(kinesis, shards=3)
    answer = kinesis.describe_limits()
    assert (answer["OpenShardCount"], answer["OnDemandStreamCount"]) == (3, 0)


def test_the_mode_can_be_changed(kinesis):
    arn = make(kinesis)["StreamARN"]
    kinesis.update_stream_mode(StreamARN=arn, StreamModeDetails={"StreamMode": "ON_DEMAND"})
    settle(kinesis)
    with pytest.raises(ClientError, match="On-Demand") as error:
        kinesis.update_shard_count(StreamName="orders", TargetShardCount=2, ScalingType="UNIFORM_SCALING")
    assert code(error) == "ValidationException"


def test_another_account_needs_the_policy_of_the_stream(aws):
    owner, other = aws("kinesis"), aws("kinesis", account="210987654321")
    arn = make(owner)["StreamARN"]
    with pytest.raises(ClientError) as error:
        other.put_record(StreamARN=arn, Data=b"x", PartitionKey="k")
    assert code(error) == "AccessDeniedException"
    policy = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"210987654321"},'
        f'"Action":"kinesis:PutRecord","Resource":"{arn}"}}]}}'
    )
    owner.put_resource_policy(ResourceARN=arn, Policy=policy)
    assert owner.get_resource_policy(ResourceARN=arn)["Policy"] == policy
    assert other.put_record(StreamARN=arn, Data=b"x", PartitionKey="k")["ShardId"]
    owner.delete_resource_policy(ResourceARN=arn)
    with pytest.raises(ClientError) as error:
        other.put_record(StreamARN=arn, Data=b"x", PartitionKey="k")
    assert code(error) == "AccessDeniedException"


def test_what_is_no_policy_is_refused(kinesis):
    arn = make(kinesis)["StreamARN"]
    with pytest.raises(ClientError) as error:
        kinesis.put_resource_policy(ResourceARN=arn, Policy="{}")
    assert code(error) == "InvalidArgumentException"
    with pytest.raises(ClientError) as error:
        kinesis.get_resource_policy(ResourceARN=arn)
    assert code(error) == "ResourceNotFoundException"

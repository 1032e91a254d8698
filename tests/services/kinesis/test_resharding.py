"""Shards that are split, merged and counted anew."""

import itertools

import pytest
from botocore.exceptions import ClientError

from tests.services.kinesis.streams import code, iterator, make, read, settle

WHOLE = 2**128


def open_ranges(kinesis):
    shards = kinesis.list_shards(StreamName="orders", ShardFilter={"Type": "AT_LATEST"})["Shards"]
    ranges = sorted(
        (int(each["HashKeyRange"]["StartingHashKey"]), int(each["HashKeyRange"]["EndingHashKey"])) for each in shards
    )
    assert ranges[0][0] == 0 and ranges[-1][1] == WHOLE - 1
    assert all(before[1] + 1 == after[0] for before, after in itertools.pairwise(ranges))
    return ranges


def test_a_split_closes_the_parent_and_opens_two_children(kinesis):
    make(kinesis)
    kinesis.put_record(StreamName="orders", Data=b"before", PartitionKey="a")
    kinesis.split_shard(StreamName="orders", ShardToSplit="shardId-000000000000", NewStartingHashKey=str(WHOLE // 2))
    settle(kinesis)
    parent, left, right = kinesis.list_shards(StreamName="orders")["Shards"]
    assert "EndingSequenceNumber" in parent["SequenceNumberRange"]
    assert left["ParentShardId"] == right["ParentShardId"] == parent["ShardId"]
    assert "EndingSequenceNumber" not in left["SequenceNumberRange"]
    assert len(open_ranges(kinesis)) == 2


def test_readers_of_a_closed_shard_are_led_to_its_children(kinesis):
    make(kinesis)
    kinesis.put_record(StreamName="orders", Data=b"before", PartitionKey="a")
    kinesis.split_shard(StreamName="orders", ShardToSplit="shardId-000000000000", NewStartingHashKey=str(WHOLE // 2))
    kinesis.put_record(StreamName="orders", Data=b"after", PartitionKey="a")
    answer = kinesis.get_records(ShardIterator=iterator(kinesis))
    assert [each["Data"] for each in answer["Records"]] == [b"before"]
    assert "NextShardIterator" not in answer
    assert [each["ShardId"][-1] for each in answer["ChildShards"]] == ["1", "2"]
    assert read(kinesis, 1) == [b"after"]


@pytest.mark.parametrize("key", ["0", "1", str(WHOLE - 1)])
def test_a_split_at_the_edge_is_refused(kinesis, key):
    make(kinesis)
    with pytest.raises(ClientError, match="NewStartingHashKey") as error:
        kinesis.split_shard(StreamName="orders", ShardToSplit="shardId-000000000000", NewStartingHashKey=key)
    assert code(error) == "InvalidArgumentException"
    assert len(kinesis.list_shards(StreamName="orders")["Shards"]) == 1


def test_neighbours_are_merged(kinesis):
    make(kinesis, shards=3)
    kinesis.merge_shards(
        StreamName="orders", ShardToMerge="shardId-000000000002", AdjacentShardToMerge="shardId-000000000001"
    )
    settle(kinesis)
    child = kinesis.list_shards(StreamName="orders")["Shards"][-1]
    assert (child["ParentShardId"], child["AdjacentParentShardId"]) == ("shardId-000000000002", "shardId-000000000001")
    assert len(open_ranges(kinesis)) == 2


def test_shards_that_are_no_neighbours_are_not_merged(kinesis):
    make(kinesis, shards=3)
    with pytest.raises(ClientError, match="are not an adjacent pair of shards eligible for merging") as error:
        kinesis.merge_shards(
            StreamName="orders", ShardToMerge="shardId-000000000000", AdjacentShardToMerge="shardId-000000000002"
        )
    assert code(error) == "InvalidArgumentException"


def test_a_closed_shard_is_not_split_again(kinesis):
    make(kinesis)
    half = str(WHOLE // 2)
    kinesis.split_shard(StreamName="orders", ShardToSplit="shardId-000000000000", NewStartingHashKey=half)
    settle(kinesis)
    with pytest.raises(ClientError):
        kinesis.split_shard(StreamName="orders", ShardToSplit="shardId-000000000000", NewStartingHashKey=half)


@pytest.mark.parametrize(("before", "after"), [(1, 2), (2, 3), (3, 2), (4, 2), (3, 5), (5, 3)])
def test_the_number_of_shards_can_be_changed_and_they_are_even(kinesis, before, after):
    make(kinesis, shards=before)
    answer = kinesis.update_shard_count(StreamName="orders", TargetShardCount=after, ScalingType="UNIFORM_SCALING")
    assert (answer["CurrentShardCount"], answer["TargetShardCount"]) == (before, after)
    settle(kinesis)
    ranges = open_ranges(kinesis)
    assert len(ranges) == after
    assert all(abs((end - start + 1) - WHOLE // after) <= 1 for start, end in ranges)


@pytest.mark.parametrize(("before", "after"), [(2, 5), (4, 1)])
def test_no_more_than_double_and_no_less_than_half(kinesis, before, after):
    make(kinesis, shards=before)
    with pytest.raises(ClientError, match="UpdateShardCount cannot scale") as error:
        kinesis.update_shard_count(StreamName="orders", TargetShardCount=after, ScalingType="UNIFORM_SCALING")
    assert code(error) == "LimitExceededException"


def test_shards_are_listed_in_pages(kinesis, clock):
    make(kinesis, shards=3)
    first = kinesis.list_shards(StreamName="orders", MaxResults=2)
    second = kinesis.list_shards(NextToken=first["NextToken"])
    assert [each["ShardId"][-1] for each in first["Shards"] + second["Shards"]] == ["0", "1", "2"]
    with pytest.raises(ClientError, match="cannot be provided together") as error:
        kinesis.list_shards(StreamName="orders", NextToken=first["NextToken"])
    assert code(error) == "InvalidArgumentException"
    clock.advance(seconds=301)
    with pytest.raises(ClientError) as error:
        kinesis.list_shards(NextToken=first["NextToken"])
    assert code(error) == "ExpiredNextTokenException"


def test_filters_choose_shards_by_when_they_were_open(kinesis, clock):
    make(kinesis)
    clock.advance(seconds=10)
    kinesis.split_shard(StreamName="orders", ShardToSplit="shardId-000000000000", NewStartingHashKey=str(WHOLE // 2))
    settle(kinesis)

    def listed(**shard_filter):
        found = kinesis.list_shards(StreamName="orders", ShardFilter=shard_filter)["Shards"]
        return [each["ShardId"][-1] for each in found]

    assert listed(Type="AT_TRIM_HORIZON") == ["0"]
    assert listed(Type="FROM_TRIM_HORIZON") == ["0", "1", "2"]
    assert listed(Type="AT_LATEST") == ["1", "2"]
    assert listed(Type="AFTER_SHARD_ID", ShardId="shardId-000000000001") == ["2"]
    clock.advance(hours=26)
    assert listed(Type="FROM_TRIM_HORIZON") == ["1", "2"]

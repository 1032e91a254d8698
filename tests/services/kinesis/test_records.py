"""Records: put, read from every kind of place, forgotten."""

import pytest
from botocore.exceptions import ClientError

from tests.services.kinesis.streams import code, iterator, make, read

HALF = str(2**127)


def put(kinesis, data, key="k", **options):
    return kinesis.put_record(StreamName="orders", Data=data, PartitionKey=key, **options)


def test_records_come_back_in_order_with_their_keys(kinesis):
    make(kinesis)
    numbers = [put(kinesis, data, key)["SequenceNumber"] for data, key in ((b"1", "a"), (b"2", "b"), (b"3", "a"))]
    answer = kinesis.get_records(ShardIterator=iterator(kinesis))
    assert [(each["Data"], each["PartitionKey"]) for each in answer["Records"]] == [
        (b"1", "a"),
        (b"2", "b"),
        (b"3", "a"),
    ]
    assert [each["SequenceNumber"] for each in answer["Records"]] == numbers == sorted(numbers)
    assert answer["MillisBehindLatest"] == 0


def test_the_partition_key_decides_the_shard_by_its_md5(kinesis):
    make(kinesis, shards=2)
    assert put(kinesis, b"x", "partitionKey-1")["ShardId"] == put(kinesis, b"y", "partitionKey-1")["ShardId"]
    # md5("a") begins with 0c, md5("b") with 92
    assert put(kinesis, b"x", "a")["ShardId"] == "shardId-000000000000"
    assert put(kinesis, b"x", "b")["ShardId"] == "shardId-000000000001"


def test_an_explicit_hash_key_decides_instead(kinesis):
    make(kinesis, shards=2)
    assert put(kinesis, b"x", "a", ExplicitHashKey=HALF)["ShardId"] == "shardId-000000000001"


def test_a_hash_key_out_of_range_is_refused(kinesis):
    make(kinesis)
    with pytest.raises(ClientError, match="Invalid ExplicitHashKey") as error:
        put(kinesis, b"x", ExplicitHashKey=str(2**128))
    assert code(error) == "InvalidArgumentException"
    assert read(kinesis) == []


def test_many_records_are_put_at_once_each_told_where_it_is(kinesis):
    make(kinesis, shards=2)
    entries = [{"Data": str(n).encode(), "PartitionKey": "ab"[n % 2]} for n in range(500)]
    answer = kinesis.put_records(StreamName="orders", Records=entries)
    assert answer["FailedRecordCount"] == 0
    assert [each["ShardId"][-1] for each in answer["Records"][:4]] == ["0", "1", "0", "1"]
    assert read(kinesis, 0) == [str(n).encode() for n in range(0, 500, 2)]
    assert read(kinesis, 1) == [str(n).encode() for n in range(1, 500, 2)]


def test_too_many_records_are_refused(kinesis):
    make(kinesis)
    with pytest.raises(ClientError):
        kinesis.put_records(StreamName="orders", Records=[{"Data": b"x", "PartitionKey": "k"}] * 501)
    assert read(kinesis) == []


def test_a_record_is_no_larger_than_the_stream_allows(kinesis):
    arn = make(kinesis)["StreamARN"]
    with pytest.raises(ClientError) as error:
        put(kinesis, b"x" * (1 << 20))
    assert code(error) == "InvalidArgumentException"
    kinesis.update_max_record_size(StreamARN=arn, MaxRecordSizeInKiB=2048)
    put(kinesis, b"x" * (1 << 20))
    assert [len(data) for data in read(kinesis)] == [1 << 20]


def test_all_records_of_a_request_have_at_most_10_mb(kinesis):
    arn = make(kinesis)["StreamARN"]
    kinesis.update_max_record_size(StreamARN=arn, MaxRecordSizeInKiB=10240)
    with pytest.raises(ClientError, match="Records size exceeds") as error:
        kinesis.put_records(StreamName="orders", Records=[{"Data": b"x" * (6 << 20), "PartitionKey": "k"}] * 2)
    assert code(error) == "InvalidArgumentException"


def test_iterators_begin_where_they_were_asked_to(kinesis, clock):
    make(kinesis)
    put(kinesis, b"1")
    clock.advance(seconds=10)
    latest = iterator(kinesis, kind="LATEST")
    number = put(kinesis, b"2")["SequenceNumber"]
    put(kinesis, b"3")
    assert read(kinesis, kind="AT_SEQUENCE_NUMBER", StartingSequenceNumber=number) == [b"2", b"3"]
    assert read(kinesis, kind="AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=number) == [b"3"]
    moment = kinesis.get_records(ShardIterator=latest)["Records"][0]["ApproximateArrivalTimestamp"]
    assert read(kinesis, kind="AT_TIMESTAMP", Timestamp=moment) == [b"2", b"3"]
    assert [each["Data"] for each in kinesis.get_records(ShardIterator=latest)["Records"]] == [b"2", b"3"]


def test_a_record_in_the_middle_of_a_request_is_found_by_its_number(kinesis):
    make(kinesis)
    entries = [{"Data": bytes([n]), "PartitionKey": "k"} for n in range(10)]
    numbers = [each["SequenceNumber"] for each in kinesis.put_records(StreamName="orders", Records=entries)["Records"]]
    assert read(kinesis, kind="AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=numbers[6]) == [
        bytes([7]),
        bytes([8]),
        bytes([9]),
    ]


def test_iterators_lead_on_and_tell_how_far_behind_they_are(kinesis, clock):
    make(kinesis)
    for data in (b"1", b"2", b"3"):
        put(kinesis, data)
    clock.advance(seconds=5)
    first = kinesis.get_records(ShardIterator=iterator(kinesis), Limit=2)
    assert [each["Data"] for each in first["Records"]] == [b"1", b"2"]
    assert first["MillisBehindLatest"] >= 5000
    second = kinesis.get_records(ShardIterator=first["NextShardIterator"], Limit=2)
    assert ([each["Data"] for each in second["Records"]], second["MillisBehindLatest"]) == ([b"3"], 0)
    assert kinesis.get_records(ShardIterator=second["NextShardIterator"])["Records"] == []


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("AT_SEQUENCE_NUMBER", {}),
        ("AFTER_SEQUENCE_NUMBER", {"StartingSequenceNumber": "12345"}),
        ("AT_TIMESTAMP", {}),
        ("AT_TIMESTAMP", {"Timestamp": 4_000_000_000}),
    ],
)
def test_a_place_that_is_none_is_refused(kinesis, kind, options):
    make(kinesis)
    with pytest.raises(ClientError) as error:
        iterator(kinesis, kind=kind, **options)
    assert code(error) == "InvalidArgumentException"


def test_a_shard_that_is_missing_is_named(kinesis):
    make(kinesis)
    with pytest.raises(ClientError, match="Could not find shard shardId-000000000007 in stream orders") as error:
        iterator(kinesis, 7)
    assert code(error) == "ResourceNotFoundException"


def test_an_iterator_is_good_for_five_minutes(kinesis, clock):
    make(kinesis)
    old = iterator(kinesis)
    clock.advance(seconds=301)
    with pytest.raises(ClientError, match="Iterator expired") as error:
        kinesis.get_records(ShardIterator=old)
    assert code(error) == "ExpiredIteratorException"


def test_an_invented_iterator_is_refused(kinesis):
    with pytest.raises(ClientError, match=r"Invalid ShardIterator\.") as error:
        kinesis.get_records(ShardIterator="AAAAinvented")
    assert code(error) == "InvalidArgumentException"


def test_records_are_forgotten_after_retention(kinesis, clock):
    make(kinesis)
    put(kinesis, b"old")
    clock.advance(hours=23)
    put(kinesis, b"new")
    assert read(kinesis) == [b"old", b"new"]
    clock.advance(hours=2)
    assert read(kinesis) == [b"new"]


def test_an_encrypted_stream_is_read_by_those_who_may_use_its_key(aws):
    kinesis, kms = aws("kinesis"), aws("kms")
    make(kinesis)
    put(kinesis, b"plain")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kinesis.start_stream_encryption(StreamName="orders", EncryptionType="KMS", KeyId=key)
    assert put(kinesis, b"secret")["EncryptionType"] == "KMS"
    assert read(kinesis) == [b"plain", b"secret"]
    kms.disable_key(KeyId=key)
    with pytest.raises(ClientError) as error:
        put(kinesis, b"lost")
    assert code(error) == "KMSDisabledException"
    kms.enable_key(KeyId=key)
    kinesis.get_waiter("stream_exists").wait(StreamName="orders", WaiterConfig={"Delay": 0.005, "MaxAttempts": 6000})
    kinesis.stop_stream_encryption(StreamName="orders", EncryptionType="KMS", KeyId=key)
    put(kinesis, b"open")
    assert read(kinesis) == [b"plain", b"secret", b"open"]


def test_a_key_that_is_missing_is_refused(kinesis):
    make(kinesis)
    with pytest.raises(ClientError) as error:
        kinesis.start_stream_encryption(
            StreamName="orders", EncryptionType="KMS", KeyId="00000000-0000-0000-0000-000000000000"
        )
    assert code(error) == "KMSNotFoundException"
    assert "KeyId" not in kinesis.describe_stream(StreamName="orders")["StreamDescription"]

"""What the tests of Kinesis have in common."""


def code(error):
    return error.value.response["Error"]["Code"]


def settle(kinesis, name="orders"):
    """Wait until the stream is ACTIVE."""
    kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 0.005, "MaxAttempts": 6000})


def make(kinesis, name="orders", shards=1, **options):
    """Make a stream. Returns its summary."""
    kinesis.create_stream(StreamName=name, ShardCount=shards, **options)
    settle(kinesis, name)
    return kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]


def iterator(kinesis, shard=0, kind="TRIM_HORIZON", name="orders", **options):
    shard_id = f"shardId-{shard:012}"
    answer = kinesis.get_shard_iterator(StreamName=name, ShardId=shard_id, ShardIteratorType=kind, **options)
    return answer["ShardIterator"]


def read(kinesis, shard=0, kind="TRIM_HORIZON", name="orders", **options):
    """The data of all records of a shard from a kind of iterator on."""
    answer = kinesis.get_records(ShardIterator=iterator(kinesis, shard, kind, name, **options))
    return [record["Data"] for record in answer["Records"]]

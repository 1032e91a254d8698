"""Consumers: reading queues and streams for somebody who handles the records in batches: Lambda's event source mappings, Pipes.

    settings    how records are gathered, retried, given up
    queues      SQS: batches in parallel, deleted when they are handled
    streams     Kinesis and DynamoDB Streams: a reader for each shard, in order, with checkpoints
    shards      the two kinds of streams behind one face

A consumer runs as standing work (`fogbank.kernel.standing`), with a role's permissions, and keeps nothing but checkpoints. It hands a
batch to `handle`, which says what became of it; handling is at least once, as on AWS.
"""

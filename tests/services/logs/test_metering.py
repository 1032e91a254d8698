"""The metrics of CloudWatch Logs itself."""

from __future__ import annotations

from datetime import UTC, datetime


def total(aws, clock, name, *dimensions):
    now = clock.now()
    answer = aws("cloudwatch").get_metric_statistics(
        Namespace="AWS/Logs",
        MetricName=name,
        Dimensions=[{"Name": "LogGroupName", "Value": each} for each in dimensions],
        StartTime=datetime.fromtimestamp(now - 3600, UTC),
        EndTime=datetime.fromtimestamp(now + 60, UTC),
        Period=3600 * 2,
        Statistics=["Sum"],
    )
    return sum(point["Sum"] for point in answer["Datapoints"])


def test_what_comes_in_is_counted_by_the_minute(aws, logs, group, put, clock):
    logs.create_log_stream(logGroupName="/app", logStreamName="two")
    put("a", "bb")
    put("ccc", stream="two")
    clock.advance(seconds=61)
    put("d")
    clock.advance(seconds=61)
    for dimensions in (("/app",), ()):
        assert total(aws, clock, "IncomingLogEvents", *dimensions) == 4
        assert total(aws, clock, "IncomingBytes", *dimensions) == 7 + 4 * 26

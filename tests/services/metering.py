"""What services told CloudWatch of themselves, as the tests of their metrics read it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def told(aws, clock, namespace, statistic="Sum", **dimensions):
    """{name: value} of the metrics that have exactly these dimensions, over the last hour; those that are zero are left out."""
    clock.advance(seconds=60)  # which has everything put that was gathered
    cloudwatch = aws("cloudwatch")
    wanted = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    now = datetime.fromtimestamp(clock.now(), UTC)
    found = {}
    for metric in cloudwatch.list_metrics(Namespace=namespace, Dimensions=wanted)["Metrics"]:
        if len(metric["Dimensions"]) == len(wanted):
            points = cloudwatch.get_metric_statistics(
                **metric,
                StartTime=now - timedelta(hours=1),
                EndTime=now + timedelta(minutes=1),
                Period=7200,
                Statistics=[statistic],
            )["Datapoints"]
            found[metric["MetricName"]] = sum(point[statistic] for point in points)
    return {name: value for name, value in found.items() if value}

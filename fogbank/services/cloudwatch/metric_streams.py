"""Metric streams: put, described, started, stopped.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Metric-Streams.html
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from fogbank.kernel import AWSError, Context, Record, pages
from fogbank.kernel.actions import with_members
from fogbank.services.cloudwatch import errors, statistics, tag_rules
from fogbank.services.cloudwatch.service import service
from fogbank.services.cloudwatch.stream_notes import Streaming, changes, streaming

Request = dict[str, Any]
Answer = dict[str, Any]

RUNNING, STOPPED = "running", "stopped"
JSON = "json"
_PAGE = 500
_FILTERS = 1000
_METRICS = 100
_STATISTICS = 20
_FIREHOSE = re.compile(r"arn:[^:]+:firehose:[^:]+:\d{12}:deliverystream/.+")


class MetricStream(Record, frozen=True):
    """`include`, `exclude` and `statistics` are in wire form; times are epoch seconds."""

    name: str
    firehose: str
    role: str
    format: str
    include: list[dict[str, Any]]
    exclude: list[dict[str, Any]]
    statistics: list[dict[str, Any]]
    linked: bool
    created: float
    updated: float
    state: str = RUNNING
    tags: dict[str, str] = {}

    def wants(self, namespace: str, name: str) -> bool:
        if self.include:
            return any(_fits(each, namespace, name) for each in self.include)
        return not any(_fits(each, namespace, name) for each in self.exclude)

    def further_statistics(self, namespace: str, name: str) -> list[str]:
        wanted = {"Namespace": namespace, "MetricName": name}
        chosen = [each["AdditionalStatistics"] for each in self.statistics if wanted in each["IncludeMetrics"]]
        return list(dict.fromkeys(statistic for each in chosen for statistic in each))


def _fits(given: dict[str, Any], namespace: str, name: str) -> bool:
    names = given.get("MetricNames")
    return given.get("Namespace") == namespace and (not names or name in names)


streams = service.collection("metric_streams", MetricStream)


def arn_of(ctx: Context, name: str) -> str:
    return f"arn:{ctx.partition}:cloudwatch:{ctx.region}:{ctx.account}:metric-stream/{name}"


def _arn(ctx: Context, request: Request) -> str:
    return arn_of(ctx, request["Name"])


def _arns(ctx: Context, request: Request) -> list[str]:
    return [arn_of(ctx, name) for name in request["Names"]] or [arn_of(ctx, "*")]


@service.operation(resource=_arn, action=with_members("cloudwatch:PutMetricStream", {"Tags": "cloudwatch:TagResource"}))
async def put_metric_stream(ctx: Context, request: Request) -> Answer:
    """A stream that is new runs at once; one that is changed keeps its state and its tags."""
    _check(request)
    name = request["Name"]
    await ctx.pass_role(request["RoleArn"])
    try:
        await ctx.assume(request["RoleArn"], service="streams.metrics.cloudwatch", source_arn=arn_of(ctx, name))
    except AWSError as error:
        raise errors.invalid_value(
            f"Access is denied when calling AssumeRole on the role {request['RoleArn']}."
        ) from error
    before = await streams.get(ctx, name)
    now = ctx.now()
    made = MetricStream(
        name,
        request["FirehoseArn"],
        request["RoleArn"],
        request["OutputFormat"],
        request.get("IncludeFilters") or [],
        request.get("ExcludeFilters") or [],
        request.get("StatisticsConfigurations") or [],
        bool(request.get("IncludeLinkedAccountsMetrics")),
        now if before is None else before.created,
        now,
        RUNNING if before is None else before.state,
        tag_rules.checked({}, request.get("Tags") or []) if before is None else before.tags,
    )
    streams.put(ctx, made, name)
    await _count(ctx)
    return {"Arn": arn_of(ctx, name)}


def _check(request: Request) -> None:
    include, exclude = request.get("IncludeFilters") or [], request.get("ExcludeFilters") or []
    if include and exclude:
        raise errors.invalid_combination("IncludeFilters and ExcludeFilters cannot both be specified.")
    if not all(each.get("Namespace") for each in (*include, *exclude)):
        raise errors.missing_parameter("A filter needs a Namespace.")
    if sum(1 + len(each.get("MetricNames") or ()) for each in (*include, *exclude)) > _FILTERS:
        raise errors.invalid_value(f"There can be at most {_FILTERS} filters.")
    if not _FIREHOSE.fullmatch(request["FirehoseArn"]):
        raise errors.invalid_value("The parameter FirehoseArn is not the ARN of a delivery stream.")
    for each in request.get("StatisticsConfigurations") or []:
        _check_statistics(each, request["OutputFormat"])


def _check_statistics(given: dict[str, Any], output: str) -> None:
    if len(given["IncludeMetrics"]) > _METRICS or len(given["AdditionalStatistics"]) > _STATISTICS:
        raise errors.invalid_value(
            f"There can be at most {_METRICS} metrics and {_STATISTICS} statistics in a StatisticsConfiguration."
        )
    for name in given["AdditionalStatistics"]:
        is_percentile = re.fullmatch(r"p\d{1,2}(\.\d+)?", name) is not None
        if statistics.parse(name) is None or (output != JSON and not is_percentile):
            raise errors.invalid_value(f"The statistic {name} is not valid for a metric stream in the format {output}.")


async def _count(ctx: Context) -> None:
    """Note how many are running. Where none is, changes need not be noted."""
    running = sum(stream.state == RUNNING for stream in await streams.scan(ctx))
    if running:
        streaming.put(ctx, Streaming(running))
        return
    streaming.delete(ctx)
    await ctx.unschedule("write_streams", "")
    for key, _ in await changes.items(ctx, (int, str, str, str)):
        changes.delete(ctx, *key)


@service.operation(resource=_arn)
async def get_metric_stream(ctx: Context, request: Request) -> Answer:
    stream = await streams.get(ctx, request["Name"])
    if stream is None:
        raise errors.not_found(f"MetricStream {request['Name']} does not exist")
    return {
        **_entry(ctx, stream),
        "RoleArn": stream.role,
        "IncludeFilters": stream.include or None,
        "ExcludeFilters": stream.exclude or None,
        "StatisticsConfigurations": stream.statistics or None,
        "IncludeLinkedAccountsMetrics": stream.linked,
    }


def _entry(ctx: Context, stream: MetricStream) -> Answer:
    return {
        "Arn": arn_of(ctx, stream.name),
        "Name": stream.name,
        "FirehoseArn": stream.firehose,
        "State": stream.state,
        "CreationDate": stream.created,
        "LastUpdateDate": stream.updated,
        "OutputFormat": stream.format,
    }


@service.operation
async def list_metric_streams(ctx: Context, request: Request) -> Answer:
    token, limit = request.get("NextToken"), request.get("MaxResults") or _PAGE
    after = None if token is None else (pages.position(token, errors.invalid_token()),)
    rows = await streams.scan(ctx, after=after, limit=limit + 1)
    shown, following = pages.page(rows, limit, lambda stream: stream.name)
    return {"Entries": [_entry(ctx, stream) for stream in shown], "NextToken": following}


@service.operation(resource=_arn)
async def delete_metric_stream(ctx: Context, request: Request) -> None:
    """One that is not there is gone, too."""
    streams.delete(ctx, request["Name"])
    await _count(ctx)


@service.operation(resource=_arns)
async def start_metric_streams(ctx: Context, request: Request) -> None:
    await _switch(ctx, request, RUNNING)


@service.operation(resource=_arns)
async def stop_metric_streams(ctx: Context, request: Request) -> None:
    await _switch(ctx, request, STOPPED)


async def _switch(ctx: Context, request: Request, state: str) -> None:
    for name in request["Names"]:
        stream = await streams.get(ctx, name)
        if stream is None:
            raise errors.invalid_value(f"MetricStream {name} does not exist")
        if stream.state != state:
            streams.put(ctx, msgspec.structs.replace(stream, state=state, updated=ctx.now()), name)
    await _count(ctx)

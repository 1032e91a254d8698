"""What alarms tell others: notifications, events, payloads of functions.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
"""

from __future__ import annotations

import msgspec
import orjson

from fogbank.identity.principals import service_principal
from fogbank.kernel import Context, regions
from fogbank.services.cloudwatch.alarm_records import COMPOSITE, Alarm, Answer, arn_of, stamp


def as_alarm(ctx: Context, arn: str, service: str = "cloudwatch") -> Context:
    """The context of the principal as which the alarm of that ARN calls others.

    Topics without a policy of their own let in whatever `aws:SourceOwner` is their account.
    """
    alarm = ctx.at()
    alarm.principal = service_principal(service, ctx.account)
    alarm.origin = {"aws:SourceArn": arn, "aws:SourceAccount": ctx.account, "aws:SourceOwner": ctx.account}
    return alarm


def _state(alarm: Alarm) -> Answer:
    state: Answer = {"value": alarm.state, "reason": alarm.reason}
    if alarm.reason_data:
        state["reasonData"] = alarm.reason_data
    if alarm.suppressed_by:
        reason = f"Actions suppressed by {alarm.suppressed_by}"
        state |= {"actionsSuppressedBy": alarm.suppressed_by, "actionsSuppressedReason": reason}
    return state | {"timestamp": stamp(alarm.state_updated)}


def history(before: Alarm, after: Alarm) -> Answer:
    def told(alarm: Alarm) -> Answer:
        state = {"stateValue": alarm.state, "stateReason": alarm.reason}
        data = orjson.loads(alarm.reason_data) if alarm.reason_data else None
        return state | ({"stateReasonData": data} if data else {})

    return {"version": "1.0", "oldState": told(before), "newState": told(after)}


_SUPPRESSING = ("ActionsSuppressor", "ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod")


def _configuration(alarm: Alarm) -> Answer:
    config = alarm.config
    if alarm.kind == COMPOSITE:
        suppressing = {name[0].lower() + name[1:]: config.get(name) for name in _SUPPRESSING}
        return _present({"alarmRule": config["AlarmRule"], **suppressing})
    queries = config["Metrics"] if "Metrics" in config else [{"Id": "m1", "MetricStat": _stat_of(config)}]
    return _present({"description": config.get("AlarmDescription"), "metrics": [_query(each) for each in queries]})


def _stat_of(config: Answer) -> Answer:
    """The metric of an alarm, as a query has it."""
    stat = config.get("Statistic") or config.get("ExtendedStatistic")
    return {"Metric": config, "Period": config["Period"], "Stat": stat, "Unit": config.get("Unit")}


def _query(query: Answer) -> Answer:
    stat = query.get("MetricStat")
    return _present(
        {
            "id": query["Id"],
            "expression": query.get("Expression"),
            "label": query.get("Label"),
            "metricStat": stat and _stat(stat),
            "returnData": query.get("ReturnData", True),
        }
    )


def _stat(stat: Answer) -> Answer:
    given = stat["Metric"]
    metric = {
        "namespace": given.get("Namespace"),
        "name": given.get("MetricName"),
        "dimensions": {each["Name"]: each["Value"] for each in given.get("Dimensions") or []},
    }
    return _present({"metric": metric, "period": stat["Period"], "stat": stat["Stat"], "unit": stat.get("Unit")})


def _present(document: Answer) -> Answer:
    return {name: value for name, value in document.items() if value is not None}


def event(before: Alarm, after: Alarm) -> Answer:
    """The detail of the event on the bus."""
    return {
        "alarmName": after.name,
        "state": _state(after),
        "previousState": _state(before),
        "configuration": _configuration(after),
    }


def configured(operation: str, alarm: Alarm, before: Alarm | None = None) -> Answer:
    """The detail of the event that an alarm was made, changed or deleted (`create`, `update`, `delete`)."""
    detail = {
        "alarmName": alarm.name,
        "operation": operation,
        "state": {"value": alarm.state, "timestamp": stamp(alarm.state_updated)},
        "configuration": _settings(alarm),
    }
    return detail | ({} if before is None else {"previousConfiguration": _settings(before)})


_SETTINGS = ("EvaluationPeriods", "DatapointsToAlarm", "Threshold", "ComparisonOperator", "TreatMissingData")
_LISTS = {
    "OKActions": "okActions",
    "AlarmActions": "alarmActions",
    "InsufficientDataActions": "insufficientDataActions",
}


def _settings(alarm: Alarm) -> Answer:
    config = alarm.config
    named = {name[0].lower() + name[1:]: config.get(name) for name in _SETTINGS}
    actions = {shown: config.get(name) or [] for name, shown in _LISTS.items()}
    about = {
        "alarmName": alarm.name,
        "description": config.get("AlarmDescription"),
        "actionsEnabled": config.get("ActionsEnabled", True),
        "timestamp": stamp(alarm.updated),
    }
    return _present({**named, **_configuration(alarm), **about, **actions})


def invocation(ctx: Context, before: Alarm, after: Alarm) -> Answer:
    """What a function gets."""
    return {
        "source": "aws.cloudwatch",
        "alarmArn": arn_of(ctx, after.name),
        "accountId": ctx.account,
        "time": stamp(after.state_updated),
        "region": ctx.region,
        "alarmData": event(before, after),
    }


def notification(ctx: Context, before: Alarm, after: Alarm) -> Answer:
    """What subscribers of a topic get."""
    config = after.config
    message: Answer = {
        "AlarmName": after.name,
        "AlarmDescription": config.get("AlarmDescription"),
        "AWSAccountId": ctx.account,
        "AlarmConfigurationUpdatedTimestamp": stamp(after.updated),
        "NewStateValue": after.state,
        "NewStateReason": after.reason,
        "StateChangeTime": stamp(after.state_updated),
        "Region": regions.description(ctx.region),
        "AlarmArn": arn_of(ctx, after.name),
        "OldStateValue": before.state,
    }
    for name in _LISTS:
        message[name] = config.get(name) or []
    if after.kind == COMPOSITE:
        return message | {"AlarmRule": config["AlarmRule"], "TriggeringChildren": _triggering(after)}
    return message | {"Trigger": _trigger(config)}


class _ChildState(msgspec.Struct):
    value: str
    timestamp: str


class _Child(msgspec.Struct):
    arn: str
    state: _ChildState


class _ReasonData(msgspec.Struct, rename="camel"):
    """Of a composite alarm that followed its children."""

    triggering_alarms: list[_Child] = []


def _triggering(alarm: Alarm) -> list[Answer]:
    """The children because of which a composite alarm has changed."""
    try:
        found = msgspec.json.decode(alarm.reason_data or "{}", type=_ReasonData).triggering_alarms
    except msgspec.MsgspecError:  # what SetAlarmState gave need not be of that form
        return []
    return [
        {"Arn": each.arn, "State": {"Value": each.state.value, "Timestamp": each.state.timestamp}} for each in found
    ]


def _named_lower(query: Answer) -> Answer:
    """A query as notifications have it: the members of dimensions are in lower case."""
    stat = query.get("MetricStat")
    if stat is None:
        return query
    metric = stat["Metric"]
    dimensions = [{"value": each["Value"], "name": each["Name"]} for each in metric.get("Dimensions") or []]
    return {**query, "MetricStat": {**stat, "Metric": {**metric, "Dimensions": dimensions}}}


def _trigger(config: Answer) -> Answer:
    trigger: Answer = {
        "Period": config.get("Period"),
        "EvaluationPeriods": config["EvaluationPeriods"],
        "DatapointsToAlarm": config.get("DatapointsToAlarm"),
        "ComparisonOperator": config["ComparisonOperator"],
        "Threshold": config.get("Threshold") or 0.0,
        "TreatMissingData": config.get("TreatMissingData") or "",
        "EvaluateLowSampleCountPercentile": config.get("EvaluateLowSampleCountPercentile") or "",
    }
    if "Metrics" in config:
        band = {"ThresholdMetricId": config["ThresholdMetricId"]} if "ThresholdMetricId" in config else {}
        return {**_present(trigger), **band, "Metrics": [_named_lower(query) for query in config["Metrics"]]}
    is_plain = config.get("Statistic") is not None
    return {
        "MetricName": config["MetricName"],
        "Namespace": config["Namespace"],
        "StatisticType": "Statistic" if is_plain else "ExtendedStatistic",
        "Statistic" if is_plain else "ExtendedStatistic": config["Statistic"].upper()
        if is_plain
        else config["ExtendedStatistic"],
        "Unit": config.get("Unit"),
        "Dimensions": [{"value": each["Value"], "name": each["Name"]} for each in config.get("Dimensions") or []],
        **trigger,
    }

"""What alarms tell others: notifications, events, payloads of functions.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
"""

from __future__ import annotations

import json

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
    return state | {"timestamp": stamp(alarm.state_updated)}


def history(before: Alarm, after: Alarm) -> Answer:
    def told(alarm: Alarm) -> Answer:
        state = {"stateValue": alarm.state, "stateReason": alarm.reason}
        return state | ({"stateReasonData": json.loads(alarm.reason_data)} if _is_json(alarm.reason_data) else {})

    return {"version": "1.0", "oldState": told(before), "newState": told(after)}


def _is_json(text: str) -> bool:
    try:
        return bool(json.loads(text))
    except ValueError:
        return False


def _configuration(alarm: Alarm) -> Answer:
    config = alarm.config
    if alarm.kind == COMPOSITE:
        return {"alarmRule": config["AlarmRule"]}
    if "Metrics" in config:
        return {"description": config.get("AlarmDescription"), "metrics": config["Metrics"]}
    metric = {
        "namespace": config["Namespace"],
        "name": config["MetricName"],
        "dimensions": {each["Name"]: each["Value"] for each in config.get("Dimensions") or []},
    }
    stat = {
        "metric": metric,
        "period": config["Period"],
        "stat": config.get("Statistic") or config.get("ExtendedStatistic"),
    }
    metrics = [{"id": "m1", "metricStat": stat, "returnData": True}]
    return {"description": config.get("AlarmDescription"), "metrics": metrics}


def event(before: Alarm, after: Alarm) -> Answer:
    """The detail of the event on the bus."""
    return {
        "alarmName": after.name,
        "state": _state(after),
        "previousState": _state(before),
        "configuration": {name: value for name, value in _configuration(after).items() if value is not None},
    }


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
    for name in ("OKActions", "AlarmActions", "InsufficientDataActions"):
        message[name] = config.get(name) or []
    if after.kind == COMPOSITE:
        return message | {"AlarmRule": config["AlarmRule"]}
    return message | {"Trigger": _trigger(config)}


def _trigger(config: Answer) -> Answer:
    trigger: Answer = {
        "Period": config.get("Period"),
        "EvaluationPeriods": config["EvaluationPeriods"],
        "DatapointsToAlarm": config.get("DatapointsToAlarm"),
        "ComparisonOperator": config["ComparisonOperator"],
        "Threshold": config["Threshold"],
        "TreatMissingData": config.get("TreatMissingData") or "",
        "EvaluateLowSampleCountPercentile": config.get("EvaluateLowSampleCountPercentile") or "",
    }
    if "Metrics" in config:
        return {**trigger, "Metrics": config["Metrics"]}
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

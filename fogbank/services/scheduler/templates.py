"""Templated targets: the operation that a target's ARN stands for, and what it is given.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-templated.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import orjson

from fogbank.kernel import Context
from fogbank.services.scheduler import errors
from fogbank.services.scheduler.calls import Call, check_there
from fogbank.services.scheduler.invocation import Invocation, timestamp

Params = dict[str, Any]
Target = dict[str, Any]

_ARN = re.compile(r"arn:([\w-]+):([\w-]+):([\w-]*):(\d{12})?:(.+)", re.ASCII | re.DOTALL)
_PARAMETERS = (
    "EcsParameters",
    "EventBridgeParameters",
    "EventBridgePutEventsV2Parameters",
    "EventBridgePutRawEventsParameters",
    "KinesisParameters",
    "SageMakerPipelineParameters",
    "SqsParameters",
)


class Arn(NamedTuple):
    text: str
    service: str
    region: str
    account: str
    resource: str


def parse(text: str) -> Arn:
    """Raises ValidationException for what is no ARN."""
    found = _ARN.fullmatch(text)
    if found is None:
        raise errors.invalid_arn()
    return Arn(text, found[2], found[3], found[4] or "", found[5])


Build = Callable[[Context, Arn, Invocation], Params]


class Template(NamedTuple):
    """`pattern` is of the ARN's `service:resource`, `takes` the member of a target that only this kind takes; `json`: its input is JSON."""

    pattern: str
    service: str
    operation: str
    build: Build
    takes: str = ""
    is_required: bool = False
    json: bool = False


# -- what an invocation becomes


def _text(ctx: Context, invocation: Invocation) -> str:
    """The input; without one, AWS's default notification."""
    text = invocation.text()
    if text is not None:
        return text
    notification = {
        "version": "0",
        "id": invocation.execution,
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": ctx.account,
        "time": timestamp(invocation.moment),
        "region": ctx.region,
        "resources": [invocation.schedule],
        "detail": "{}",
    }
    return orjson.dumps(notification).decode()


def _given(invocation: Invocation, member: str) -> Params:
    return invocation.target.get(member) or {}


def _message(ctx: Context, arn: Arn, invocation: Invocation) -> Params:
    return {
        "QueueUrl": f"{ctx.endpoint}/{arn.account}/{arn.resource}",
        "MessageBody": _text(ctx, invocation),
        "MessageGroupId": _given(invocation, "SqsParameters").get("MessageGroupId"),
    }


def _notification(ctx: Context, arn: Arn, invocation: Invocation) -> Params:
    return {"TopicArn": arn.text, "Message": _text(ctx, invocation)}


def _function(ctx: Context, arn: Arn, invocation: Invocation) -> Params:
    return {"FunctionName": arn.text, "InvocationType": "Event", "Payload": _text(ctx, invocation).encode()}


def _event(ctx: Context, arn: Arn, invocation: Invocation) -> Params:
    given = _given(invocation, "EventBridgeParameters")
    entry = {
        "Source": given["Source"],
        "DetailType": given["DetailType"],
        "Detail": invocation.text() or "{}",
        "Resources": [invocation.schedule],
        "EventBusName": arn.text,
    }
    return {"Entries": [entry]}


def _stream_record(ctx: Context, arn: Arn, invocation: Invocation) -> Params:
    key = _given(invocation, "KinesisParameters")["PartitionKey"]
    return {"StreamARN": arn.text, "Data": _text(ctx, invocation).encode(), "PartitionKey": key}


def _firehose_record(ctx: Context, arn: Arn, invocation: Invocation) -> Params:
    return {"DeliveryStreamName": _last(arn), "Record": {"Data": _text(ctx, invocation).encode()}}


def _execution(ctx: Context, arn: Arn, invocation: Invocation) -> Params:
    return {"stateMachineArn": arn.text, "input": _text(ctx, invocation)}


def _task(ctx: Context, arn: Arn, invocation: Invocation) -> Params:
    given = _given(invocation, "EcsParameters")
    own = ("TaskDefinitionArn", "TaskCount", "Tags")
    tags = [{"key": tag["Key"], "value": tag["Value"]} for tag in given.get("Tags") or []]
    return {
        "cluster": arn.text,
        "taskDefinition": given["TaskDefinitionArn"],
        "count": given.get("TaskCount", 1),
        "overrides": orjson.loads(invocation.text() or "null"),
        "tags": tags or None,
        **{name[0].lower() + name[1:]: value for name, value in given.items() if name not in own},
    }


def _build(ctx: Context, arn: Arn, invocation: Invocation) -> Params:
    return {**orjson.loads(invocation.text() or "{}"), "projectName": _last(arn)}


def _pipeline(ctx: Context, arn: Arn, invocation: Invocation) -> Params:
    return {"name": arn.resource}


def _model_pipeline(ctx: Context, arn: Arn, invocation: Invocation) -> Params:
    given = _given(invocation, "SageMakerPipelineParameters").get("PipelineParameterList")
    return {"PipelineName": _last(arn), "PipelineParameters": given}


def _assessment(ctx: Context, arn: Arn, invocation: Invocation) -> Params:
    return {"assessmentTemplateArn": arn.text}


def _last(arn: Arn) -> str:
    """`cluster:main`, `project/main` -> `main`"""
    return re.split(r"[:/]", arn.resource)[-1]


_TEMPLATES = (
    Template(r"sqs:[^:/]+", "sqs", "SendMessage", _message, "SqsParameters"),
    Template(r"sns:[^:/]+", "sns", "Publish", _notification),
    Template(r"lambda:function:.+", "lambda", "Invoke", _function, json=True),
    Template(r"events:event-bus/.+", "events", "PutEvents", _event, "EventBridgeParameters", True, json=True),
    Template(r"kinesis:stream/.+", "kinesis", "PutRecord", _stream_record, "KinesisParameters", True),
    Template(r"firehose:deliverystream/.+", "firehose", "PutRecord", _firehose_record),
    Template(r"states:stateMachine:.+", "stepfunctions", "StartExecution", _execution, json=True),
    Template(r"ecs:cluster/.+", "ecs", "RunTask", _task, "EcsParameters", True, json=True),
    Template(r"codebuild:project/.+", "codebuild", "StartBuild", _build, json=True),
    Template(r"codepipeline:[^:/]+", "codepipeline", "StartPipelineExecution", _pipeline),
    Template(
        r"sagemaker:pipeline/.+", "sagemaker", "StartPipelineExecution", _model_pipeline, "SageMakerPipelineParameters"
    ),
    Template(r"inspector:target/.+", "inspector", "StartAssessmentRun", _assessment),
)


def of(arn: Arn) -> Template:
    """Raises ValidationException for what is no templated target."""
    place = f"{arn.service}:{arn.resource}"
    template = next((template for template in _TEMPLATES if re.fullmatch(template.pattern, place)), None)
    if template is None:
        raise errors.unsupported_service(arn.service)
    return template


def call(ctx: Context, invocation: Invocation) -> Call:
    """The call that an invocation is. Raises ValidationException."""
    arn = parse(invocation.target["Arn"])
    template = of(arn)
    params = template.build(ctx, arn, invocation)
    given = {name: value for name, value in params.items() if value is not None}
    return Call(template.service, template.operation, given, arn.region)


# -- checking


def check(ctx: Context, target: Target) -> None:
    """Raises ValidationException for a target that could never be invoked."""
    arn = parse(target["Arn"])
    template = of(arn)
    for member in _PARAMETERS:
        if target.get(member) is not None and member != template.takes:
            raise errors.parameters_not_allowed(member, arn.service)
    if template.is_required and not target.get(template.takes):
        raise errors.parameters_required(template.takes, arn.service)
    _check_group(arn, target)
    _check_source(target)
    if template.json and target.get("Input") is not None and not _is_json(target["Input"]):
        raise errors.input_not_json()
    check_there(ctx, template.service, template.operation)


def _check_group(arn: Arn, target: Target) -> None:
    group = (target.get("SqsParameters") or {}).get("MessageGroupId")
    if arn.service == "sqs" and arn.resource.endswith(".fifo") and not group:
        raise errors.parameters_required("MessageGroupId", "FIFO queue")


def _check_source(target: Target) -> None:
    """What AWS's services tell, nobody else may tell."""
    source = (target.get("EventBridgeParameters") or {}).get("Source") or ""
    if source.startswith("aws."):
        raise errors.reserved_source(source)


def _is_json(text: str) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True

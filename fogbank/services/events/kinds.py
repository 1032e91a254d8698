"""The kinds of targets: which operation of which service an event becomes, and with what.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html. A kind whose service is not there is refused when it is put.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
import orjson

from fogbank.kernel import Context, json_paths, operations
from fogbank.services.events.deliveries import Delivery
from fogbank.services.events.names import Arn, parse

if TYPE_CHECKING:
    from fogbank.app import App

Params = dict[str, Any]
Send = Callable[[Context, Delivery], Awaitable[None]]
Build = Callable[[Context, Arn, Delivery], Params]
Turn = Callable[[Context, Delivery], Awaitable[float]]


async def _now(ctx: Context, delivery: Delivery) -> float:
    return ctx.now()


class Kind(msgspec.Struct, frozen=True):
    """A kind of target.

    pattern      of the ARN's `service:resource`
    service, operation
                 what is called; empty for what EventBridge does itself
    send         makes a delivery; raises AWSError, Failure
    role         a target of this kind needs a role
    parameters   the member of a target that has to be there
    at_once      in the transaction that puts the event
    inside       has its effect in the store, when it calls no operation
    turn         when a delivery may be made, for targets that take only so many per second
    """

    pattern: re.Pattern[str]
    send: Send
    service: str = ""
    operation: str = ""
    role: bool = False
    parameters: str = ""
    at_once: bool = False
    inside: bool = True
    turn: Turn = _now

    def is_there(self, app: App) -> bool:
        """Does this build have the operation?"""
        return not self.service or operations.is_there(app, self.service, self.operation)

    def is_transactional(self, app: App) -> bool:
        """Has a delivery no effect but in the store?"""
        return operations.is_transactional(app, self.service, self.operation) if self.service else self.inside


_kinds: list[Kind] = []


def declare(pattern: str, send: Send, **options: Any) -> None:
    """Declare a kind of target that is more than a call."""
    _kinds.append(Kind(re.compile(pattern), send, **options))


def _calls(pattern: str, service: str, operation: str, build: Build, **options: Any) -> None:
    """Declare a kind of target that is one operation of a service, as EventBridge or as the target's role."""

    async def send(ctx: Context, delivery: Delivery) -> None:
        arn = parse(delivery.target["Arn"])
        assert arn is not None
        await call(ctx.at(region=arn.region or ctx.region), delivery, service, operation, build(ctx, arn, delivery))

    declare(pattern, send, service=service, operation=operation, **options)


async def call(ctx: Context, delivery: Delivery, service: str, operation: str, params: Params) -> Params:
    """Call a service for a rule, as the target's role if it has one. Raises AWSError."""
    given = {name: value for name, value in params.items() if value is not None}
    return await ctx.call(service, operation, given, source_arn=delivery.rule, role=delivery.target.get("RoleArn"))


@lru_cache(maxsize=4096)
def of(arn: str) -> Kind | None:
    """The kind of the target with that ARN, None when there is no such kind."""
    parts = parse(arn)
    if parts is None:
        return None
    place = f"{parts.service}:{parts.resource}"
    return next((kind for kind in _kinds if kind.pattern.fullmatch(place)), None)


# -- what an event becomes


def _parameters(delivery: Delivery, member: str) -> Params:
    return delivery.target.get(member) or {}


def _message(ctx: Context, arn: Arn, delivery: Delivery) -> Params:
    group = _parameters(delivery, "SqsParameters").get("MessageGroupId")
    return {
        "QueueUrl": f"{ctx.endpoint}/{arn.account}/{arn.resource}",
        "MessageBody": delivery.text(),
        "MessageGroupId": group and json_paths.resolve(group, delivery.event.document),
    }


def _notification(ctx: Context, arn: Arn, delivery: Delivery) -> Params:
    return {"TopicArn": arn.text, "Message": delivery.text()}


def _invocation(ctx: Context, arn: Arn, delivery: Delivery) -> Params:
    return {"FunctionName": arn.text, "InvocationType": "Event", "Payload": delivery.text().encode()}


def _stream_record(ctx: Context, arn: Arn, delivery: Delivery) -> Params:
    path = _parameters(delivery, "KinesisParameters").get("PartitionKeyPath")
    event = delivery.event.document
    key = json_paths.resolve(path, event) if path else event["id"]
    return {"StreamARN": arn.text, "Data": delivery.text().encode(), "PartitionKey": key or event["id"]}


def _firehose_record(ctx: Context, arn: Arn, delivery: Delivery) -> Params:
    return {"DeliveryStreamName": _last(arn), "Record": {"Data": delivery.text().encode()}}


def _execution(ctx: Context, arn: Arn, delivery: Delivery) -> Params:
    return {"stateMachineArn": arn.text, "name": _name(ctx, delivery), "input": delivery.text()}


def _name(ctx: Context, delivery: Delivery) -> str:
    return f"{delivery.event.document['id']}_{ctx.ids.uuid()}"


_ECS = (
    "CapacityProviderStrategy",
    "EnableECSManagedTags",
    "EnableExecuteCommand",
    "Group",
    "LaunchType",
    "NetworkConfiguration",
    "PlacementConstraints",
    "PlacementStrategy",
    "PlatformVersion",
    "PropagateTags",
    "ReferenceId",
)


def _task(ctx: Context, arn: Arn, delivery: Delivery) -> Params:
    given = _parameters(delivery, "EcsParameters")
    tags = [{"key": tag["Key"], "value": tag["Value"]} for tag in given.get("Tags") or []]
    return {
        "cluster": arn.text,
        "taskDefinition": given["TaskDefinitionArn"],
        "count": given.get("TaskCount", 1),
        "overrides": orjson.loads(delivery.text()) if _has_input(delivery) else None,
        "startedBy": f"events-rule/{delivery.rule.rpartition('/')[2]}"[:36],
        "tags": tags or None,
        **{name[0].lower() + name[1:]: given[name] for name in _ECS if name in given},
    }


def _has_input(delivery: Delivery) -> bool:
    return any(name in delivery.target for name in ("Input", "InputPath", "InputTransformer"))


def _build(ctx: Context, arn: Arn, delivery: Delivery) -> Params:
    return {**(orjson.loads(delivery.text()) if _has_input(delivery) else {}), "projectName": _last(arn)}


def _pipeline(ctx: Context, arn: Arn, delivery: Delivery) -> Params:
    return {"name": arn.resource}


def _job(ctx: Context, arn: Arn, delivery: Delivery) -> Params:
    given = _parameters(delivery, "BatchParameters")
    retries, array = given.get("RetryStrategy"), given.get("ArrayProperties")
    return {
        "jobName": given["JobName"],
        "jobQueue": arn.text,
        "jobDefinition": given["JobDefinition"],
        "retryStrategy": retries and {"attempts": retries["Attempts"]},
        "arrayProperties": array and {"size": array["Size"]},
    }


def _statement(ctx: Context, arn: Arn, delivery: Delivery) -> Params:
    given = _parameters(delivery, "RedshiftDataParameters")
    where = "WorkgroupName" if arn.service == "redshift-serverless" else "ClusterIdentifier"
    return {
        where: _last(arn),
        "Database": given["Database"],
        "DbUser": given.get("DbUser"),
        "SecretArn": given.get("SecretManagerArn"),
        "Sql": given.get("Sql"),
        "StatementName": given.get("StatementName"),
        "WithEvent": given.get("WithEvent"),
    }


def _model_pipeline(ctx: Context, arn: Arn, delivery: Delivery) -> Params:
    given = _parameters(delivery, "SageMakerPipelineParameters").get("PipelineParameterList") or []
    event = delivery.event.document
    parameters = [{"Name": each["Name"], "Value": json_paths.resolve(each["Value"], event)} for each in given]
    return {"PipelineName": _last(arn), "PipelineParameters": parameters}


def _command(ctx: Context, arn: Arn, delivery: Delivery) -> Params:
    return {
        "DocumentName": arn.resource.removeprefix("document/"),
        "Targets": _parameters(delivery, "RunCommandParameters")["RunCommandTargets"],
        "Parameters": orjson.loads(delivery.text()) if _has_input(delivery) else None,
    }


def _last(arn: Arn) -> str:
    """`cluster:main`, `project/main` -> `main`"""
    return re.split(r"[:/]", arn.resource)[-1]


_calls(r"sqs:[^:/]+", "sqs", "SendMessage", _message, at_once=True)
_calls(r"sns:[^:/]+", "sns", "Publish", _notification, at_once=True)
_calls(r"lambda:function:.+", "lambda", "Invoke", _invocation)
_calls(r"kinesis:stream/.+", "kinesis", "PutRecord", _stream_record, role=True)
_calls(r"firehose:deliverystream/.+", "firehose", "PutRecord", _firehose_record, role=True)
_calls(r"states:stateMachine:.+", "stepfunctions", "StartExecution", _execution, role=True)
_calls(r"ecs:cluster/.+", "ecs", "RunTask", _task, role=True, parameters="EcsParameters")
_calls(r"codebuild:project/.+", "codebuild", "StartBuild", _build, role=True)
_calls(r"codepipeline:[^:/]+", "codepipeline", "StartPipelineExecution", _pipeline, role=True)
_calls(r"batch:job-queue/.+", "batch", "SubmitJob", _job, role=True, parameters="BatchParameters")
_calls(r"sagemaker:pipeline/.+", "sagemaker", "StartPipelineExecution", _model_pipeline, role=True)
_calls(r"ssm:document/.+", "ssm", "SendCommand", _command, role=True, parameters="RunCommandParameters")
for _warehouse in (r"redshift:cluster:.+", r"redshift-serverless:workgroup/.+"):
    _calls(_warehouse, "redshift-data", "ExecuteStatement", _statement, role=True, parameters="RedshiftDataParameters")

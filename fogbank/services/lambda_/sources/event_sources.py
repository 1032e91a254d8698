"""Event source mappings: which queue or stream is read for which function, and how.

    mappings     uuid              -> Mapping
    checkpoints  uuid, shard       -> the last sequence number that was handled

What reads is in `consuming.py`. https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import AWSError, Context, Record, pages, patterns
from fogbank.services.lambda_ import errors
from fogbank.services.lambda_.durable import settings as durable
from fogbank.services.lambda_.function import roles, tagging
from fogbank.services.lambda_.records import Answer, Function, Named, Request, arn_of, find, named, tags
from fogbank.services.lambda_.service import service

SQS, KINESIS, DYNAMODB = "sqs", "kinesis", "dynamodb"
# What each kind of source takes: (largest batch, batch when nobody says).
_BATCHES = {SQS: (10_000, 10), KINESIS: (10_000, 100), DYNAMODB: (10_000, 100)}
_FIFO_BATCH = 10
_WINDOWLESS_BATCH = 10
_READS = {SQS: "sqs:ReceiveMessage", KINESIS: "kinesis:GetRecords", DYNAMODB: "dynamodb:GetRecords"}
# Members that hold for one kind only.
_STREAMS_ONLY = (
    "StartingPosition",
    "StartingPositionTimestamp",
    "ParallelizationFactor",
    "MaximumRecordAgeInSeconds",
    "BisectBatchOnFunctionError",
    "MaximumRetryAttempts",
    "TumblingWindowInSeconds",
)
# Members that hold for kinds that are not read here.
_ELSEWHERE = (
    "Topics",
    "Queues",
    "SourceAccessConfigurations",
    "SelfManagedEventSource",
    "AmazonManagedKafkaEventSourceConfig",
    "SelfManagedKafkaEventSourceConfig",
    "DocumentDBEventSourceConfig",
)
_NOT_OF = {
    SQS: (*_STREAMS_ONLY, "DestinationConfig", *_ELSEWHERE),
    KINESIS: ("ScalingConfig", "ProvisionedPollerConfig", *_ELSEWHERE),
    DYNAMODB: ("ScalingConfig", "ProvisionedPollerConfig", *_ELSEWHERE),
}
_YOUNGEST_SECONDS = 60
_DESTINATIONS = ("sqs", "sns", "s3")
_STREAM_DEFAULTS: dict[str, Any] = {
    "ParallelizationFactor": 1,
    "MaximumRecordAgeInSeconds": -1,
    "BisectBatchOnFunctionError": False,
    "MaximumRetryAttempts": -1,
    "TumblingWindowInSeconds": 0,
    "DestinationConfig": {"OnFailure": {}},
}
_KEPT = (
    "BatchSize",
    "FilterCriteria",
    "KMSKeyArn",
    "MetricsConfig",
    "LoggingConfig",
    "ScalingConfig",
    "MaximumBatchingWindowInSeconds",
    "DestinationConfig",
    "FunctionResponseTypes",
    "ProvisionedPollerConfig",
    *_STREAMS_ONLY,
)


# What is not answered when it says nothing.
_OMITTED = ("FilterCriteria", "ScalingConfig", "MetricsConfig", "LoggingConfig", "ProvisionedPollerConfig")
_TAGGED = "event-source-mapping"


class Mapping(Record, frozen=True):
    """`function` is the function's name, `qualifier` that of the version or alias; `config` holds what is answered as it was asked."""

    uuid: str
    source: str
    function: str
    qualifier: str
    config: dict[str, Any]
    modified: float
    enabled: bool = True
    state: str = "Creating"
    result: str = "No records processed"

    @property
    def kind(self) -> str:
        return self.source.split(":")[2]


mappings = service.collection("mappings", Mapping)
checkpoints = service.collection("checkpoints", str)


def mapping_arn(ctx: Context, uuid: str) -> str:
    return f"arn:{ctx.partition}:lambda:{ctx.region}:{ctx.account}:{_TAGGED}:{uuid}"


def _arn(ctx: Context, request: Request) -> str:
    return mapping_arn(ctx, request.get("UUID") or "*")


# -- creating


@service.operation(resource=_arn)
async def create_event_source_mapping(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html"""
    source = request.get("EventSourceArn")
    if source is None and not request.get("SelfManagedEventSource"):
        raise errors.invalid_parameter("Unrecognized event source.")
    if source is None or source.count(":") < 5 or source.split(":")[2] not in _BATCHES:
        raise errors.invalid_parameter(
            f"Unrecognized event source, must be kinesis, dynamodb stream, or sqs. Unsupported source arn: {source}."
        )
    of = named(ctx, {"FunctionName": request["FunctionName"]})
    function = await find(of)
    durable.check_consumer(function, of.qualifier)
    config = _config(source, request)
    for other in await mappings.scan(ctx):
        if (other.source, other.function, other.qualifier) == (source, of.name, of.qualifier):
            raise errors.conflict(
                f'The event source arn (" {source} ") and function (" {of.name} ") provided mapping already exists. '
                f"Please update or delete the existing mapping with UUID {other.uuid}"
            )
    await _check_source(ctx, function, source)
    await _check_destination(ctx, function, config)
    mapping = Mapping(
        ctx.ids.uuid(),
        source,
        of.name,
        of.qualifier,
        config,
        ctx.now(),
        request.get("Enabled") is not False,
    )
    mappings.put(ctx, mapping, mapping.uuid)
    tagging.put(ctx, f"{_TAGGED}:{mapping.uuid}", request.get("Tags"))
    await ctx.schedule("settle_mapping", {"uuid": mapping.uuid})
    if mapping.enabled:
        await ctx.stand("consume", mapping.uuid)
    return described(ctx, mapping)


def _config(source: str, request: Request, before: dict[str, Any] | None = None) -> dict[str, Any]:
    """What was asked for, checked, over what was there. Raises InvalidParameterValueException."""
    kind = source.split(":")[2]
    asked = {name: request[name] for name in _KEPT if request.get(name) is not None}
    largest, usual = _BATCHES[kind]
    _check_kind(kind, request)
    if kind != SQS and before is None and "StartingPosition" not in asked:
        raise errors.invalid_parameter(
            "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null."
        )
    defaults = {} if kind == SQS else _STREAM_DEFAULTS
    config = {"BatchSize": usual, "MaximumBatchingWindowInSeconds": 0, **defaults, **(before or {}), **asked}
    if source.endswith(".fifo"):
        largest = _FIFO_BATCH
    if config["BatchSize"] > largest:
        raise errors.invalid_parameter(f"Batch size must be between 1 and {largest}.")
    if kind == SQS:
        _check_queue_window(source, config)
    else:
        _check_stream(config)
    for text in filter_patterns(config):
        _check_pattern(text)
    return config


def _check_kind(kind: str, request: Request) -> None:
    """Raise for what a mapping of that kind does not have."""
    wrong = next((name for name in _NOT_OF[kind] if request.get(name) is not None), None)
    if wrong == "StartingPosition":
        raise errors.invalid_parameter("StartingPosition is not valid for SQS event sources.")
    if wrong is not None:
        raise errors.invalid_parameter(
            f"Unsupported '{wrong[0].lower()}{wrong[1:]}' parameter for given event source mapping type."
        )


def _check_stream(config: dict[str, Any]) -> None:
    if (config.get("StartingPosition") == "AT_TIMESTAMP") != (config.get("StartingPositionTimestamp") is not None):
        raise errors.invalid_parameter(
            "StartingPositionTimestamp must be specified with StartingPosition AT_TIMESTAMP, and only then."
        )
    if -1 < config["MaximumRecordAgeInSeconds"] < _YOUNGEST_SECONDS:
        raise errors.invalid_parameter(
            f"MaximumRecordAgeInSeconds must be -1, or at least {_YOUNGEST_SECONDS} seconds."
        )
    if config["TumblingWindowInSeconds"] and config["ParallelizationFactor"] > 1:
        raise errors.invalid_parameter("ParallelizationFactor must be 1 where there is a tumbling window.")


def _check_queue_window(source: str, config: dict[str, Any]) -> None:
    window = config["MaximumBatchingWindowInSeconds"]
    if source.endswith(".fifo") and window:
        raise errors.invalid_parameter("Batching window is not supported for FIFO queues.")
    if config["BatchSize"] > _WINDOWLESS_BATCH and not window:
        raise errors.invalid_parameter(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
        )


def filter_patterns(config: dict[str, Any]) -> list[str]:
    return [
        each["Pattern"] for each in (config.get("FilterCriteria") or {}).get("Filters") or [] if each.get("Pattern")
    ]


def _check_pattern(text: str) -> None:
    try:
        patterns.compile(text, patterns.LAMBDA)
    except patterns.InvalidPattern as error:
        raise errors.invalid_parameter(f"Invalid filter pattern definition. {error.reason}") from error


async def _check_source(ctx: Context, function: Function, source: str) -> None:
    """Is the source there, and may the function's role read it? Raises InvalidParameterValueException."""
    kind = source.split(":")[2]
    scope = await roles.acting(ctx, function.role)
    if not await scope.may(_READS[kind], source, owner=source.split(":")[4]):
        raise errors.role_may_not(_READS[kind].partition(":")[2], kind.upper())
    operation, request = _describe(ctx, source)
    service_name = "dynamodbstreams" if kind == DYNAMODB else kind
    try:
        found = await scope.call(service_name, operation, request, as_caller=True)
    except AWSError as error:
        if error.code in ("AccessDenied", "AccessDeniedException"):
            return  # it may read, and that is enough
        raise errors.invalid_parameter(
            f"Error occurred while {operation}. {kind.upper()} Error Code: {error.code}. {kind.upper()} Error Message: {error.message}"
        ) from error
    if kind == SQS:
        _check_visibility(int(found["Attributes"]["VisibilityTimeout"]), function.timeout)


async def _check_destination(ctx: Context, function: Function, config: dict[str, Any]) -> None:
    """Where batches go that failed. Raises InvalidParameterValueException, also when the function's role may not send there."""
    destinations = config.get("DestinationConfig") or {}
    target: str = (destinations.get("OnFailure") or {}).get("Destination") or ""
    is_known = target.count(":") >= 5 and target.split(":")[2] in _DESTINATIONS
    if (destinations.get("OnSuccess") or {}).get("Destination") or (target and not is_known):
        raise errors.invalid_parameter("The provided destination config DestinationConfig is invalid.")
    if target:
        await roles.check_destination(ctx, function.role, target)


def _check_visibility(seconds: int, timeout: int) -> None:
    """A message must not come again while the function still handles it."""
    if seconds < timeout:
        raise errors.invalid_parameter(
            f"Queue visibility timeout: {seconds} seconds is less than Function timeout: {timeout} seconds"
        )


def _describe(ctx: Context, source: str) -> tuple[str, dict[str, Any]]:
    kind = source.split(":")[2]
    if kind == SQS:
        parts = source.split(":")
        return "GetQueueAttributes", {
            "QueueUrl": f"{ctx.endpoint}/{parts[4]}/{parts[5]}",
            "AttributeNames": ["VisibilityTimeout"],
        }
    if kind == KINESIS:
        return "DescribeStreamSummary", {"StreamARN": source}
    return "DescribeStream", {"StreamArn": source}


@service.task
async def settle_mapping(ctx: Context, payload: Request) -> None:
    mapping = await mappings.get(ctx, payload["uuid"])
    if mapping is None:
        return
    if mapping.state == "Deleting":
        mappings.delete(ctx, mapping.uuid)
        tags.delete(ctx, f"{_TAGGED}:{mapping.uuid}")
        for key, _ in await checkpoints.items(ctx, (str,), mapping.uuid):
            checkpoints.delete(ctx, mapping.uuid, *key)
        return
    state = "Enabled" if mapping.enabled else "Disabled"
    mappings.put(ctx, msgspec.structs.replace(mapping, state=state), mapping.uuid)


# -- the rest


@tagging.taggable(_TAGGED)
async def _find(ctx: Context, uuid: str) -> Mapping:
    mapping = await mappings.get(ctx, uuid)
    if mapping is None:
        raise errors.not_found("The resource you requested does not exist.")
    return mapping


@service.operation(resource=_arn)
async def get_event_source_mapping(ctx: Context, request: Request) -> Answer:
    return described(ctx, await _find(ctx, request["UUID"]))


@service.operation(resource=lambda ctx, request: "*")
async def list_event_source_mappings(ctx: Context, request: Request) -> Answer:
    source, marker = request.get("EventSourceArn"), request.get("Marker")
    of = named(ctx, {"FunctionName": request["FunctionName"]}) if request.get("FunctionName") else None
    after = None if not marker else (pages.position(marker, errors.invalid_parameter("Invalid marker.")),)
    found = await mappings.scan(ctx, after=after)
    listed = [
        each
        for each in found
        if source in (None, each.source) and (of is None or (each.function, each.qualifier) == (of.name, of.qualifier))
    ]
    shown, following = pages.page(listed, min(request.get("MaxItems") or 100, 100), lambda each: each.uuid)
    return {"EventSourceMappings": [described(ctx, each) for each in shown], "NextMarker": following}


@service.operation(resource=_arn)
async def update_event_source_mapping(ctx: Context, request: Request) -> Answer:
    mapping = await _find(ctx, request["UUID"])
    if mapping.state in ("Creating", "Updating", "Deleting"):
        raise errors.AWSError(
            "ResourceInUseException",
            f"Cannot update the event source mapping because it is not in an updatable state: {mapping.state}.",
            Type="User",
        )
    of = function_of(ctx, mapping)
    if request.get("FunctionName"):
        of = named(ctx, {"FunctionName": request["FunctionName"]})
        await find(of)
    enabled = mapping.enabled if request.get("Enabled") is None else request["Enabled"]
    config = _config(mapping.source, request, mapping.config)
    if request.get("DestinationConfig"):
        await _check_destination(ctx, await find(of), config)
    changed = msgspec.structs.replace(
        mapping,
        function=of.name,
        qualifier=of.qualifier,
        enabled=enabled,
        config=config,
        state="Updating",
        modified=ctx.now(),
    )
    mappings.put(ctx, changed, mapping.uuid)
    await ctx.schedule("settle_mapping", {"uuid": mapping.uuid})
    # who reads it, looks at the mapping again when this is told
    ctx.notify(*topic(mapping.uuid))
    if enabled:
        await ctx.stand("consume", mapping.uuid)
    else:
        await ctx.sit("consume", mapping.uuid)
    return described(ctx, changed)


def topic(uuid: str) -> tuple[str, str]:
    return "lambda-mapping", uuid


@service.operation(resource=_arn)
async def delete_event_source_mapping(ctx: Context, request: Request) -> Answer:
    mapping = msgspec.structs.replace(await _find(ctx, request["UUID"]), state="Deleting", modified=ctx.now())
    mappings.put(ctx, mapping, mapping.uuid)
    await ctx.sit("consume", mapping.uuid)
    await ctx.schedule("settle_mapping", {"uuid": mapping.uuid})
    return described(ctx, mapping)


def described(ctx: Context, mapping: Mapping) -> Answer:
    arn = arn_of(ctx, mapping.function)
    config = {name: value for name, value in mapping.config.items() if not (name in _OMITTED and _is_empty(value))}
    return {
        **config,
        "UUID": mapping.uuid,
        "EventSourceMappingArn": mapping_arn(ctx, mapping.uuid),
        "EventSourceArn": mapping.source,
        "FunctionArn": f"{arn}:{mapping.qualifier}" if mapping.qualifier else arn,
        "FunctionResponseTypes": mapping.config.get("FunctionResponseTypes") or [],
        "LastModified": mapping.modified,
        "LastProcessingResult": mapping.result if mapping.kind != SQS else None,
        "State": mapping.state,
        "StateTransitionReason": "USER_INITIATED" if mapping.kind == SQS else "User action",
    }


def _is_empty(value: dict[str, Any]) -> bool:
    """`{}`, and `{"Filters": []}`: how what was there is taken away."""
    return not any(value.values())


def function_of(ctx: Context, mapping: Mapping) -> Named:
    return Named(ctx, mapping.function, mapping.qualifier)

"""Anomaly detectors. They are kept and told of; there is no machine learning here, so that they stay in training and find nothing.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/LogsAnomalyDetection.html
"""

from __future__ import annotations

from typing import NoReturn

import msgspec

from fogbank.kernel import Context, Record, pages
from fogbank.services.logs import errors, limits, tags
from fogbank.services.logs.filtering import compiled
from fogbank.services.logs.records import Answer, Request, group_named, milliseconds, name_in
from fogbank.services.logs.service import service

INITIALIZING, TRAINING, PAUSED = "INITIALIZING", "TRAINING", "PAUSED"
_VISIBLE_DAYS = 21
_STARTING_SECONDS = 5


class Detector(Record, frozen=True):
    """Times are in milliseconds, `visible` in days."""

    id: str
    name: str
    groups: tuple[str, ...]
    created: int
    modified: int
    frequency: str = ""
    pattern: str = ""
    key: str = ""
    visible: int = _VISIBLE_DAYS
    status: str = INITIALIZING
    tags: dict[str, str] = {}


detectors = service.collection("anomaly-detectors", Detector)


def arn_of(ctx: Context, detector_id: str) -> str:
    return f"arn:{ctx.partition}:logs:{ctx.region}:{ctx.account}:anomaly-detector:{detector_id}"


def _resource(ctx: Context, request: Request) -> str:
    return str(request["anomalyDetectorArn"])


def _groups(ctx: Context, request: Request) -> list[str]:
    return list(request["logGroupArnList"])


async def find(ctx: Context, arn: str) -> Detector:
    found = await detectors.get(ctx, arn.rpartition(":")[2])
    if found is None or arn != arn_of(ctx, found.id):
        raise errors.not_found("anomaly detector")
    return found


@service.operation(resource=_groups)
async def create_log_anomaly_detector(ctx: Context, request: Request) -> Answer:
    for arn in request["logGroupArnList"]:
        await group_named(ctx, name_in(ctx, arn))
    compiled(request.get("filterPattern"))
    now, detector_id = milliseconds(ctx), ctx.ids.uuid()
    made = Detector(
        detector_id,
        request.get("detectorName") or f"detector-{detector_id[:8]}",
        tuple(request["logGroupArnList"]),
        now,
        now,
        request.get("evaluationFrequency") or "",
        request.get("filterPattern") or "",
        request.get("kmsKeyId") or "",
        request.get("anomalyVisibilityTime") or _VISIBLE_DAYS,
        tags=tags.checked(arn_of(ctx, detector_id), {}, request.get("tags") or {}),
    )
    detectors.put(ctx, made, detector_id)
    await ctx.schedule("train_detector", {"id": detector_id}, delay=_STARTING_SECONDS)
    return {"anomalyDetectorArn": arn_of(ctx, detector_id)}


@service.task
async def train_detector(ctx: Context, payload: Request) -> None:
    found = await detectors.get(ctx, payload["id"])
    if found is not None and found.status == INITIALIZING:
        detectors.put(ctx, msgspec.structs.replace(found, status=TRAINING), found.id)


@service.operation(resource=_resource)
async def update_log_anomaly_detector(ctx: Context, request: Request) -> None:
    found = await find(ctx, request["anomalyDetectorArn"])
    compiled(request.get("filterPattern"))
    status = found.status if found.status == INITIALIZING else TRAINING
    changed = msgspec.structs.replace(
        found,
        modified=milliseconds(ctx),
        frequency=request.get("evaluationFrequency") or found.frequency,
        pattern=request.get("filterPattern", found.pattern),
        visible=request.get("anomalyVisibilityTime") or found.visible,
        status=status if request["enabled"] else PAUSED,
    )
    detectors.put(ctx, changed, found.id)


@service.operation(resource=_resource)
async def delete_log_anomaly_detector(ctx: Context, request: Request) -> None:
    found = await find(ctx, request["anomalyDetectorArn"])
    detectors.delete(ctx, found.id)


@service.operation(resource=_resource)
async def get_log_anomaly_detector(ctx: Context, request: Request) -> Answer:
    return _described(await find(ctx, request["anomalyDetectorArn"]))


@service.operation
async def list_log_anomaly_detectors(ctx: Context, request: Request) -> Answer:
    wanted, token = request.get("filterLogGroupArn"), request.get("nextToken")
    last = "" if token is None else pages.position(token, errors.invalid_token())
    rows = [each for each in await detectors.scan(ctx) if each.id > last and (wanted is None or wanted in each.groups)]
    found, following = pages.page(rows, request.get("limit") or limits.PAGE, lambda each: each.id)
    shown = [{**_described(each), "anomalyDetectorArn": arn_of(ctx, each.id)} for each in found]
    return {"anomalyDetectors": shown, "nextToken": following}


def _described(detector: Detector) -> Answer:
    return {
        "detectorName": detector.name,
        "logGroupArnList": list(detector.groups),
        "evaluationFrequency": detector.frequency or None,
        "filterPattern": detector.pattern or None,
        "anomalyDetectorStatus": detector.status,
        "kmsKeyId": detector.key or None,
        "creationTimeStamp": detector.created,
        "lastModifiedTimeStamp": detector.modified,
        "anomalyVisibilityTime": detector.visible,
    }


@service.operation
async def list_anomalies(ctx: Context, request: Request) -> Answer:
    if request.get("anomalyDetectorArn") is not None:
        await find(ctx, request["anomalyDetectorArn"])
    if request.get("nextToken") is not None:
        raise errors.invalid_token()
    return {"anomalies": []}


@service.operation(resource=_resource)
async def update_anomaly(ctx: Context, request: Request) -> NoReturn:
    """Nothing was found, so there is nothing to suppress."""
    await find(ctx, request["anomalyDetectorArn"])
    if (request.get("anomalyId") is None) == (request.get("patternId") is None):
        raise errors.invalid_parameter("Exactly one of anomalyId and patternId must be specified.")
    raise errors.not_found("anomaly")

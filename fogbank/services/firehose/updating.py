"""UpdateDestination: other settings from the next delivery on, under the next version."""

from __future__ import annotations

from fogbank.kernel import Context
from fogbank.services.firehose import buffers, errors, settings
from fogbank.services.firehose.records import DESTINATION_ID, ON_STREAM, Request, Settings, Stream, change, find_active
from fogbank.services.firehose.service import service


@service.operation(**ON_STREAM)
async def update_destination(ctx: Context, request: Request) -> None:
    """What is not given stays where the kind of the destination does.

    https://docs.aws.amazon.com/firehose/latest/APIReference/API_UpdateDestination.html
    """
    stream = await find_active(ctx, request["DeliveryStreamName"])
    current, given = str(stream.version), request["CurrentDeliveryStreamVersionId"]
    if given != current:
        raise errors.version_differs(stream.name, current, given)
    if request["DestinationId"] != DESTINATION_ID:
        raise errors.no_destination(request["DestinationId"])
    wanted = settings.given(request, "DestinationUpdate")
    before = stream.destination if wanted.kind == stream.kind else None
    if before is None:
        _require_whole(wanted)
    destination = await settings.completed(ctx, stream.arn, wanted, before)
    _require_same_partitioning(stream, destination)
    changed = change(
        ctx, stream, kind=wanted.kind, destination=destination, version=stream.version + 1, updated=ctx.now()
    )
    await buffers.retime(ctx, changed)


_REQUIRED = {
    settings.EXTENDED: ("RoleARN", "BucketARN"),
    settings.HTTP: ("EndpointConfiguration", "S3Update"),
    settings.SPLUNK: ("HECEndpoint", "HECEndpointType", "S3Update"),
}


def _require_whole(wanted: settings.Given) -> None:
    """Another kind of destination has nothing to begin with. Raises InvalidArgumentException."""
    if missing := [name for name in _REQUIRED[wanted.kind] if not wanted.settings.get(name)]:
        raise errors.invalid(f"{missing[0]} must be specified for a destination of another type.")
    bucket = wanted.settings.get("S3Update") or wanted.settings
    if missing := [name for name in ("RoleARN", "BucketARN") if not bucket.get(name)]:
        raise errors.invalid(f"{missing[0]} must be specified for a destination of another type.")


def _require_same_partitioning(stream: Stream, after: Settings) -> None:
    """Dynamic partitioning is chosen once. Raises InvalidArgumentException."""
    enabled = [
        bool((each.get("DynamicPartitioningConfiguration") or {}).get("Enabled"))
        for each in (stream.destination, after)
    ]
    if stream.kind == settings.EXTENDED and enabled[0] != enabled[1]:
        raise errors.invalid("Dynamic Partitioning cannot be enabled or disabled on an existing delivery stream.")

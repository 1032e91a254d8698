"""Destinations as they are configured: what may be said of them, their defaults, and how they are described.

A destination is kept in the form in which it is described, but for secrets. S3 destinations are all kept as extended ones.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from fogbank.kernel import AWSError, Context
from fogbank.services.firehose import errors, limits, packing, prefixes, processors, roles
from fogbank.services.firehose.records import Request, Settings, Stream

EXTENDED, PLAIN, HTTP, SPLUNK = "ExtendedS3", "S3", "HttpEndpoint", "Splunk"
_ABSENT = {
    "Redshift": "Redshift destinations",
    "Elasticsearch": "Elasticsearch destinations",
    "Amazonopensearchservice": "OpenSearch destinations",
    "AmazonOpenSearchServerless": "OpenSearch Serverless destinations",
    "Snowflake": "Snowflake destinations",
    "Iceberg": "Iceberg destinations",
}
_HERE = (EXTENDED, PLAIN, HTTP, SPLUNK)

_S3_DEFAULTS: Settings = {
    "BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 300},
    "CompressionFormat": "UNCOMPRESSED",
    "EncryptionConfiguration": {"NoEncryptionConfig": "NoEncryption"},
    "CloudWatchLoggingOptions": {"Enabled": False},
}
_BACKUP_ALL = {HTTP: "AllData", SPLUNK: "AllEvents"}
_DEFAULTS: dict[str, Settings] = {
    EXTENDED: {**_S3_DEFAULTS, "S3BackupMode": "Disabled"},
    HTTP: {
        "BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 300},
        "CloudWatchLoggingOptions": {"Enabled": False},
        "RequestConfiguration": {"ContentEncoding": "NONE", "CommonAttributes": []},
        "RetryOptions": {"DurationInSeconds": 300},
        "S3BackupMode": "FailedDataOnly",
    },
    SPLUNK: {
        "BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 60},
        "CloudWatchLoggingOptions": {"Enabled": False},
        "HECAcknowledgmentTimeoutInSeconds": 180,
        "RetryOptions": {"DurationInSeconds": 300},
        "S3BackupMode": "FailedEventsOnly",
    },
}


class Given(NamedTuple):
    """A destination as a request has it: `kind` without distinction between S3's two."""

    kind: str
    settings: Settings


def given(request: Request, suffix: str) -> Given:
    """The one destination of a request, whose member ends with `suffix`. Raises InvalidArgumentException, NotImplemented."""
    found = [kind for kind in (*_HERE, *_ABSENT) if request.get(f"{kind}{suffix}")]
    if len(found) != 1:
        raise errors.one_destination()
    (kind,) = found
    if kind in _ABSENT:
        raise errors.not_delivered_to(_ABSENT[kind])
    return Given(EXTENDED if kind == PLAIN else kind, dict(request[f"{kind}{suffix}"]))


async def completed(ctx: Context, arn: str, wanted: Given, before: Settings | None = None) -> Settings:
    """The settings as they are kept: what is given, then what there was `before`, then defaults. Raises InvalidArgumentException."""
    named = _renamed(wanted.settings)
    for name in _BUCKETS:
        if name in named:
            there = (before or {}).get(name) or _S3_DEFAULTS
            named[name] = _checked_bucket({**there, **named[name]})
    made = {**_DEFAULTS[wanted.kind], **(before or {}), **named}
    if wanted.kind == EXTENDED and "BufferingHints" not in named and before is None and _partitions(made):
        made["BufferingHints"] = {"SizeInMBs": 128, "IntervalInSeconds": 300}
    _CHECKS[wanted.kind](made)
    _check_hints(made)
    processors.check(ctx, made.get("ProcessingConfiguration"))
    for role in _roles(made):
        await _require_role(ctx, arn, role)
    return made


# what requests call them, and what descriptions do
_NAMES = {
    "S3BackupConfiguration": "S3BackupDescription",
    "S3BackupUpdate": "S3BackupDescription",
    "S3Configuration": "S3DestinationDescription",
    "S3Update": "S3DestinationDescription",
}
_BUCKETS = ("S3BackupDescription", "S3DestinationDescription")


def _renamed(settings: Settings) -> Settings:
    return {_NAMES.get(name, name): value for name, value in settings.items() if value is not None}


def _checked_bucket(settings: Settings) -> Settings:
    prefixes.check(settings.get("Prefix") or "", settings.get("ErrorOutputPrefix") or "")
    if prefixes.is_partitioned(settings.get("Prefix") or ""):
        raise errors.invalid("The prefix of a backup cannot contain partition keys.")
    packing.check(settings["CompressionFormat"])
    _check_hints(settings)
    return settings


def _check_hints(settings: Settings) -> None:
    if len({"SizeInMBs", "IntervalInSeconds"} & settings["BufferingHints"].keys()) == 1:
        raise errors.half_buffering()
    logging = settings["CloudWatchLoggingOptions"]
    if logging.get("Enabled") and not (logging.get("LogGroupName") and logging.get("LogStreamName")):
        raise errors.invalid("LogGroupName and LogStreamName must be specified when CloudWatch logging is enabled.")


def _partitions(settings: Settings) -> bool:
    return bool((settings.get("DynamicPartitioningConfiguration") or {}).get("Enabled"))


def _check_s3(settings: Settings) -> None:
    prefix = settings.get("Prefix") or ""
    prefixes.check(prefix, settings.get("ErrorOutputPrefix") or "")
    packing.check(settings["CompressionFormat"])
    zone_of(settings)
    if (settings.get("DataFormatConversionConfiguration") or {}).get("Enabled"):
        raise errors.not_delivered_to("record format conversion, which needs a schema of AWS Glue,")
    if settings["S3BackupMode"] == "Enabled" and "S3BackupDescription" not in settings:
        raise errors.invalid("S3BackupConfiguration must be specified when S3BackupMode is Enabled.")
    _check_partitions(settings, prefix)


def _check_partitions(settings: Settings, prefix: str) -> None:
    """https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning.html"""
    if not _partitions(settings):
        if prefixes.is_partitioned(prefix):
            raise errors.invalid(
                "Dynamic Partitioning Namespaces can only be part of a prefix expression when Dynamic Partitioning is enabled."
            )
        return
    if not prefixes.is_partitioned(prefix):
        raise errors.invalid(
            "S3 Prefix should contain Dynamic Partitioning namespaces when Dynamic Partitioning is enabled"
        )
    if settings["BufferingHints"].get("SizeInMBs", 0) < limits.PARTITIONED_MIB:
        raise errors.invalid("BufferingHints.SizeInMBs must be at least 64 when Dynamic Partitioning is enabled.")
    here = processors.types_of(settings.get("ProcessingConfiguration"))
    if prefixes.keys_of(prefix, "partitionKeyFromQuery") and "MetadataExtraction" not in here:
        raise errors.invalid(
            "MetadataExtraction processor should be present when S3 Prefix has partitionKeyFromQuery namespace."
        )
    if prefixes.keys_of(prefix, "partitionKeyFromLambda") and "Lambda" not in here:
        raise errors.invalid("Lambda processor should be present when S3 Prefix has partitionKeyFromLambda namespace.")


def zone_of(settings: Settings) -> ZoneInfo:
    """The zone that an S3 destination's times are of. Raises InvalidArgumentException."""
    name = settings.get("CustomTimeZone") or "UTC"
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise errors.invalid(f"Invalid time zone: {name}") from error


def _check_endpoint(settings: Settings) -> None:
    names = [each["AttributeName"] for each in settings["RequestConfiguration"].get("CommonAttributes") or ()]
    if len(set(names)) < len(names):
        raise errors.invalid("CommonAttributes have a name twice.")
    _check_secret(settings)


def _check_splunk(settings: Settings) -> None:
    if not settings["HECEndpoint"].startswith(("https://", "http://")):
        raise errors.invalid("HECEndpoint must be a URL.")
    if not settings.get("HECToken") and not (settings.get("SecretsManagerConfiguration") or {}).get("Enabled"):
        raise errors.invalid("HECToken must be specified unless SecretsManagerConfiguration is enabled.")
    _check_secret(settings)


def _check_secret(settings: Settings) -> None:
    secret = settings.get("SecretsManagerConfiguration") or {}
    if secret.get("Enabled") and not secret.get("SecretARN"):
        raise errors.invalid("SecretARN must be specified when SecretsManagerConfiguration is enabled.")


_CHECKS: dict[str, Callable[[Settings], None]] = {EXTENDED: _check_s3, HTTP: _check_endpoint, SPLUNK: _check_splunk}


# -- roles


def _roles(settings: Settings) -> list[str]:
    """The roles that settings name, each once."""
    parts = [settings, *(settings[name] for name in _BUCKETS if name in settings)]
    parts.append(settings.get("SecretsManagerConfiguration") or {})
    return list(dict.fromkeys(part["RoleARN"] for part in parts if part.get("RoleARN")))


async def _require_role(ctx: Context, arn: str, role: str) -> None:
    """Raise AccessDenied unless the caller may hand the role to Firehose, InvalidArgumentException when that may not take it."""
    await ctx.pass_role(role)
    await require_trust(ctx, arn, role)


async def require_trust(ctx: Context, arn: str, role: str) -> None:
    try:
        await roles.assumed(ctx, arn, role)
    except AWSError as error:
        raise errors.cannot_assume(role) from error


def role_of(settings: Settings) -> str:
    """The role that a destination is used with; that of its bucket where it has none of its own."""
    return str(settings.get("RoleARN") or settings["S3DestinationDescription"]["RoleARN"])


def backs_up_all(kind: str, settings: Settings) -> bool:
    return settings["S3BackupMode"] == _BACKUP_ALL.get(kind, "Enabled")


# -- describing

_PLAIN_MEMBERS = (
    "RoleARN",
    "BucketARN",
    "Prefix",
    "ErrorOutputPrefix",
    *_S3_DEFAULTS,
)


def described(stream: Stream) -> dict[str, Any]:
    """The destination's members of a DestinationDescription. Secrets are left out."""
    settings = dict(stream.destination)
    if stream.kind == EXTENDED:
        plain = {name: settings[name] for name in _PLAIN_MEMBERS if name in settings}
        return {"S3DestinationDescription": plain, "ExtendedS3DestinationDescription": settings}
    if stream.kind == HTTP:
        endpoint = settings["EndpointConfiguration"]
        settings["EndpointConfiguration"] = {name: endpoint[name] for name in ("Url", "Name") if name in endpoint}
    return {f"{stream.kind}DestinationDescription": settings}

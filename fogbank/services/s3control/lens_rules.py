"""What Storage Lens refuses, in its words: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#S3LensErrorCodeList"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import AWSError
from fogbank.kernel.errors import not_implemented
from fogbank.services.s3control import limits

Document = dict[str, Any]

_BUCKETS = 50


def _refusal(code: str, message: str) -> AWSError:
    return AWSError(code, message, 400)


def destination_of(document: Document) -> Document | None:
    """Where the metrics of a configuration are exported to."""
    export = document.get("DataExport") or {}
    found: Document | None = export.get("S3BucketDestination")
    return found


def check(config_id: str, document: Document) -> None:
    """Raise for a configuration that Storage Lens does not take."""
    if document["Id"] != config_id:
        raise _refusal("InvalidConfigId", "The configuration ID is not valid.")
    if document.get("StorageLensArn") is not None:
        raise _refusal("InvalidStorageLensArn", "The S3 Storage Lens ARN is not required in input.")
    _check_containers(document)
    _check_activity(document["AccountLevel"])
    destination = destination_of(document)
    if destination is not None:
        _check_destination(destination)


def _check_containers(document: Document) -> None:
    include, exclude = document.get("Include"), document.get("Exclude")
    if include is not None and exclude is not None:
        raise _refusal(
            "InvalidIncludeExcludeContainers",
            "You can specify either an Include container or an Exclude container in a configuration. "
            "You cannot specify both in a configuration.",
        )
    for name, container in (("Include", include), ("Exclude", exclude)):
        if container is None:
            continue
        if not container.get("Buckets") and not container.get("Regions"):
            raise _refusal(f"Empty{name}Container", f"The {name.lower()} container cannot be empty.")
        if len(container.get("Buckets") or ()) > _BUCKETS:
            raise _refusal("TooManyBuckets", "The buckets container cannot have more than 50 buckets.")
        if len(container.get("Regions") or ()) > _BUCKETS:
            raise _refusal("TooManyRegions", "The Regions container cannot have more than 50 Regions.")


def _check_activity(level: Document) -> None:
    account = bool((level.get("ActivityMetrics") or {}).get("IsEnabled"))
    bucket = bool((level["BucketLevel"].get("ActivityMetrics") or {}).get("IsEnabled"))
    if bucket and not account:
        raise _refusal(
            "MissingAccountLevelActivityMetrics",
            "Activity metrics must be enabled at the account level when activity metrics are enabled at the bucket level.",
        )
    if account and not bucket:
        raise _refusal(
            "MissingBucketLevelActivityMetrics",
            "Activity metrics must be enabled at the bucket level when activity metrics are enabled at the account level.",
        )


def _check_destination(destination: Document) -> None:
    if not destination["Arn"].startswith("arn:aws:s3:::") or "/" in destination["Arn"]:
        raise _refusal("InvalidDestination", "The S3 bucket ARN is malformed.")
    encryption = destination.get("Encryption")
    if encryption is not None:
        given = [name for name in ("SSES3", "SSEKMS") if encryption.get(name) is not None]
        if not given:
            raise _refusal(
                "MissingEncryptionMethod", "The encryption method cannot be blank. Specify either SSE-KMS or SSE-S3."
            )
        if len(given) > 1:
            raise _refusal("InvalidEncryptionMethod", "Only one encryption method can be specified.")
    if destination["Format"] != "CSV":
        raise not_implemented("s3control", "PutStorageLensConfiguration with exports in Parquet")


# -- groups

_FILTERS = ("MatchAnyPrefix", "MatchAnySuffix", "MatchAnyTag", "MatchObjectAge", "MatchObjectSize")
_ELEMENTS = 10
_LARGEST = 50 * 1024**4


def check_group(name: str, group: Document) -> None:
    """Raise for a group that Storage Lens does not take."""
    if group["Name"] != name:
        raise _refusal("MismatchedName", "The name specified in the request doesn't match the Storage Lens group name.")
    given = {key: value for key, value in group["Filter"].items() if value is not None}
    if len(given) != 1:
        raise _refusal(
            "InvalidFilter",
            "A filter must include one of the following elements: And, Or, MatchAnyTag, MatchAnyPrefix, MatchAnySuffix, "
            "MatchObjectAge, MatchObjectSize.",
        )
    ((key, value),) = given.items()
    if key not in ("And", "Or"):
        _check_filter(key, value)
        return
    parts = {part: inner for part, inner in value.items() if inner is not None}
    if len(parts) < 2:
        raise _refusal(
            "InvalidLogicalOperator", "At least two sub elements must be present in the logical operators And or Or."
        )
    for part, inner in parts.items():
        _check_filter(part, inner)


def _check_filter(name: str, value: Any) -> None:
    if not value:
        raise _refusal(f"Invalid{name}", f"The {name} parameter can't be empty.")
    if isinstance(value, list):
        if len(value) > _ELEMENTS:
            raise _refusal("TooManyElements", f"The {name} exceeds the maximum number of elements allowed.")
        return
    numbers = [number for number in value.values() if number is not None]
    kind = "Age" if name == "MatchObjectAge" else "Size"
    if any(number <= 0 for number in numbers) or (kind == "Size" and max(numbers) > _LARGEST):
        raise _refusal(f"Invalid{kind}", f"{' and '.join(value)} must be positive numbers.")
    _check_range(name, value)


def _check_range(name: str, value: Document) -> None:
    unit = "Days" if name == "MatchObjectAge" else "Bytes"
    more, less = value.get(f"{unit}GreaterThan"), value.get(f"{unit}LessThan")
    if more is not None and less is not None and more >= less:
        raise _refusal("InvalidNumericCombination", "This object age or object size combination isn't valid.")


def too_many_groups() -> AWSError:
    return _refusal(
        "TooManyConfigurations",
        f"You have attempted to create more Storage Lens group configurations than the {limits.STORAGE_LENS_GROUPS} allowed.",
    )

"""The configurations of a bucket as templates have them, and as the API has them: both ways, as values.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html. Mostly names differ: those are in
tables. Where the form differs (filters, expirations, events) there is a pair of functions.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

Document = dict[str, Any]
# A template's name -> the API's, with those inside if any differ there. Names that are the same in both are left out.
Names = dict[str, Any]


def renamed(value: Any, names: Names) -> Any:
    """The same document with other names; what is None is left out."""
    if isinstance(value, list):
        return [renamed(each, names) for each in value]
    if not isinstance(value, dict):
        return value
    found = {}
    for name, inner in value.items():
        other: Any = names.get(name, name)
        own, inside = (other, {}) if isinstance(other, str) else other
        if inner is not None:
            found[own] = renamed(inner, inside)
    return found


def inverse(names: Names) -> Names:
    """From the API's names to a template's."""
    return {
        other if isinstance(other, str) else other[0]: name if isinstance(other, str) else (name, inverse(other[1]))
        for name, other in names.items()
    }


# -- where only names differ

ENCRYPTION: Names = {
    "ServerSideEncryptionConfiguration": (
        "Rules",
        {"ServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault"},
    )
}
CORS: Names = {"CorsRules": ("CORSRules", {"ExposedHeaders": "ExposeHeaders", "Id": "ID", "MaxAge": "MaxAgeSeconds"})}
ACCELERATION: Names = {"AccelerationStatus": "Status"}
REPLICATION: Names = {
    "Rules": (
        "Rules",
        {"Id": "ID", "Filter": ("Filter", {"TagFilter": "Tag", "And": ("And", {"TagFilters": "Tags"})})},
    )
}
_LOGGING: Names = {"DestinationBucketName": "TargetBucket", "LogFilePrefix": "TargetPrefix"}
_ROUTES: Names = {"RoutingRules": ("RoutingRules", {"RedirectRule": "Redirect", "RoutingRuleCondition": "Condition"})}
_NONCURRENT: Names = {"TransitionInDays": "NoncurrentDays"}
_TRANSITION: Names = {"TransitionInDays": "Days", "TransitionDate": "Date"}


# -- logs


def logging_to_api(document: Document) -> Document:
    return {"LoggingEnabled": {"TargetPrefix": "", **renamed(document, _LOGGING)}}


def logging_from_api(answer: Document) -> Document:
    return dict(renamed(answer.get("LoggingEnabled") or {}, inverse(_LOGGING)))


# -- websites


def website_to_api(document: Document) -> Document:
    found: Document = renamed(document, _ROUTES)
    for name, inside in (("IndexDocument", "Suffix"), ("ErrorDocument", "Key")):
        if name in found:
            found[name] = {inside: found[name]}
    return found


def website_from_api(answer: Document) -> Document:
    found: Document = renamed(answer, inverse(_ROUTES))
    for name, inside in (("IndexDocument", "Suffix"), ("ErrorDocument", "Key")):
        if name in found:
            found[name] = found[name][inside]
    return found


# -- filters: a template has their parts side by side


def filter_to_api(document: Document) -> Document | None:
    """The filter of a configuration, from its parts; None for one that is about everything."""
    parts: Document = {name: document[name] for name in ("Prefix", "AccessPointArn") if document.get(name) is not None}
    parts |= {name: int(document[name]) for name in _SIZES if document.get(name) is not None}
    tags = document.get("TagFilters") or []
    if len(parts) + len(tags) > 1:
        return {"And": parts | ({"Tags": tags} if tags else {})}
    return {"Tag": tags[0]} if tags else parts or None


def filter_from_api(found: Document | None) -> Document:
    """The parts of a filter as a template has them."""
    inside = (found or {}).get("And") or found or {}
    tags = inside.get("Tags") or ([inside["Tag"]] if "Tag" in inside else [])
    parts = {name: inside[name] for name in ("Prefix", "AccessPointArn") if inside.get(name)}
    parts |= {name: str(inside[name]) for name in _SIZES if inside.get(name) is not None}
    return parts | ({"TagFilters": tags} if tags else {})


_SIZES = ("ObjectSizeGreaterThan", "ObjectSizeLessThan")
_PARTS = frozenset({"Prefix", "AccessPointArn", "TagFilters", *_SIZES})


def _without_parts(document: Document) -> Document:
    return {name: value for name, value in document.items() if name not in _PARTS and value is not None}


# -- lifecycle

_LATER = {
    "ExpirationInDays": "Days",
    "ExpirationDate": "Date",
    "ExpiredObjectDeleteMarker": "ExpiredObjectDeleteMarker",
}
# An older spelling, which templates may still have.
_OLD_CLASSES = {"Glacier": "GLACIER"}


def lifecycle_to_api(document: Document) -> Document:
    return {"Rules": [_rule_to_api(rule) for rule in document["Rules"]]}


def _rule_to_api(rule: Document) -> Document:
    """The rule with its older members (`Transition`, `NoncurrentVersionExpirationInDays`) in the present form."""
    noncurrent = rule.get("NoncurrentVersionExpirationInDays")
    found: Document = {
        "ID": rule.get("Id"),
        "Status": rule["Status"],
        "Filter": filter_to_api(rule) or {"Prefix": ""},
        "Expiration": {api: _moment(rule[name]) for name, api in _LATER.items() if rule.get(name) is not None},
        "Transitions": [_transition_to_api(each, _TRANSITION) for each in _both(rule, "Transition")],
        "NoncurrentVersionTransitions": [
            _transition_to_api(each, _NONCURRENT) for each in _both(rule, "NoncurrentVersionTransition")
        ],
        "NoncurrentVersionExpiration": rule.get("NoncurrentVersionExpiration")
        or (None if noncurrent is None else {"NoncurrentDays": noncurrent}),
        "AbortIncompleteMultipartUpload": rule.get("AbortIncompleteMultipartUpload"),
    }
    return {name: value for name, value in found.items() if value}


def _both(rule: Document, name: str) -> list[Document]:
    """The transitions of a rule, in the present form (a list) and in the older one (a document)."""
    return [*(rule.get(f"{name}s") or []), *([rule[name]] if rule.get(name) else [])]


def _transition_to_api(transition: Document, names: Names) -> Document:
    found = {name: _moment(value) for name, value in renamed(transition, names).items()}
    return found | {"StorageClass": _OLD_CLASSES.get(found["StorageClass"], found["StorageClass"])}


def _moment(value: Any) -> Any:
    """A date of a template (`2030-01-01T00:00:00Z`) in epoch seconds; other values as they are."""
    if isinstance(value, str) and "T" in value and value[:4].isdigit():
        return datetime.fromisoformat(value.replace("Z", "+00:00")).replace(tzinfo=UTC).timestamp()
    return value


def lifecycle_from_api(answer: Document) -> Document:
    minimum = answer.get(MINIMUM)
    return {"Rules": [_rule_from_api(rule) for rule in answer["Rules"]]} | ({MINIMUM: minimum} if minimum else {})


MINIMUM = "TransitionDefaultMinimumObjectSize"


def _rule_from_api(rule: Document) -> Document:
    expiration = rule.get("Expiration") or {}
    found: Document = {
        "Id": rule.get("ID"),
        "Status": rule["Status"],
        **filter_from_api(rule.get("Filter") or {"Prefix": rule.get("Prefix")}),
        **{name: _dated(api, expiration[api]) for name, api in _LATER.items() if expiration.get(api) is not None},
        "Transitions": [_transition_from_api(each, _TRANSITION) for each in rule.get("Transitions") or ()],
        "NoncurrentVersionTransitions": [
            _transition_from_api(each, _NONCURRENT) for each in rule.get("NoncurrentVersionTransitions") or ()
        ],
        "NoncurrentVersionExpiration": rule.get("NoncurrentVersionExpiration"),
        "AbortIncompleteMultipartUpload": rule.get("AbortIncompleteMultipartUpload"),
    }
    return {name: value for name, value in found.items() if value not in (None, [])}


def _transition_from_api(transition: Document, names: Names) -> Document:
    dated = {name: _dated(name, value) for name, value in transition.items()}
    return dict(renamed(dated, inverse(names)))


def _dated(name: str, value: Any) -> Any:
    return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if name == "Date" else value


# -- notifications: a template has one event in each configuration

_TARGETS = (
    ("LambdaConfigurations", "LambdaFunctionConfigurations", "Function", "LambdaFunctionArn"),
    ("QueueConfigurations", "QueueConfigurations", "Queue", "QueueArn"),
    ("TopicConfigurations", "TopicConfigurations", "Topic", "TopicArn"),
)
_KEYS: Names = {"S3Key": ("Key", {"Rules": "FilterRules"})}


def notification_to_api(document: Document) -> Document:
    found: Document = {}
    for own, api, target, arn in _TARGETS:
        if document.get(own):
            found[api] = [_telling(each, arn, each[target]) for each in document[own]]
    if (document.get("EventBridgeConfiguration") or {}).get("EventBridgeEnabled"):
        found["EventBridgeConfiguration"] = {}
    return found


def _telling(entry: Document, arn: str, target: str) -> Document:
    chosen = renamed(entry.get("Filter"), _KEYS)
    return {arn: target, "Events": [entry["Event"]]} | ({"Filter": chosen} if chosen else {})


def notification_from_api(answer: Document) -> Document:
    found: Document = {}
    for own, api, target, arn in _TARGETS:
        entries = [
            {target: each[arn], "Event": event} | _told(each)
            for each in answer.get(api) or ()
            for event in each["Events"]
        ]
        if entries:
            found[own] = entries
    if answer.get("EventBridgeConfiguration") is not None:
        found["EventBridgeConfiguration"] = {"EventBridgeEnabled": True}
    return found


def _told(entry: Document) -> Document:
    return {"Filter": renamed(entry["Filter"], inverse(_KEYS))} if entry.get("Filter") else {}


# -- configurations of which a bucket has many

_PLACE: Names = {"BucketAccountId": "AccountId", "BucketArn": "Bucket"}


def _place_to_api(destination: Document) -> Document:
    return {"S3BucketDestination": renamed(destination, _PLACE)}


def _place_from_api(destination: Document) -> Document:
    return dict(renamed(destination["S3BucketDestination"], inverse(_PLACE)))


def filtered_to_api(document: Document) -> Document:
    """A configuration that has nothing of its own besides a filter: Intelligent-Tiering, metrics."""
    chosen = filter_to_api(document)
    return _without_parts(document) | ({"Filter": chosen} if chosen else {})


def filtered_from_api(document: Document) -> Document:
    rest = {name: value for name, value in document.items() if name != "Filter" and value is not None}
    return rest | filter_from_api(document.get("Filter"))


def inventory_to_api(document: Document) -> Document:
    found = filtered_to_api(document)
    found["Destination"] = _place_to_api(document["Destination"])
    found["Schedule"] = {"Frequency": found.pop("ScheduleFrequency")}
    found["IsEnabled"] = found.pop("Enabled")
    return found


def inventory_from_api(document: Document) -> Document:
    found = filtered_from_api(document)
    found["Destination"] = _place_from_api(document["Destination"])
    found["ScheduleFrequency"] = found.pop("Schedule")["Frequency"]
    found["Enabled"] = found.pop("IsEnabled")
    return found


def analytics_to_api(document: Document) -> Document:
    return filtered_to_api(document) | {"StorageClassAnalysis": _exported(document, _place_to_api)}


def analytics_from_api(document: Document) -> Document:
    return filtered_from_api(document) | {"StorageClassAnalysis": _exported(document, _place_from_api)}


def _exported(document: Document, place: Any) -> Document:
    export = (document.get("StorageClassAnalysis") or {}).get("DataExport")
    return {} if export is None else {"DataExport": {**export, "Destination": place(export["Destination"])}}


# -- metadata configurations: templates are told of the tables, too

_TABLES = {
    "JournalTable": ("TableName", "TableArn", "RecordExpiration"),
    "InventoryTable": ("TableName", "TableArn", "ConfigurationState"),
}
_OF_SERVICE = ("TableName", "TableArn")
_DESTINATION = "S3TablesDestination"


def metadata_to_api(document: Document) -> Document:
    if _DESTINATION in document:
        wanted = document[_DESTINATION]
        return {_DESTINATION: {name: wanted[name] for name in ("TableBucketArn", "TableName")}}
    names = [f"{table}Configuration" for table in _TABLES if f"{table}Configuration" in document]
    return {name: {key: value for key, value in document[name].items() if key not in _OF_SERVICE} for name in names}


def changed_tables(before: Document, after: Document) -> list[str]:
    """The tables (`JournalTable`) of which something else is asked for."""
    old, new = metadata_to_api(before), metadata_to_api(after)
    return [
        table for table in _TABLES if new.get(f"{table}Configuration") not in (None, old.get(f"{table}Configuration"))
    ]


def changeable(document: Document, table: str) -> Document:
    """What an update of a table takes."""
    names = ("RecordExpiration",) if table == "JournalTable" else ("ConfigurationState", "EncryptionConfiguration")
    wanted = document[f"{table}Configuration"]
    return {name: wanted[name] for name in names if name in wanted}


def metadata_from_api(answer: Document) -> Document:
    """The property of a bucket by what GetBucketMetadataConfiguration answers; empty where there is none."""
    found = answer.get("GetBucketMetadataConfigurationResult", {}).get("MetadataConfigurationResult")
    if found is None:
        return {}
    place, journal = found["DestinationResult"], found["JournalTableConfigurationResult"]
    if place["TableBucketType"] == "customer":
        known = {"TableName": journal["TableName"], "TableArn": journal.get("TableArn", "")}
        where = {name: place[name] for name in ("TableBucketArn", "TableNamespace")}
        return {"MetadataTableConfiguration": {_DESTINATION: {**where, **known}}}
    tables = {
        f"{table}Configuration": _picked(found.get(f"{table}ConfigurationResult", {}), members)
        for table, members in _TABLES.items()
    }
    return {"MetadataConfiguration": {"Destination": place, **tables}}


def _picked(document: Document, members: tuple[str, ...]) -> Document:
    return {name: document[name] for name in members if document.get(name) is not None}

"""The replication configuration of a bucket: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketReplication.html

What it does is in `replicating.py`.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from fogbank.kernel import Context
from fogbank.services.s3 import changes, errors, records, settings
from fogbank.services.s3.content import digests
from fogbank.services.s3.lifecycle import filters
from fogbank.services.s3.permissions import access
from fogbank.services.s3.records import ENABLED, Home, home_of
from fogbank.services.s3.replication import replicating
from fogbank.services.s3.replication.rules import ARN, KIND, is_on
from fogbank.services.s3.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

_MOST_RULES = 1000
_ID_LENGTH = 255
_SCHEMA = "this version of Cross Region Replication configuration schema. Please refer to S3 Developer Guide for more information."
# Replication time control has one threshold, in minutes.
_THRESHOLD = 15


@service.operation(action="s3:PutReplicationConfiguration", **access.ON_BUCKET)
async def put_bucket_replication(ctx: Context, request: Request) -> Answer:
    """Replicate what is written from now on; and what is there already, where a rule asks for it.

    Errors: MalformedXML, InvalidArgument, InvalidRequest; AccessDenied where the role may not be passed.
    """
    digests.check_document(ctx.request)
    document = request["ReplicationConfiguration"]
    await ctx.pass_role(document["Role"])
    home = await home_of(ctx, request)
    if home.bucket.versioning != ENABLED:
        raise errors.invalid_request("Versioning must be 'Enabled' on the bucket to apply a replication configuration")
    rules = document.get("Rules") or []
    await _check(home, rules)
    named = [{**rule, "ID": rule.get("ID") or b64encode(ctx.ids.uuid().encode()).decode()} for rule in rules]
    settings.write(home, KIND, {"Role": document["Role"], "Rules": named})
    changes.set_feature(home, KIND, True)
    await replicating.resume(home)
    if any(is_on(rule.get("ExistingObjectReplication")) for rule in rules):
        await settings.scope(home).schedule("replicate_existing", {"bucket": home.name}, key=home.name)
    return {}


@service.operation(action="s3:GetReplicationConfiguration", **access.ON_BUCKET)
async def get_bucket_replication(ctx: Context, request: Request) -> Answer:
    home = await home_of(ctx, request)
    document = await settings.read(home, KIND)
    if document is None:
        raise errors.no_such_configuration(
            "ReplicationConfigurationNotFoundError", "The replication configuration was not found", home.name
        )
    return {"ReplicationConfiguration": document}


@service.operation(action="s3:PutReplicationConfiguration", **access.ON_BUCKET)
async def delete_bucket_replication(ctx: Context, request: Request) -> Answer:
    """Replicate nothing any more; what is pending fails."""
    home = await home_of(ctx, request)
    settings.erase(home, KIND)
    changes.set_feature(home, KIND, False)
    return {}


# -- what S3 refuses


async def _check(home: Home, rules: list[Request]) -> None:
    if not 0 < len(rules) <= _MOST_RULES:
        raise errors.malformed_xml()
    _check_ids(rules)
    for rule in rules:
        _check_schema(rule)
        _check_rule(rule)
    _check_priorities(rules)
    for rule in rules:
        await _check_destination(home, rule["Destination"])


def _check_ids(rules: list[Request]) -> None:
    ids = [rule["ID"] for rule in rules if rule.get("ID")]
    if any(len(name) > _ID_LENGTH for name in ids):
        raise errors.invalid_argument("Rule Id length should not exceed allowed limit of 255", "ID", max(ids, key=len))
    if len(set(ids)) < len(ids):
        raise errors.invalid_argument("Rule Id must be unique. Found same Id in more than one rule", "ID", ids[-1])


def _check_schema(rule: Request) -> None:
    """With a Filter come a Priority and a word on delete markers, with a Prefix neither."""
    if ("Filter" in rule) == ("Prefix" in rule):
        raise errors.malformed_xml()
    for name in ("Priority", "DeleteMarkerReplication"):
        if "Filter" in rule and name not in rule:
            raise errors.invalid_request(f"{name} must be specified for {_SCHEMA}")
        if "Prefix" in rule and name in rule:
            raise errors.invalid_request(f"{name} cannot be used for {_SCHEMA}")


def _check_rule(rule: Request) -> None:
    filters.check(rule.get("Filter"))
    if is_on(rule.get("DeleteMarkerReplication")) and filters.read(rule).tags:
        raise errors.invalid_request(
            "Delete marker replication is not supported if any Tag filter is specified. Please refer to S3 Developer Guide "
            "for more information."
        )
    destination = rule["Destination"]
    wants_kms = is_on((rule.get("SourceSelectionCriteria") or {}).get("SseKmsEncryptedObjects"))
    has_key = bool((destination.get("EncryptionConfiguration") or {}).get("ReplicaKmsKeyID"))
    if wants_kms and not has_key:
        raise errors.invalid_request("ReplicaKmsKeyID must be specified if SseKmsEncryptedObjects tag is present.")
    if has_key and not wants_kms:
        raise errors.invalid_request("SseKmsEncryptedObjects must be specified if EncryptionConfiguration is present.")
    if destination.get("AccessControlTranslation") and not destination.get("Account"):
        raise errors.invalid_request("Account must be specified if AccessControlTranslation is present.")
    _check_time(destination)


def _check_time(destination: Request) -> None:
    time, metrics = destination.get("ReplicationTime"), destination.get("Metrics")
    if is_on(time) and not is_on(metrics):
        raise errors.invalid_request("Metrics must be enabled if ReplicationTime is enabled.")
    for document in (time and time.get("Time"), metrics and metrics.get("EventThreshold")):
        if document and document.get("Minutes") != _THRESHOLD:
            raise errors.invalid_argument(f"Minutes must be {_THRESHOLD}", "Minutes", document.get("Minutes"))


def _check_priorities(rules: list[Request]) -> None:
    priorities = [rule["Priority"] for rule in rules if "Priority" in rule]
    if len(set(priorities)) < len(priorities):
        raise errors.invalid_argument("Found duplicate priorities across rules", "Priority", priorities[-1])
    if len({"Filter" in rule for rule in rules}) > 1:
        raise errors.invalid_request(f"Prefix cannot be used for {_SCHEMA}")


async def _check_destination(home: Home, destination: Request) -> None:
    arn = destination["Bucket"]
    if not arn.startswith(ARN):
        raise errors.invalid_argument("Invalid bucket ARN.", "Bucket", arn)
    name = arn.removeprefix(ARN)
    if name == home.name:
        raise errors.invalid_request("Destination bucket cannot be the same as the source bucket.")
    found = await records.find(home.ctx, name)
    if found is None:
        raise errors.invalid_request("Destination bucket must exist.")
    if found.bucket.versioning != ENABLED:
        raise errors.invalid_request("Destination bucket must have versioning enabled.")

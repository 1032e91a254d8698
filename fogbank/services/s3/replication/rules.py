"""Replication rules as values: which of them are about a version. Nothing here reads or writes.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-add-config.html. Rules of the first version of the schema
have a prefix and replicate delete markers, those of the second a filter and a priority, and say whether they do.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from fogbank.services.s3 import settings
from fogbank.services.s3.lifecycle import filters
from fogbank.services.s3.lifecycle.filters import Filter
from fogbank.services.s3.records import CUSTOMER, Object

Document = dict[str, Any]

KIND = "replication"
ARN = "arn:aws:s3:::"

PENDING = "PENDING"
COMPLETED = "COMPLETED"
FAILED = "FAILED"
REPLICA = "REPLICA"


class Rule(NamedTuple):
    """An enabled rule, and what its replicas are to be.

    markers        delete markers are replicated
    of_replicas    changes of tags, ACLs and locks of replicas are replicated, too
    kms            objects encrypted by KMS are replicated
    existing       versions that were there before the rule are replicated
    bucket         the destination's name
    storage_class  that of the replicas; None for that of the source
    takes_over     replicas belong to the owner of the destination, the `account`
    kms_key        by which replicas of objects encrypted by KMS are
    """

    id: str
    priority: int
    filter: Filter
    markers: bool
    of_replicas: bool
    kms: bool
    existing: bool
    bucket: str
    account: str
    storage_class: str | None
    takes_over: bool
    kms_key: str

    def is_about(self, key: str, record: Object) -> bool:
        if record.deleted and not self.markers:
            return False
        encryption = record.traits.encryption
        if encryption.algorithm == CUSTOMER or (encryption.uses_kms and not self.kms):
            return False
        return self.filter.matches(key, record)


class Replication(NamedTuple):
    role: str
    rules: tuple[Rule, ...]

    def rules_for(self, key: str, record: Object) -> list[Rule]:
        """For each destination the rule of the highest priority that is about the version."""
        chosen: dict[str, Rule] = {}
        for rule in self.rules:
            before = chosen.get(rule.bucket)
            if rule.is_about(key, record) and (before is None or rule.priority > before.priority):
                chosen[rule.bucket] = rule
        return list(chosen.values())


@lru_cache(maxsize=256)
def compiled(packed: bytes) -> Replication:
    """The rules in a document as it is kept."""
    document = settings.unpack(packed)
    return Replication(document["Role"], tuple(_rule(rule) for rule in document["Rules"] if is_on(rule)))


def is_on(document: Document | None) -> bool:
    return document is not None and document.get("Status") == "Enabled"


def _rule(rule: Document) -> Rule:
    destination = rule["Destination"]
    criteria = rule.get("SourceSelectionCriteria") or {}
    storage_class = destination.get("StorageClass")
    return Rule(
        rule["ID"],
        rule.get("Priority") or 0,
        filters.read(rule),
        is_on(rule.get("DeleteMarkerReplication")) if "Filter" in rule else True,
        is_on(criteria.get("ReplicaModifications")),
        is_on(criteria.get("SseKmsEncryptedObjects")),
        is_on(rule.get("ExistingObjectReplication")),
        destination["Bucket"].removeprefix(ARN),
        destination.get("Account") or "",
        "" if storage_class == "STANDARD" else storage_class,
        bool(destination.get("AccessControlTranslation")),
        (destination.get("EncryptionConfiguration") or {}).get("ReplicaKmsKeyID") or "",
    )

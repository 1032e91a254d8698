"""What happens to objects, told in the same transaction to those who follow it: notifications, replication, lifecycle.

A follower is known by the name of the bucket's configuration that makes it follow; it is told only of buckets that have that name
among their `features`. The names of what happens are those of S3's event notifications, without `s3:`
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from fogbank.services.s3.records import Home, Object, buckets

PUT = "ObjectCreated:Put"
POST = "ObjectCreated:Post"
COPY = "ObjectCreated:Copy"
COMPLETED = "ObjectCreated:CompleteMultipartUpload"
DELETED = "ObjectRemoved:Delete"
MARKED = "ObjectRemoved:DeleteMarkerCreated"
TAGGED = "ObjectTagging:Put"
UNTAGGED = "ObjectTagging:Delete"
ANNOTATED = "ObjectAnnotation:Put"
NOT_ANNOTATED = "ObjectAnnotation:Delete"
ACL = "ObjectAcl:Put"
EXPIRED = "LifecycleExpiration:Delete"
EXPIRY_MARKED = "LifecycleExpiration:DeleteMarkerCreated"
TRANSITIONED = "LifecycleTransition"
TIERED = "IntelligentTiering"
RESTORING = "ObjectRestore:Post"
RESTORED = "ObjectRestore:Completed"
RESTORE_ENDED = "ObjectRestore:Delete"
NOT_REPLICATED = "Replication:OperationFailedReplication"
# not among AWS's events: for who keeps copies
LOCKED = "ObjectLock:Put"

_NOTHING: Mapping[str, Any] = {}


class Change(NamedTuple):
    """One thing that happened. `record` is the version it happened to: as it is now, or as it was when it is gone.

    `about` is what else is to be told, times in epoch seconds: of a restore its end (`expires`), of tiering the `tier`, of a
    replication the `rule`, the `destination` (a bucket's ARN), the `operation` (OBJECT_PUT), when it was `requested`, and the
    `failure` (AssumeRoleNotPermitted).
    """

    event: str
    home: Home
    key: str
    record: Object
    about: Mapping[str, Any] = _NOTHING


Follower = Callable[[Change], Awaitable[None]]

_followers: dict[str, Follower] = {}


def follow(feature: str) -> Callable[[Follower], Follower]:
    """Declare who is told of changes in buckets with that feature."""

    def declare(follower: Follower) -> Follower:
        _followers[feature] = follower
        return follower

    return declare


async def happened(event: str, home: Home, key: str, record: Object, **about: Any) -> None:
    """Tell whoever follows the bucket; inside the transaction of the change."""
    for feature in home.bucket.features:
        follower = _followers.get(feature)
        if follower is not None:
            await follower(Change(event, home, key, record, about))


def set_feature(home: Home, feature: str, on: bool) -> None:
    """Let a configuration have its part in requests from now on, or no more."""
    others = tuple(name for name in home.bucket.features if name != feature)
    features = (*others, feature) if on else others
    if features != home.bucket.features:
        bucket = msgspec.structs.replace(home.bucket, features=features)
        buckets.put(home.ctx, bucket, home.name)
        home.bucket = bucket

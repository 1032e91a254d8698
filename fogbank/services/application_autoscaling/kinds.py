"""What can be scaled: the scalable dimensions that AWS documents, as data.

https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html
https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking.html (cooldown periods)
"""

from __future__ import annotations

import re
from typing import NamedTuple

STEP, TRACKING = "StepScaling", "TargetTrackingScaling"

_NAME = r"[^/:]+"


class Kind(NamedTuple):
    """A scalable dimension.

    resource  what its resource IDs look like
    what      the resource, as refusals name it
    role      how the service-linked role's name ends
    least     the lowest minimum
    cooldown  of target tracking, where a policy has none (seconds)
    policies  the types of policies that it may have
    """

    resource: str
    what: str
    role: str
    least: int = 0
    cooldown: int = 300
    policies: frozenset[str] = frozenset({STEP, TRACKING})


_ONLY_TRACKING = frozenset({TRACKING})
_TABLE = Kind(rf"table/{_NAME}", "DynamoDB table", "DynamoDBTable", 1, 0, _ONLY_TRACKING)
_INDEX = Kind(rf"table/{_NAME}/index/{_NAME}", "DynamoDB index", "DynamoDBTable", 1, 0, _ONLY_TRACKING)
_KEYSPACES = Kind(rf"keyspace/{_NAME}/table/{_NAME}", "Keyspaces table", "CassandraTable", 1, 0, _ONLY_TRACKING)
_CACHE = Kind(rf"replication-group/{_NAME}", "Replication group", "ElastiCacheRG", 1, 600, _ONLY_TRACKING)
_ENDPOINT = Kind(r"arn:.+:comprehend:.+endpoint/.+", "Comprehend endpoint", "ComprehendEndpoint", 1, 0, _ONLY_TRACKING)
_VARIANT = Kind(rf"endpoint/{_NAME}/variant/{_NAME}", "Endpoint variant", "SageMakerEndpoint")

_KINDS = {
    "appstream:fleet:DesiredCapacity": Kind(rf"fleet/{_NAME}", "AppStream fleet", "AppStreamFleet"),
    "cassandra:table:ReadCapacityUnits": _KEYSPACES,
    "cassandra:table:WriteCapacityUnits": _KEYSPACES,
    "comprehend:document-classifier-endpoint:DesiredInferenceUnits": _ENDPOINT,
    "comprehend:entity-recognizer-endpoint:DesiredInferenceUnits": _ENDPOINT,
    "custom-resource:ResourceType:Property": Kind(r"https?://.+", "Custom resource", "CustomResource"),
    "dynamodb:index:ReadCapacityUnits": _INDEX,
    "dynamodb:index:WriteCapacityUnits": _INDEX,
    "dynamodb:table:ReadCapacityUnits": _TABLE,
    "dynamodb:table:WriteCapacityUnits": _TABLE,
    "ec2:spot-fleet-request:TargetCapacity": Kind(
        r"spot-fleet-request/sfr-.+", "Spot fleet request", "EC2SpotFleetRequest"
    ),
    "ecs:service:DesiredCount": Kind(rf"service/{_NAME}/{_NAME}", "ECS service", "ECSService"),
    "elasticache:cache-cluster:Nodes": Kind(
        rf"cache-cluster/{_NAME}", "Cache cluster", "ElastiCacheRG", 1, 600, _ONLY_TRACKING
    ),
    "elasticache:replication-group:NodeGroups": _CACHE,
    "elasticache:replication-group:Replicas": _CACHE,
    "elasticmapreduce:instancegroup:InstanceCount": Kind(
        r"instancegroup/j-\w+/ig-\w+", "EMR instance group", "EMRInstanceGroup", policies=frozenset({STEP})
    ),
    "kafka:broker-storage:VolumeSize": Kind(r"arn:.+:kafka:.+", "MSK cluster", "KafkaCluster", 1, 0, _ONLY_TRACKING),
    "lambda:function:ProvisionedConcurrency": Kind(
        rf"function:{_NAME}:(?!\$LATEST){_NAME}", "Lambda function", "LambdaConcurrency", 0, 0, _ONLY_TRACKING
    ),
    "neptune:cluster:ReadReplicaCount": Kind(
        rf"cluster:{_NAME}", "Neptune cluster", "NeptuneCluster", policies=_ONLY_TRACKING
    ),
    "rds:cluster:ReadReplicaCount": Kind(rf"cluster:{_NAME}", "RDS cluster", "RDSCluster"),
    "sagemaker:inference-component:DesiredCopyCount": Kind(
        rf"inference-component/{_NAME}", "Inference component", "SageMakerEndpoint"
    ),
    "sagemaker:variant:DesiredInstanceCount": _VARIANT,
    "sagemaker:variant:DesiredProvisionedConcurrency": _VARIANT,
    "workspaces:workspacespool:DesiredUserSessions": Kind(
        rf"workspacespool/{_NAME}", "WorkSpaces pool", "WorkSpacesPool"
    ),
}


def find(namespace: str, resource: str, dimension: str) -> Kind | None:
    """The kind of what the three name together; None when they do not belong together."""
    kind = _KINDS.get(dimension)
    if kind is None or not belongs(namespace, dimension) or not re.fullmatch(kind.resource, resource):
        return None
    return kind


def of(dimension: str) -> Kind:
    return _KINDS[dimension]


def belongs(namespace: str, dimension: str) -> bool:
    """Is it a dimension of that service?"""
    return dimension.partition(":")[0] == namespace


def unit(dimension: str) -> str:
    """What a capacity is counted in: `write capacity units`."""
    return re.sub(r"(?<!^)(?=[A-Z])", " ", dimension.rpartition(":")[2]).lower()


def host(namespace: str) -> str:
    """The principal of the service-linked role."""
    return f"{namespace}.application-autoscaling.amazonaws.com"


def role_arn(partition: str, account: str, namespace: str, dimension: str) -> str:
    """The ARN of the service-linked role as which a dimension is scaled."""
    name = f"AWSServiceRoleForApplicationAutoScaling_{of(dimension).role}"
    return f"arn:{partition}:iam::{account}:role/aws-service-role/{host(namespace)}/{name}"

"""Proposed configurations of resources, as access previews take them: what others would have of them.

What a configuration leaves out stays as the resource has it now, if there is one; an empty policy takes the policy away.
https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_Configuration.html
"""

from __future__ import annotations

from typing import Any, Final

from fogbank.services.accessanalyzer import sources
from fogbank.services.accessanalyzer.exposure import Exposure, Zone
from fogbank.services.accessanalyzer.scanning import exposures_of
from fogbank.services.accessanalyzer.sources import Reader, Resource

Request = dict[str, Any]

# Configurations that are about one policy: their resource type, and the policy's member.
_POLICIES: Final = {
    "dynamodbStream": ("AWS::DynamoDB::Stream", "streamPolicy"),
    "dynamodbTable": ("AWS::DynamoDB::Table", "tablePolicy"),
    "ecrRepository": ("AWS::ECR::Repository", "repositoryPolicy"),
    "efsFileSystem": ("AWS::EFS::FileSystem", "fileSystemPolicy"),
    "iamRole": ("AWS::IAM::Role", "trustPolicy"),
    "s3ExpressDirectoryBucket": ("AWS::S3Express::DirectoryBucket", "bucketPolicy"),
    "secretsManagerSecret": ("AWS::SecretsManager::Secret", "secretPolicy"),
    "snsTopic": ("AWS::SNS::Topic", "topicPolicy"),
    "sqsQueue": ("AWS::SQS::Queue", "queuePolicy"),
}
# Configurations that list accounts: their resource type, and what can be done with what is shared.
_SHARES: Final = {
    "ebsSnapshot": ("AWS::EC2::Snapshot", ("ec2:CopySnapshot", "ec2:CreateVolume")),
    "rdsDbClusterSnapshot": (
        "AWS::RDS::DBClusterSnapshot",
        ("rds:CopyDBClusterSnapshot", "rds:RestoreDBClusterFromSnapshot"),
    ),
    "rdsDbSnapshot": ("AWS::RDS::DBSnapshot", ("rds:CopyDBSnapshot", "rds:RestoreDBInstanceFromDBSnapshot")),
}


async def proposed(reader: Reader, arn: str, configuration: Request, trusted: Zone) -> tuple[Resource, list[Exposure]]:
    """The resource as it would be, and what those outside would have of it. Raises ValueError for what makes no sense."""
    if len(configuration) != 1:
        raise ValueError("not exactly one configuration")
    ((name, value),) = configuration.items()
    if name in _SHARES:
        kind, actions = _SHARES[name]
        return Resource(arn, kind), _shares(_accounts(value), actions, trusted)
    if name == "kmsKey":
        resource = Resource(arn, "AWS::KMS::Key", tuple(filter(None, value.get("keyPolicies", {}).values())))
        return resource, [*exposures_of(resource, trusted), *_key_grants(value.get("grants", []), trusted)]
    if name == "s3Bucket":
        return await _bucket(reader, arn, value, trusted)
    kind, member = _POLICIES[name]
    texts = (value[member],) if member in value else (await _existing(reader, arn, kind)).policies
    resource = Resource(arn, kind, tuple(filter(None, texts)))
    return resource, exposures_of(resource, trusted)


async def _existing(reader: Reader, arn: str, kind: str) -> Resource:
    """The resource as it is; without any policies when there is none."""
    found = [resource for resource in await sources.resources(reader) if resource.arn == arn]
    return found[0] if found else Resource(arn, kind)


# -- buckets


async def _bucket(reader: Reader, arn: str, value: Request, trusted: Zone) -> tuple[Resource, list[Exposure]]:
    existing = await _existing(reader, arn, "AWS::S3::Bucket")
    block = value.get("bucketPublicAccessBlock")
    resource = Resource(
        arn,
        "AWS::S3::Bucket",
        tuple(filter(None, [value["bucketPolicy"]])) if "bucketPolicy" in value else existing.policies,
        tuple(map(_acl_grant, value["bucketAclGrants"])) if "bucketAclGrants" in value else existing.acl,
        existing.policy_guarded if block is None else block["restrictPublicBuckets"],
        existing.acl_guarded if block is None else block["ignorePublicAcls"],
    )
    found = exposures_of(resource, trusted)
    for point in value.get("accessPoints", {}).values():
        found += _access_point(arn, point, resource, trusted)
    return resource, found


def _acl_grant(grant: Request) -> Request:
    """A grant as S3 itself has it."""
    names = {"id": "ID", "uri": "URI"}
    grantee = {names[name]: value for name, value in grant["grantee"].items()}
    return {"Grantee": grantee, "Permission": grant["permission"]}


def _access_point(arn: str, point: Request, bucket: Resource, trusted: Zone) -> list[Exposure]:
    """What an access point lets in. One in a VPC lets in nobody from outside."""
    if "vpcConfiguration" in point.get("networkOrigin", {}) or not point.get("accessPointPolicy"):
        return []
    block = point.get("publicAccessBlock", {"restrictPublicBuckets": True})
    guarded = bucket.policy_guarded or block["restrictPublicBuckets"]
    through = Resource(arn, bucket.type, (point["accessPointPolicy"],), (), guarded)
    return [
        Exposure(each.principal, each.actions, each.conditions, each.public, "S3_ACCESS_POINT")
        for each in exposures_of(through, trusted)
    ]


# -- grants and shares


def _key_grants(grants: list[Request], trusted: Zone) -> list[Exposure]:
    found = []
    for grant in grants:
        principal = grant["granteePrincipal"]
        if principal.split(":")[4:5] and principal.split(":")[4] not in trusted.accounts:
            actions = tuple(sorted(f"kms:{operation}" for operation in grant["operations"]))
            found.append(Exposure(("AWS", principal), actions, _constraints(grant.get("constraints", {}))))
    return found


def _constraints(constraints: Request) -> tuple[tuple[str, str], ...]:
    context = {**constraints.get("encryptionContextSubset", {}), **constraints.get("encryptionContextEquals", {})}
    return tuple(sorted((f"kms:EncryptionContext:{key}", value) for key, value in context.items()))


def _accounts(value: Request) -> list[str]:
    """The accounts that a snapshot is shared with; `all` is everybody."""
    listed = [*value.get("userIds", []), *value.get("groups", [])]
    for attribute in value.get("attributes", {}).values():
        listed += attribute.get("accountIds", [])
    return listed


def _shares(accounts: list[str], actions: tuple[str, ...], trusted: Zone) -> list[Exposure]:
    return [
        Exposure(("AWS", "*" if account == "all" else account), actions, (), account == "all")
        for account in dict.fromkeys(accounts)
        if account not in trusted.accounts
    ]

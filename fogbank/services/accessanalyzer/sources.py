"""Where resources and their policies are read: from the services that have them, by their own operations, as this service's role.

A service that Fogbank does not have yet has no resources. What a policy's owner keeps from the account's own policies (a key whose
policy lets nobody in) cannot be read here either, and is left out.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import unquote

import msgspec

from fogbank.kernel import AWSError, Context

Request = dict[str, Any]

# What services answer where there is no such policy, or nothing may be seen of it.
_ABSENT = ("NotFound", "NoSuch", "AccessDenied", "NotImplemented", "DoesNotExist")


class Resource(msgspec.Struct, frozen=True):
    """A resource: its policies (JSON), and of a bucket its access control list as the API gives it.

    `guarded`: public access is blocked, so that neither policies nor lists let in anybody whom they do not name.
    """

    arn: str
    type: str
    policies: tuple[str, ...] = ()
    acl: tuple[Request, ...] = ()
    policy_guarded: bool = False
    acl_guarded: bool = False


class Reader:
    """Reads in the account and region of its context, as the role."""

    def __init__(self, ctx: Context, role: str) -> None:
        self.ctx = ctx
        self._role = role

    def has(self, service: str) -> bool:
        """Whether there is such a service."""
        return service in self.ctx.app.services.names

    async def read(self, service: str, operation: str, **params: Any) -> Request:
        """The operation's answer; empty where there is nothing, or nothing may be seen."""
        try:
            return await self.ctx.call(service, operation, params, role=self._role)
        except AWSError as error:
            if any(word in error.code for word in _ABSENT):
                return {}
            raise

    async def pages(
        self, service: str, operation: str, items: str, marker: str, token: str = "", **params: Any
    ) -> AsyncIterator[Any]:
        """The items of all pages. `marker` is the member that asks for a page, `token` the one that names the next."""
        while True:
            answer = await self.read(service, operation, **params)
            for item in answer.get(items) or ():
                yield item
            following = answer.get(token or marker)
            if not following:
                return
            params[marker] = following

    def arn(self, service: str, resource: str) -> str:
        return f"arn:{self.ctx.partition}:{service}:{self.ctx.region}:{self.ctx.account}:{resource}"


def _texts(*texts: str | None) -> tuple[str, ...]:
    return tuple(text for text in texts if text)


# -- the services


async def _roles(reader: Reader) -> AsyncIterator[Resource]:
    async for role in reader.pages("iam", "ListRoles", "Roles", "Marker"):
        yield Resource(role["Arn"], "AWS::IAM::Role", _texts(unquote(role["AssumeRolePolicyDocument"])))


async def _buckets(reader: Reader) -> AsyncIterator[Resource]:
    for bucket in (await reader.read("s3", "ListBuckets")).get("Buckets") or ():
        name = bucket["Name"]
        location = await reader.read("s3", "GetBucketLocation", Bucket=name)
        if (location.get("LocationConstraint") or "us-east-1") == reader.ctx.region:
            yield await _bucket(reader, name)


async def _bucket(reader: Reader, name: str) -> Resource:
    policy = await reader.read("s3", "GetBucketPolicy", Bucket=name)
    acl = await reader.read("s3", "GetBucketAcl", Bucket=name)
    block = (await reader.read("s3", "GetPublicAccessBlock", Bucket=name)).get("PublicAccessBlockConfiguration") or {}
    return Resource(
        f"arn:{reader.ctx.partition}:s3:::{name}",
        "AWS::S3::Bucket",
        _texts(policy.get("Policy")),
        tuple(acl.get("Grants") or ()),
        bool(block.get("RestrictPublicBuckets")),
        bool(block.get("IgnorePublicAcls")),
    )


async def _queues(reader: Reader) -> AsyncIterator[Resource]:
    async for url in reader.pages("sqs", "ListQueues", "QueueUrls", "NextToken", MaxResults=1000):
        answer = await reader.read("sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=["QueueArn", "Policy"])
        attributes = answer.get("Attributes") or {}
        if attributes:
            yield Resource(attributes["QueueArn"], "AWS::SQS::Queue", _texts(attributes.get("Policy")))


async def _topics(reader: Reader) -> AsyncIterator[Resource]:
    async for topic in reader.pages("sns", "ListTopics", "Topics", "NextToken"):
        answer = await reader.read("sns", "GetTopicAttributes", TopicArn=topic["TopicArn"])
        attributes = answer.get("Attributes") or {}
        yield Resource(topic["TopicArn"], "AWS::SNS::Topic", _texts(attributes.get("Policy")))


async def _keys(reader: Reader) -> AsyncIterator[Resource]:
    async for key in reader.pages("kms", "ListKeys", "Keys", "Marker", "NextMarker"):
        policy = await reader.read("kms", "GetKeyPolicy", KeyId=key["KeyId"], PolicyName="default")
        yield Resource(key["KeyArn"], "AWS::KMS::Key", _texts(policy.get("Policy")))


async def _secrets(reader: Reader) -> AsyncIterator[Resource]:
    async for secret in reader.pages("secretsmanager", "ListSecrets", "SecretList", "NextToken"):
        policy = await reader.read("secretsmanager", "GetResourcePolicy", SecretId=secret["ARN"])
        yield Resource(secret["ARN"], "AWS::SecretsManager::Secret", _texts(policy.get("ResourcePolicy")))


async def _functions(reader: Reader) -> AsyncIterator[Resource]:
    async for function in reader.pages("lambda", "ListFunctions", "Functions", "Marker", "NextMarker"):
        policy = await reader.read("lambda", "GetPolicy", FunctionName=function["FunctionArn"])
        yield Resource(function["FunctionArn"], "AWS::Lambda::Function", _texts(policy.get("Policy")))


async def _tables(reader: Reader) -> AsyncIterator[Resource]:
    last = "LastEvaluatedTableName"
    async for name in reader.pages("dynamodb", "ListTables", "TableNames", "ExclusiveStartTableName", last):
        arn = reader.arn("dynamodb", f"table/{name}")
        policy = await reader.read("dynamodb", "GetResourcePolicy", ResourceArn=arn)
        yield Resource(arn, "AWS::DynamoDB::Table", _texts(policy.get("Policy")))


async def _repositories(reader: Reader) -> AsyncIterator[Resource]:
    async for repository in reader.pages("ecr", "DescribeRepositories", "repositories", "nextToken"):
        policy = await reader.read("ecr", "GetRepositoryPolicy", repositoryName=repository["repositoryName"])
        yield Resource(repository["repositoryArn"], "AWS::ECR::Repository", _texts(policy.get("policyText")))


async def _file_systems(reader: Reader) -> AsyncIterator[Resource]:
    async for system in reader.pages("efs", "DescribeFileSystems", "FileSystems", "Marker", "NextMarker"):
        policy = await reader.read("efs", "DescribeFileSystemPolicy", FileSystemId=system["FileSystemId"])
        yield Resource(system["FileSystemArn"], "AWS::EFS::FileSystem", _texts(policy.get("Policy")))


_SOURCES: dict[str, Callable[[Reader], AsyncIterator[Resource]]] = {
    "dynamodb": _tables,
    "ecr": _repositories,
    "efs": _file_systems,
    "iam": _roles,
    "kms": _keys,
    "lambda": _functions,
    "s3": _buckets,
    "secretsmanager": _secrets,
    "sns": _topics,
    "sqs": _queues,
}


async def resources(reader: Reader) -> list[Resource]:
    """All resources of the reader's account that can be shared, of its region or of none."""
    return [resource for name, source in _SOURCES.items() if reader.has(name) async for resource in source(reader)]

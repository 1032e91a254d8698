"""AWS::S3::Bucket.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html. How the documents of templates differ
from those of the API is in `template_documents.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar, NamedTuple

from fogbank.kernel import AWSError, Context
from fogbank.kernel.resource_types import Naming, Properties, ResourceType, tag_changes
from fogbank.services.s3 import errors
from fogbank.services.s3.service import service
from fogbank.services.s3.templates import template_documents as documents
from fogbank.services.s3.templates.template_documents import Document, inverse, renamed

_FIRST_REGION = "us-east-1"
# Regions older than 2014: a dash precedes them in the names of websites.
# https://docs.aws.amazon.com/general/latest/gr/s3.html#s3_website_region_endpoints
_DASHED = frozenset(
    {
        *("us-east-1", "us-west-1", "us-west-2", "us-gov-west-1", "sa-east-1", "eu-west-1"),
        *("ap-northeast-1", "ap-southeast-1", "ap-southeast-2"),
    }
)

Form = Callable[[Document], Document]


_same: Form = partial(renamed, names={})


class _Part(NamedTuple):
    """A property that is a configuration, and the operations on it.

    noun     what follows Put, Get and Delete in their names
    member   that of the request of Put
    wrapped  the answer of Get has the configuration in a member of the same name
    absent   what Get raises where there is none
    none     the configuration that stands for none, where there is no Delete
    """

    name: str
    noun: str
    member: str
    to_api: Form = _same
    from_api: Form = _same
    wrapped: bool = False
    absent: str = ""
    none: Document | None = None


def _named(names: documents.Names) -> tuple[Form, Form]:
    return partial(renamed, names=names), partial(renamed, names=inverse(names))


_SUSPENDED = {"Status": "Suspended"}

# In the order in which they are set: versions come before what needs them.
_PARTS = (
    _Part("VersioningConfiguration", "BucketVersioning", "VersioningConfiguration", none=_SUSPENDED),
    _Part(
        "OwnershipControls",
        "BucketOwnershipControls",
        "OwnershipControls",
        wrapped=True,
        absent="OwnershipControlsNotFoundError",
    ),
    _Part(
        "PublicAccessBlockConfiguration",
        "PublicAccessBlock",
        "PublicAccessBlockConfiguration",
        wrapped=True,
        absent="NoSuchPublicAccessBlockConfiguration",
    ),
    _Part(
        "BucketEncryption",
        "BucketEncryption",
        "ServerSideEncryptionConfiguration",
        *_named(documents.ENCRYPTION),
        wrapped=True,
    ),
    _Part(
        "ObjectLockConfiguration",
        "ObjectLockConfiguration",
        "ObjectLockConfiguration",
        wrapped=True,
        absent="ObjectLockConfigurationNotFoundError",
        none={"ObjectLockEnabled": "Enabled"},
    ),
    _Part(
        "CorsConfiguration",
        "BucketCors",
        "CORSConfiguration",
        *_named(documents.CORS),
        absent="NoSuchCORSConfiguration",
    ),
    _Part(
        "WebsiteConfiguration",
        "BucketWebsite",
        "WebsiteConfiguration",
        documents.website_to_api,
        documents.website_from_api,
        absent="NoSuchWebsiteConfiguration",
    ),
    _Part(
        "LoggingConfiguration",
        "BucketLogging",
        "BucketLoggingStatus",
        documents.logging_to_api,
        documents.logging_from_api,
        none={},
    ),
    _Part(
        "AccelerateConfiguration",
        "BucketAccelerateConfiguration",
        "AccelerateConfiguration",
        *_named(documents.ACCELERATION),
        none=_SUSPENDED,
    ),
    _Part(
        "NotificationConfiguration",
        "BucketNotificationConfiguration",
        "NotificationConfiguration",
        documents.notification_to_api,
        documents.notification_from_api,
        none={},
    ),
    _Part(
        "ReplicationConfiguration",
        "BucketReplication",
        "ReplicationConfiguration",
        *_named(documents.REPLICATION),
        wrapped=True,
        absent="ReplicationConfigurationNotFoundError",
    ),
)


class _Many(NamedTuple):
    """A property that is a list of configurations, each with its Id."""

    name: str
    noun: str
    to_api: Form = documents.filtered_to_api
    from_api: Form = documents.filtered_from_api


_LISTS = (
    _Many("AnalyticsConfigurations", "Analytics", documents.analytics_to_api, documents.analytics_from_api),
    _Many("IntelligentTieringConfigurations", "IntelligentTiering"),
    _Many("InventoryConfigurations", "Inventory", documents.inventory_to_api, documents.inventory_from_api),
    _Many("MetricsConfigurations", "Metrics"),
)
_LIFECYCLE = "LifecycleConfiguration"
_ABAC, _OFF = "AbacStatus", "Disabled"
# By property: what the operations on it have in their names.
_METADATA = {
    "MetadataConfiguration": "BucketMetadataConfiguration",
    "MetadataTableConfiguration": "BucketMetadataTableConfiguration",
}


@service.resource_type
class BucketType(ResourceType):
    """A bucket. Without a BucketName it gets one of its own."""

    name = "AWS::S3::Bucket"
    identifier = ("BucketName",)
    naming: ClassVar[Naming | None] = Naming("BucketName", 63, lower=True)
    create_only = frozenset({"BucketName"})
    read_only = frozenset({"Arn", "DomainName", "DualStackDomainName", "RegionalDomainName", "WebsiteURL"})
    write_only = frozenset({"AccessControl"})
    missing = frozenset({"NoSuchBucket"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = properties.get("BucketName") or f"bucket-{ctx.ids.hex(20)}"
        await self._check_free(ctx, name)
        request: Properties = {"Bucket": name}
        if ctx.region != _FIRST_REGION:
            request["CreateBucketConfiguration"] = {"LocationConstraint": ctx.region}
        if properties.get("ObjectLockEnabled"):
            request["ObjectLockEnabledForBucket"] = True
        await self.call(ctx, "CreateBucket", request)
        await self._arrange(ctx, name, {}, properties)
        return str(name)

    async def _check_free(self, ctx: Context, name: str) -> None:
        """In us-east-1 CreateBucket itself lets owners create their buckets again."""
        try:
            await self.call(ctx, "HeadBucket", {"Bucket": name})
        except AWSError as error:
            if self.is_missing(error):
                return
        raise errors.bucket_already_exists(name)

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self._arrange(ctx, identifier, before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteBucket", {"Bucket": identifier})

    # -- setting

    async def _arrange(self, ctx: Context, name: str, before: Properties, after: Properties) -> None:
        """Make of a bucket that is as `before` one that is as `after`."""
        for part in _PARTS:
            if (before.get(part.name) or None) != (after.get(part.name) or None):
                await self._set(ctx, name, part, after.get(part.name))
        if before.get("AccessControl", "Private") != after.get("AccessControl", "Private"):
            await self.call(
                ctx, "PutBucketAcl", {"Bucket": name, "ACL": _canned(after.get("AccessControl", "Private"))}
            )
        if before.get(_LIFECYCLE) != after.get(_LIFECYCLE):
            await self._set_lifecycle(ctx, name, after.get(_LIFECYCLE))
        for many in _LISTS:
            await self._set_many(ctx, name, many, before.get(many.name) or [], after.get(many.name) or [])
        if (before.get("Tags") or []) != (after.get("Tags") or []):
            await self._tag(ctx, name, before, after)
        for member in _METADATA:
            await self._set_metadata(ctx, name, member, before.get(member), after.get(member))
        if before.get(_ABAC, _OFF) != after.get(_ABAC, _OFF):
            await self.call(ctx, "PutBucketAbac", {"Bucket": name, _ABAC: {"Status": after.get(_ABAC, _OFF)}})

    async def _set(self, ctx: Context, name: str, part: _Part, wanted: Document | None) -> None:
        if not wanted and part.none is None:
            await self.call(ctx, f"Delete{part.noun}", {"Bucket": name})
            return
        document = part.to_api(_defaults(name, part, wanted)) if wanted else part.none
        await self.call(ctx, f"Put{part.noun}", {"Bucket": name, part.member: document})

    async def _set_metadata(
        self, ctx: Context, name: str, member: str, before: Document | None, after: Document | None
    ) -> None:
        """Metadata configurations are made and deleted; the tables of the second version are changed in place."""
        if before and after and member == "MetadataConfiguration":
            for table in documents.changed_tables(before, after):
                request = {"Bucket": name, f"{table}Configuration": documents.changeable(after, table)}
                await self.call(ctx, f"UpdateBucketMetadata{table}Configuration", request)
            return
        if before and before != after:
            await self.call(ctx, f"Delete{_METADATA[member]}", {"Bucket": name})
        if after and before != after:
            wanted = documents.metadata_to_api(after)
            await self.call(ctx, f"Create{_METADATA[member]}", {"Bucket": name, member: wanted})

    async def _set_lifecycle(self, ctx: Context, name: str, wanted: Document | None) -> None:
        if not wanted:
            await self.call(ctx, "DeleteBucketLifecycle", {"Bucket": name})
            return
        request = {
            "Bucket": name,
            _LIFECYCLE: documents.lifecycle_to_api(wanted),
            documents.MINIMUM: wanted.get(documents.MINIMUM),
        }
        await self.call(ctx, "PutBucketLifecycleConfiguration", request)

    async def _set_many(
        self, ctx: Context, name: str, many: _Many, before: list[Document], after: list[Document]
    ) -> None:
        member = f"{many.noun}Configuration"
        for document in after:
            if document not in before:
                request = {"Bucket": name, "Id": document["Id"], member: many.to_api(document)}
                await self.call(ctx, f"PutBucket{member}", request)
        for gone in {document["Id"] for document in before} - {document["Id"] for document in after}:
            await self.call(ctx, f"DeleteBucket{member}", {"Bucket": name, "Id": gone})

    async def _tag(self, ctx: Context, name: str, before: Properties, after: Properties) -> None:
        tags, removed = tag_changes(before, after)
        about = {"AccountId": ctx.account, "ResourceArn": self.arn(ctx, name)}
        if tags:
            listed = [{"Key": key, "Value": value} for key, value in tags.items()]
            await self.call(ctx, "TagResource", {**about, "Tags": listed}, service="s3control")
        if removed:
            await self.call(ctx, "UntagResource", {**about, "TagKeys": removed}, service="s3control")

    def arn(self, ctx: Context, name: str) -> str:
        return f"arn:{ctx.partition}:s3:::{name}"

    # -- reading

    async def read(self, ctx: Context, identifier: str) -> Properties:
        about = await self.call(ctx, "HeadBucket", {"Bucket": identifier})
        properties = _names(identifier, about["BucketRegion"], ctx.partition)
        properties |= await self.configured(ctx, identifier, *(part.name for part in _PARTS))
        properties |= await self.lifecycle(ctx, identifier)
        for many in _LISTS:
            found = await self._all_of(ctx, identifier, f"{many.noun}Configuration")
            if found:
                properties[many.name] = [many.from_api(document) for document in found]
        answer = await self._get(ctx, identifier, "GetBucketMetadataConfiguration", "MetadataConfigurationNotFound")
        properties |= documents.metadata_from_api(answer)
        tags = (await self._get(ctx, identifier, "GetBucketTagging", "NoSuchTagSet")).get("TagSet")
        abac = await self.call(ctx, "GetBucketAbac", {"Bucket": identifier})
        properties[_ABAC] = abac[_ABAC]["Status"]
        return properties | ({"Tags": tags} if tags else {}) | _locked(properties)

    async def configured(self, ctx: Context, name: str, *wanted: str) -> Properties:
        """Those of the configurations that there are."""
        found: Properties = {}
        for part in _PARTS:
            if part.name in wanted:
                answer = await self._get(ctx, name, f"Get{part.noun}", part.absent)
                document = part.from_api(answer.get(part.member) or {} if part.wrapped else answer)
                found |= {part.name: document} if document else {}
        return found

    async def lifecycle(self, ctx: Context, name: str) -> Properties:
        answer = await self._get(ctx, name, "GetBucketLifecycleConfiguration", "NoSuchLifecycleConfiguration")
        return {_LIFECYCLE: documents.lifecycle_from_api(answer)} if answer else {}

    async def _get(self, ctx: Context, name: str, operation: str, absent: str) -> Document:
        """The answer of a Get, without what is None; empty where there is no configuration."""
        try:
            return _same(await self.call(ctx, operation, {"Bucket": name}))
        except AWSError as error:
            if error.code == absent:
                return {}
            raise

    async def _all_of(self, ctx: Context, name: str, member: str) -> list[Document]:
        found: list[Document] = []
        token: str | None = None
        while True:
            page = await self.call(ctx, f"ListBucket{member}s", {"Bucket": name, "ContinuationToken": token})
            found += page.get(f"{member}List") or []
            token = page.get("NextContinuationToken")
            if token is None:
                return found

    # -- listing

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        found: list[str] = []
        token: str | None = None
        while True:
            page = await self.call(
                ctx, "ListBuckets", {"BucketRegion": ctx.region, "MaxBuckets": 1000, "ContinuationToken": token}
            )
            found += [bucket["Name"] for bucket in page["Buckets"]]
            token = page.get("ContinuationToken")
            if token is None:
                return found


def _defaults(name: str, part: _Part, wanted: Document) -> Document:
    """Logs go to the bucket itself unless a template says another one."""
    return {"DestinationBucketName": name, **wanted} if part.name == "LoggingConfiguration" else wanted


def _canned(name: str) -> str:
    """`LogDeliveryWrite` is `log-delivery-write` in the API."""
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name)[1:]


def _names(name: str, region: str, partition: str) -> Properties:
    """What the service decides about a bucket."""
    suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
    separator = "-" if region in _DASHED else "."
    return {
        "BucketName": name,
        "Arn": f"arn:{partition}:s3:::{name}",
        "DomainName": f"{name}.s3.{suffix}",
        "DualStackDomainName": f"{name}.s3.dualstack.{region}.{suffix}",
        "RegionalDomainName": f"{name}.s3.{region}.{suffix}",
        "WebsiteURL": f"http://{name}.s3-website{separator}{region}.{suffix}",
    }


def _locked(properties: Properties) -> Properties:
    return {"ObjectLockEnabled": True} if "ObjectLockConfiguration" in properties else {}

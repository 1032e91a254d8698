"""AWS::CertificateManager::*. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_CertificateManager.html"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import AWSError, Context
from fogbank.kernel.resource_types import Properties, ResourceType, pick, tag_changes
from fogbank.services.acm.service import service

_RECORD_SECONDS = 300


@service.resource_type
class CertificateType(ResourceType):
    """A requested certificate, ready when it is issued. Where a domain has a HostedZoneId, its record is put there."""

    name = "AWS::CertificateManager::Certificate"
    identifier = ("Id",)
    required = frozenset({"DomainName"})
    create_only = frozenset(
        {
            "CertificateAuthorityArn",
            "CertificateExport",
            "DomainName",
            "DomainValidationOptions",
            "KeyAlgorithm",
            "SubjectAlternativeNames",
            "ValidationMethod",
        }
    )
    read_only = frozenset({"Id"})
    write_only = frozenset({"DomainValidationOptions"})
    missing = frozenset({"ResourceNotFoundException"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        domains = properties.get("DomainValidationOptions") or []
        options = {
            "CertificateTransparencyLoggingPreference": properties.get("CertificateTransparencyLoggingPreference"),
            "Export": properties.get("CertificateExport"),
        }
        given = {name: value for name, value in options.items() if value is not None}
        by_mail = [pick(one, "DomainName", "ValidationDomain") for one in domains if "ValidationDomain" in one]
        request = {
            **pick(properties, "DomainName", "SubjectAlternativeNames", "ValidationMethod", "KeyAlgorithm", "Tags"),
            **pick(properties, "CertificateAuthorityArn"),
            "DomainValidationOptions": by_mail or None,
            "Options": given or None,
        }
        arn = str((await self.call(ctx, "RequestCertificate", request))["CertificateArn"])
        zones = {one["DomainName"]: one["HostedZoneId"] for one in domains if "HostedZoneId" in one}
        if zones:
            await self._put_records(ctx, arn, zones)
        return arn

    async def _put_records(self, ctx: Context, arn: str, zones: dict[str, str]) -> None:
        for option in (await self._describe(ctx, arn)).get("DomainValidationOptions") or ():
            zone, record = zones.get(option["DomainName"]), option.get("ResourceRecord")
            if zone is None or record is None:
                continue
            values = [{"Value": record["Value"]}]
            put = {"Name": record["Name"], "Type": "CNAME", "TTL": _RECORD_SECONDS, "ResourceRecords": values}
            batch = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": put}]}
            request = {"HostedZoneId": zone, "ChangeBatch": batch}
            await self.call(ctx, "ChangeResourceRecordSets", request, "route53")

    async def _describe(self, ctx: Context, identifier: str) -> dict[str, Any]:
        answer = await self.call(ctx, "DescribeCertificate", {"CertificateArn": identifier})
        return answer["Certificate"]

    async def is_ready(self, ctx: Context, identifier: str) -> bool:
        found = await self._describe(ctx, identifier)
        if found["Status"] in ("FAILED", "VALIDATION_TIMED_OUT"):
            raise AWSError("InvalidRequest", f"The certificate was not issued: {found['Status']}.")
        return found["Status"] != "PENDING_VALIDATION"

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self._describe(ctx, identifier)
        properties: Properties = {"Id": identifier, **pick(found, "DomainName", "CertificateAuthorityArn")}
        properties["KeyAlgorithm"] = found["KeyAlgorithm"].replace("RSA-", "RSA_")
        others = [name for name in found.get("SubjectAlternativeNames") or () if name != found.get("DomainName")]
        if others:
            properties["SubjectAlternativeNames"] = others
        for option in (found.get("DomainValidationOptions") or ())[:1]:
            properties["ValidationMethod"] = option["ValidationMethod"]
        options = found["Options"]
        properties["CertificateExport"] = options["Export"]
        properties["CertificateTransparencyLoggingPreference"] = options["CertificateTransparencyLoggingPreference"]
        tags = (await self.call(ctx, "ListTagsForCertificate", {"CertificateArn": identifier}))["Tags"]
        return {**properties, "Tags": tags} if tags else properties

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        name = "CertificateTransparencyLoggingPreference"
        if before.get(name) != after.get(name):
            options = {name: after.get(name, "ENABLED")}
            await self.call(ctx, "UpdateCertificateOptions", {"CertificateArn": identifier, "Options": options})
        tags, removed = tag_changes(before, after)
        if removed:
            gone = [{"Key": key} for key in removed]
            await self.call(ctx, "RemoveTagsFromCertificate", {"CertificateArn": identifier, "Tags": gone})
        if tags:
            added = [{"Key": key, "Value": value} for key, value in tags.items()]
            await self.call(ctx, "AddTagsToCertificate", {"CertificateArn": identifier, "Tags": added})

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteCertificate", {"CertificateArn": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [result["CertificateArn"] for result in await self.listed(ctx, "SearchCertificates", "Results")]


@service.resource_type
class AccountType(ResourceType):
    """The account's configuration. Deleting it leaves things as they are."""

    name = "AWS::CertificateManager::Account"
    identifier = ("AccountId",)
    required = frozenset({"ExpiryEventsConfiguration"})
    read_only = frozenset({"AccountId"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        await self._put(ctx, properties)
        return ctx.account

    async def _put(self, ctx: Context, properties: Properties) -> None:
        expiry = properties.get("ExpiryEventsConfiguration")
        await self.call(ctx, "PutAccountConfiguration", {"ExpiryEvents": expiry, "IdempotencyToken": ctx.ids.hex(32)})

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "GetAccountConfiguration", {})
        return {"AccountId": identifier, "ExpiryEventsConfiguration": found["ExpiryEvents"]}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self._put(ctx, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        """An account always has a configuration."""

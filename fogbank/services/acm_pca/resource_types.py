"""AWS::ACMPCA::*. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ACMPCA.html"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import AWSError, Context
from fogbank.kernel.resource_types import Properties, ResourceType, pick, tag_changes
from fogbank.services.acm_pca.service import service

_MISSING = frozenset({"ResourceNotFoundException"})
_ACTIVATION = "CertificateAuthorityArn"


class _OfAuthority(ResourceType):
    missing = _MISSING

    async def _describe(self, ctx: Context, arn: str) -> dict[str, Any]:
        """The authority; one that was deleted is not there."""
        answer = await self.call(ctx, "DescribeCertificateAuthority", {"CertificateAuthorityArn": arn})
        found: dict[str, Any] = answer["CertificateAuthority"]
        if found["Status"] == "DELETED":
            raise AWSError("ResourceNotFoundException", f"Could not find Certificate Authority with ID: {arn}")
        return found


@service.resource_type
class AuthorityType(_OfAuthority):
    """An authority, ready when it has its signing request."""

    name = "AWS::ACMPCA::CertificateAuthority"
    identifier = ("Arn",)
    required = frozenset({"KeyAlgorithm", "SigningAlgorithm", "Subject", "Type"})
    create_only = frozenset(
        {
            "CsrExtensions",
            "KeyAlgorithm",
            "KeyStorageSecurityStandard",
            "SigningAlgorithm",
            "Subject",
            "Type",
            "UsageMode",
        }
    )
    read_only = frozenset({"Arn", "CertificateSigningRequest"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        configuration = pick(properties, "KeyAlgorithm", "SigningAlgorithm", "Subject", "CsrExtensions")
        request = {
            "CertificateAuthorityConfiguration": configuration,
            "CertificateAuthorityType": properties["Type"],
            **pick(properties, "RevocationConfiguration", "KeyStorageSecurityStandard", "UsageMode", "Tags"),
        }
        return str((await self.call(ctx, "CreateCertificateAuthority", request))["CertificateAuthorityArn"])

    async def is_ready(self, ctx: Context, identifier: str) -> bool:
        return (await self._describe(ctx, identifier))["Status"] != "CREATING"

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self._describe(ctx, identifier)
        on = {"CertificateAuthorityArn": identifier}
        properties = {
            **found["CertificateAuthorityConfiguration"],
            **pick(found, "Arn", "Type", "RevocationConfiguration", "KeyStorageSecurityStandard", "UsageMode"),
            "CertificateSigningRequest": (await self.call(ctx, "GetCertificateAuthorityCsr", on))["Csr"],
        }
        tags = (await self.call(ctx, "ListTags", on))["Tags"]
        return {**properties, "Tags": tags} if tags else properties

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        on = {"CertificateAuthorityArn": identifier}
        if before.get("RevocationConfiguration") != after.get("RevocationConfiguration"):
            revocation = after.get("RevocationConfiguration") or {"CrlConfiguration": {"Enabled": False}}
            await self.call(ctx, "UpdateCertificateAuthority", {**on, "RevocationConfiguration": revocation})
        tags, removed = tag_changes(before, after)
        if removed:
            await self.call(ctx, "UntagCertificateAuthority", {**on, "Tags": [{"Key": key} for key in removed]})
        if tags:
            added = [{"Key": key, "Value": value} for key, value in tags.items()]
            await self.call(ctx, "TagCertificateAuthority", {**on, "Tags": added})

    async def delete(self, ctx: Context, identifier: str) -> None:
        on = {"CertificateAuthorityArn": identifier}
        if (await self._describe(ctx, identifier))["Status"] == "ACTIVE":
            await self.call(ctx, "UpdateCertificateAuthority", {**on, "Status": "DISABLED"})
        await self.call(ctx, "DeleteCertificateAuthority", on)

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        found = await self.listed(ctx, "ListCertificateAuthorities", "CertificateAuthorities")
        return [one["Arn"] for one in found if one["Status"] != "DELETED"]


@service.resource_type
class CertificateType(ResourceType):
    """An issued certificate. It stays issued when the resource goes."""

    name = "AWS::ACMPCA::Certificate"
    identifier = ("Arn", "CertificateAuthorityArn")
    required = frozenset({"CertificateAuthorityArn", "CertificateSigningRequest", "SigningAlgorithm", "Validity"})
    create_only = required | {"ApiPassthrough", "TemplateArn", "ValidityNotBefore"}
    read_only = frozenset({"Arn", "Certificate"})
    write_only = create_only - {"CertificateAuthorityArn"}
    missing = _MISSING

    async def create(self, ctx: Context, properties: Properties) -> str:
        request = {
            **pick(properties, "CertificateAuthorityArn", "SigningAlgorithm", "Validity", "ValidityNotBefore"),
            **pick(properties, "TemplateArn", "ApiPassthrough"),
            "Csr": properties["CertificateSigningRequest"].encode(),
        }
        made = await self.call(ctx, "IssueCertificate", request)
        return f"{made['CertificateArn']}|{properties['CertificateAuthorityArn']}"

    async def read(self, ctx: Context, identifier: str) -> Properties:
        arn, authority = identifier.split("|")
        request = {"CertificateArn": arn, "CertificateAuthorityArn": authority}
        found = await self.call(ctx, "GetCertificate", request)
        return {"Arn": arn, "CertificateAuthorityArn": authority, "Certificate": found["Certificate"]}

    async def delete(self, ctx: Context, identifier: str) -> None:
        """There is nothing to undo: CloudFormation does not revoke."""


@service.resource_type
class ActivationType(_OfAuthority):
    """An authority's own certificate, which makes it active. Without it the authority is disabled."""

    name = "AWS::ACMPCA::CertificateAuthorityActivation"
    identifier = ("CertificateAuthorityArn",)
    required = frozenset({"Certificate", "CertificateAuthorityArn"})
    create_only = frozenset({"CertificateAuthorityArn"})
    read_only = frozenset({"CompleteCertificateChain"})
    write_only = frozenset({"Certificate", "CertificateChain"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        await self._install(ctx, properties)
        await self._set(ctx, properties[_ACTIVATION], properties.get("Status"))
        return str(properties[_ACTIVATION])

    async def _install(self, ctx: Context, properties: Properties) -> None:
        chain = properties.get("CertificateChain")
        request = {
            "CertificateAuthorityArn": properties[_ACTIVATION],
            "Certificate": properties["Certificate"].encode(),
            "CertificateChain": chain.encode() if chain else None,
        }
        await self.call(ctx, "ImportCertificateAuthorityCertificate", request)

    async def _set(self, ctx: Context, authority: str, status: str | None) -> None:
        if status is not None and (await self._describe(ctx, authority))["Status"] != status:
            request = {"CertificateAuthorityArn": authority, "Status": status}
            await self.call(ctx, "UpdateCertificateAuthority", request)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        status = (await self._describe(ctx, identifier))["Status"]
        on = {"CertificateAuthorityArn": identifier}
        if status == "DISABLED":
            raise AWSError("ResourceNotFoundException", "The certificate authority is not active.")
        found = await self.call(ctx, "GetCertificateAuthorityCertificate", on)
        chain = found["Certificate"] + (found.get("CertificateChain") or "")
        return {**on, "Status": status, "CompleteCertificateChain": chain}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        if any(after.get(name) not in (None, before.get(name)) for name in self.write_only):
            await self._install(ctx, after)
        await self._set(ctx, identifier, after.get("Status"))

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self._set(ctx, identifier, "DISABLED")


@service.resource_type
class PermissionType(_OfAuthority):
    """What ACM may do with an authority."""

    name = "AWS::ACMPCA::Permission"
    identifier = ("CertificateAuthorityArn", "Principal")
    required = frozenset({"Actions", "CertificateAuthorityArn", "Principal"})
    create_only = required | {"SourceAccount"}

    async def create(self, ctx: Context, properties: Properties) -> str:
        request = pick(properties, "Actions", "CertificateAuthorityArn", "Principal", "SourceAccount")
        await self.call(ctx, "CreatePermission", request)
        return self.identifier_of(properties)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        authority, principal = identifier.split("|")
        answer = await self.call(ctx, "ListPermissions", {"CertificateAuthorityArn": authority})
        found = [one for one in answer["Permissions"] if one["Principal"] == principal]
        if not found:
            raise AWSError("ResourceNotFoundException", f"Could not find a permission of {principal}.")
        return pick(found[0], "Actions", "CertificateAuthorityArn", "Principal", "SourceAccount")

    async def delete(self, ctx: Context, identifier: str) -> None:
        authority, principal = identifier.split("|")
        request = {"CertificateAuthorityArn": authority, "Principal": principal}
        await self.call(ctx, "DeletePermission", request)

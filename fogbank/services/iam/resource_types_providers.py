"""AWS::IAM::OIDCProvider, SAMLProvider, ServerCertificate, ServiceLinkedRole.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_IAM.html
"""

from __future__ import annotations

from fogbank.kernel import Context
from fogbank.kernel.resource_types import Properties, pick
from fogbank.services.iam.resource_types import IamType, added, set_tags
from fogbank.services.iam.role import SERVICE_LINKED_PATH
from fogbank.services.iam.service import service


@service.resource_type
class OidcProviderType(IamType):
    name = "AWS::IAM::OIDCProvider"
    identifier = ("Arn",)
    create_only = frozenset({"Url"})
    read_only = frozenset({"Arn"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        given = {
            **pick(properties, "Url", "ThumbprintList", "Tags"),
            "ClientIDList": properties.get("ClientIdList"),
        }
        return str((await self.call(ctx, "CreateOpenIDConnectProvider", given))["OpenIDConnectProviderArn"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "GetOpenIDConnectProvider", {"OpenIDConnectProviderArn": identifier})
        shown = {
            "Arn": identifier,
            "Url": f"https://{found['Url'].removeprefix('https://')}",
            "ClientIdList": found.get("ClientIDList") or None,
            "ThumbprintList": found.get("ThumbprintList") or None,
            "Tags": found.get("Tags") or None,
        }
        return pick(shown, *shown)

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        subject = {"OpenIDConnectProviderArn": identifier}
        old, new = before.get("ClientIdList"), after.get("ClientIdList")
        for client in added(new, old):
            await self.call(ctx, "RemoveClientIDFromOpenIDConnectProvider", {**subject, "ClientID": client})
        for client in added(old, new):
            await self.call(ctx, "AddClientIDToOpenIDConnectProvider", {**subject, "ClientID": client})
        thumbprints = after.get("ThumbprintList")
        if thumbprints and thumbprints != before.get("ThumbprintList"):
            given = {**subject, "ThumbprintList": thumbprints}
            await self.call(ctx, "UpdateOpenIDConnectProviderThumbprint", given)
        await set_tags(self, ctx, "OpenIDConnectProvider", subject, before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteOpenIDConnectProvider", {"OpenIDConnectProviderArn": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        found = await self.call(ctx, "ListOpenIDConnectProviders", {})
        return [provider["Arn"] for provider in found["OpenIDConnectProviderList"]]


@service.resource_type
class SamlProviderType(IamType):
    name = "AWS::IAM::SAMLProvider"
    identifier = ("Arn",)
    required = frozenset({"SamlMetadataDocument"})
    create_only = frozenset({"Name"})
    read_only = frozenset({"Arn", "SamlProviderUUID"})
    write_only = frozenset({"AddPrivateKey", "RemovePrivateKey"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        given = {
            **pick(properties, "Tags", "AssertionEncryptionMode", "AddPrivateKey"),
            "Name": properties.get("Name") or f"SAMLProvider-{ctx.ids.hex(12)}",
            "SAMLMetadataDocument": properties["SamlMetadataDocument"],
        }
        return str((await self.call(ctx, "CreateSAMLProvider", given))["SAMLProviderArn"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "GetSAMLProvider", {"SAMLProviderArn": identifier})
        shown = {
            "Arn": identifier,
            "Name": identifier.rpartition("/")[2],
            "SamlMetadataDocument": found["SAMLMetadataDocument"],
            "SamlProviderUUID": found["SAMLProviderUUID"],
            "Tags": found.get("Tags") or None,
            **pick(found, "AssertionEncryptionMode"),
        }
        return pick(shown, *shown)

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        subject = {"SAMLProviderArn": identifier}
        names = {"SamlMetadataDocument": "SAMLMetadataDocument", "AssertionEncryptionMode": "AssertionEncryptionMode"}
        given = {
            member: after[name]
            for name, member in names.items()
            if after.get(name) is not None and after[name] != before.get(name)
        }
        given |= pick(after, *self.write_only)
        if given:
            await self.call(ctx, "UpdateSAMLProvider", {**subject, **given})
        await set_tags(self, ctx, "SAMLProvider", subject, before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteSAMLProvider", {"SAMLProviderArn": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [provider["Arn"] for provider in (await self.call(ctx, "ListSAMLProviders", {}))["SAMLProviderList"]]


@service.resource_type
class ServerCertificateType(IamType):
    name = "AWS::IAM::ServerCertificate"
    identifier = ("ServerCertificateName",)
    create_only = frozenset({"CertificateBody", "CertificateChain", "PrivateKey", "ServerCertificateName"})
    read_only = frozenset({"Arn"})
    write_only = frozenset({"CertificateBody", "CertificateChain", "PrivateKey"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = properties.get("ServerCertificateName") or f"ServerCertificate-{ctx.ids.hex(12)}"
        given = pick(properties, "Path", "Tags", *self.write_only)
        await self.call(ctx, "UploadServerCertificate", {**given, "ServerCertificateName": name})
        return str(name)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        answer = await self.call(ctx, "GetServerCertificate", {"ServerCertificateName": identifier})
        certificate = answer["ServerCertificate"]
        shown = pick(certificate["ServerCertificateMetadata"], "ServerCertificateName", "Path", "Arn")
        tags = certificate.get("Tags")
        return {**shown, **({"Tags": tags} if tags else {})}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        subject = {"ServerCertificateName": identifier}
        path = after.get("Path", "/")
        if path != before.get("Path", "/"):
            await self.call(ctx, "UpdateServerCertificate", {**subject, "NewPath": path})
        await set_tags(self, ctx, "ServerCertificate", subject, before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteServerCertificate", {"ServerCertificateName": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        found = await self.all(ctx, "ListServerCertificates", "ServerCertificateMetadataList")
        return [certificate["ServerCertificateName"] for certificate in found]


@service.resource_type
class ServiceLinkedRoleType(IamType):
    name = "AWS::IAM::ServiceLinkedRole"
    identifier = ("RoleName",)
    required = frozenset({"AWSServiceName"})
    create_only = frozenset({"AWSServiceName", "CustomSuffix"})
    read_only = frozenset({"RoleName"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        given = pick(properties, "AWSServiceName", "CustomSuffix", "Description")
        return str((await self.call(ctx, "CreateServiceLinkedRole", given))["Role"]["RoleName"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        role = (await self.call(ctx, "GetRole", {"RoleName": identifier}))["Role"]
        host = role["Path"].removeprefix(SERVICE_LINKED_PATH).strip("/")
        return {**pick(role, "RoleName", "Description"), "AWSServiceName": host}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        given = {"RoleName": identifier, "Description": after.get("Description", "")}
        await self.call(ctx, "UpdateRoleDescription", given)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteServiceLinkedRole", {"RoleName": identifier})

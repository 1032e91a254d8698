"""AWS::SES::*. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_SES.html"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.kernel.resource_types import Naming, Properties, ResourceType, pick, tag_changes
from fogbank.services.ses.service import service
from fogbank.services.ses.shared import shout, title

_V2 = "sesv2"
_MISSING = frozenset({"NotFoundException"})


async def _retag(kind: ResourceType, ctx: Context, arn: str, before: Properties, after: Properties) -> None:
    added, removed = tag_changes(before, after)
    if removed:
        await kind.call(ctx, "UntagResource", {"ResourceArn": arn, "TagKeys": removed}, _V2)
    if added:
        tags = [{"Key": key, "Value": value} for key, value in added.items()]
        await kind.call(ctx, "TagResource", {"ResourceArn": arn, "Tags": tags}, _V2)


def _arn(ctx: Context, kind: str, name: str) -> str:
    return f"arn:{ctx.partition}:ses:{ctx.region}:{ctx.account}:{kind}/{name}"


async def _all(kind: ResourceType, ctx: Context, operation: str, member: str) -> list[Any]:
    found: list[Any] = []
    token: str | None = None
    while True:
        page = await kind.call(ctx, operation, {"NextToken": token}, _V2)
        found += page[member]
        token = page.get("NextToken")
        if token is None:
            return found


@service.resource_type
class EmailIdentityType(ResourceType):
    """A domain or an address. It is there before it is verified."""

    name = "AWS::SES::EmailIdentity"
    identifier = ("EmailIdentity",)
    required = frozenset({"EmailIdentity"})
    create_only = frozenset({"EmailIdentity"})
    read_only = frozenset(f"DkimDNSToken{part}{nth}" for part in ("Name", "Value") for nth in (1, 2, 3))
    write_only = frozenset({"DkimSigningAttributes"})
    missing = _MISSING

    async def create(self, ctx: Context, properties: Properties) -> str:
        request = pick(properties, "EmailIdentity", "DkimSigningAttributes", "Tags")
        await self.call(ctx, "CreateEmailIdentity", request, _V2)
        await self._put(ctx, properties["EmailIdentity"], {}, properties)
        return str(properties["EmailIdentity"])

    async def _put(self, ctx: Context, name: str, before: Properties, after: Properties) -> None:
        for member, (operation, needed) in _IDENTITY_PARTS.items():
            if after.get(member) != before.get(member):
                request = {**needed, **(after.get(member) or {}), "EmailIdentity": name}
                await self.call(ctx, operation, request, _V2)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "GetEmailIdentity", {"EmailIdentity": identifier}, _V2)
        properties: Properties = {
            "EmailIdentity": identifier,
            "DkimAttributes": {"SigningEnabled": found["DkimAttributes"]["SigningEnabled"]},
            "FeedbackAttributes": {"EmailForwardingEnabled": found["FeedbackForwardingStatus"]},
        }
        if "MailFromDomain" in found["MailFromAttributes"]:
            properties["MailFromAttributes"] = pick(
                found["MailFromAttributes"], "MailFromDomain", "BehaviorOnMxFailure"
            )
        if set_name := found.get("ConfigurationSetName"):
            properties["ConfigurationSetAttributes"] = {"ConfigurationSetName": set_name}
        if found["DkimAttributes"]["SigningAttributesOrigin"] == "AWS_SES":
            for nth, token in enumerate(found["DkimAttributes"].get("Tokens") or (), 1):
                properties[f"DkimDNSTokenName{nth}"] = f"{token}._domainkey.{identifier}"
                properties[f"DkimDNSTokenValue{nth}"] = f"{token}.dkim.amazonses.com"
        return {**properties, "Tags": found["Tags"]} if found["Tags"] else properties

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self._put(ctx, identifier, before, after)
        await _retag(self, ctx, _arn(ctx, "identity", identifier), before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteEmailIdentity", {"EmailIdentity": identifier}, _V2)

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [each["IdentityName"] for each in await _all(self, ctx, "ListEmailIdentities", "EmailIdentities")]


# the operations that put parts of an identity, and what they take where nothing is said
_IDENTITY_PARTS: dict[str, tuple[str, Properties]] = {
    "ConfigurationSetAttributes": ("PutEmailIdentityConfigurationSetAttributes", {}),
    "DkimAttributes": ("PutEmailIdentityDkimAttributes", {"SigningEnabled": True}),
    "FeedbackAttributes": ("PutEmailIdentityFeedbackAttributes", {"EmailForwardingEnabled": True}),
    "MailFromAttributes": ("PutEmailIdentityMailFromAttributes", {}),
}
_SET_PARTS = {
    "DeliveryOptions": "PutConfigurationSetDeliveryOptions",
    "ReputationOptions": "PutConfigurationSetReputationOptions",
    "SendingOptions": "PutConfigurationSetSendingOptions",
    "SuppressionOptions": "PutConfigurationSetSuppressionOptions",
    "TrackingOptions": "PutConfigurationSetTrackingOptions",
}


@service.resource_type
class ConfigurationSetType(ResourceType):
    """Without a name it gets one of its own."""

    name = "AWS::SES::ConfigurationSet"
    identifier = ("Name",)
    naming = Naming("Name", 64)
    create_only = frozenset({"Name"})
    missing = _MISSING

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = properties.get("Name") or f"set-{ctx.ids.hex(12)}"
        request = pick(properties, *_SET_PARTS, "VdmOptions", "Tags")
        await self.call(ctx, "CreateConfigurationSet", {"ConfigurationSetName": name, **request}, _V2)
        return str(name)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "GetConfigurationSet", {"ConfigurationSetName": identifier}, _V2)
        parts = pick(found, *_SET_PARTS, "VdmOptions")
        return {"Name": identifier, **parts, **({"Tags": found["Tags"]} if found["Tags"] else {})}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        for member, operation in _SET_PARTS.items():
            if after.get(member) != before.get(member):
                request = {"ConfigurationSetName": identifier, **(after.get(member) or {})}
                await self.call(ctx, operation, request, _V2)
        await _retag(self, ctx, _arn(ctx, "configuration-set", identifier), before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteConfigurationSet", {"ConfigurationSetName": identifier}, _V2)

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return await _all(self, ctx, "ListConfigurationSets", "ConfigurationSets")


@service.resource_type
class EventDestinationType(ResourceType):
    """A destination of a configuration set. Its identifier is `set|name`."""

    name = "AWS::SES::ConfigurationSetEventDestination"
    identifier = ("Id",)
    required = frozenset({"ConfigurationSetName", "EventDestination"})
    create_only = frozenset({"ConfigurationSetName"})
    read_only = frozenset({"Id"})
    missing = _MISSING

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = properties["EventDestination"].get("Name") or f"destination-{ctx.ids.hex(12)}"
        identifier = f"{properties['ConfigurationSetName']}|{name}"
        await self._put(ctx, "CreateConfigurationSetEventDestination", identifier, properties)
        return identifier

    async def _put(self, ctx: Context, operation: str, identifier: str, properties: Properties) -> None:
        definition = _definition(properties["EventDestination"])
        await self.call(ctx, operation, {**_named(identifier), "EventDestination": definition}, _V2)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        set_name, _, name = identifier.partition("|")
        request = {"ConfigurationSetName": set_name}
        answer = await self.call(ctx, "GetConfigurationSetEventDestinations", request, _V2)
        for each in answer["EventDestinations"]:
            if each["Name"] == name:
                return {"Id": identifier, "ConfigurationSetName": set_name, "EventDestination": _configured(each)}
        await self.call(ctx, "DeleteConfigurationSetEventDestination", _named(identifier), _V2)  # which refuses
        raise LookupError(identifier)

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self._put(ctx, "UpdateConfigurationSetEventDestination", identifier, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteConfigurationSetEventDestination", _named(identifier), _V2)


def _named(identifier: str) -> Properties:
    set_name, _, name = identifier.partition("|")
    return {"ConfigurationSetName": set_name, "EventDestinationName": name}


def _definition(given: Properties) -> Properties:
    """Templates have v1's names of events and v2's kinds of destinations."""
    made = pick(given, "EventBridgeDestination")
    made["Enabled"] = given.get("Enabled", False)
    made["MatchingEventTypes"] = [shout(each) if not each.isupper() else each for each in given["MatchingEventTypes"]]
    if stream := given.get("KinesisFirehoseDestination"):
        made["KinesisFirehoseDestination"] = {
            "IamRoleArn": stream["IAMRoleARN"],
            "DeliveryStreamArn": stream["DeliveryStreamARN"],
        }
    if topic := given.get("SnsDestination"):
        made["SnsDestination"] = {"TopicArn": topic["TopicARN"]}
    if metrics := given.get("CloudWatchDestination"):
        dimensions = [
            {**each, "DimensionValueSource": shout(each["DimensionValueSource"])}
            for each in metrics.get("DimensionConfigurations") or ()
        ]
        made["CloudWatchDestination"] = {"DimensionConfigurations": dimensions}
    return made


def _configured(each: Properties) -> Properties:
    made = pick(each, "Name", "Enabled", "EventBridgeDestination")
    made["MatchingEventTypes"] = [event[:1].lower() + title(event)[1:] for event in each["MatchingEventTypes"]]
    if stream := each.get("KinesisFirehoseDestination"):
        made["KinesisFirehoseDestination"] = {
            "IAMRoleARN": stream["IamRoleArn"],
            "DeliveryStreamARN": stream["DeliveryStreamArn"],
        }
    if topic := each.get("SnsDestination"):
        made["SnsDestination"] = {"TopicARN": topic["TopicArn"]}
    if metrics := each.get("CloudWatchDestination"):
        made["CloudWatchDestination"] = metrics
    return made


@service.resource_type
class TemplateType(ResourceType):
    """Without a name it gets one of its own."""

    name = "AWS::SES::Template"
    identifier = ("Id",)
    read_only = frozenset({"Id"})
    missing = frozenset({"TemplateDoesNotExistException", "TemplateDoesNotExist"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        given = properties.get("Template") or {}
        name = given.get("TemplateName") or f"template-{ctx.ids.hex(12)}"
        await self.call(ctx, "CreateTemplate", {"Template": {**given, "TemplateName": name}})
        return str(name)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        answer = await self.call(ctx, "GetTemplate", {"TemplateName": identifier})
        return {"Id": identifier, "Template": {name: text for name, text in answer["Template"].items() if text}}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        given = after.get("Template") or {}
        await self.call(ctx, "UpdateTemplate", {"Template": {**given, "TemplateName": identifier}})

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteTemplate", {"TemplateName": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [each["Name"] for each in await self.listed(ctx, "ListTemplates", "TemplatesMetadata")]


@service.resource_type
class ContactListType(ResourceType):
    name = "AWS::SES::ContactList"
    identifier = ("ContactListName",)
    naming = Naming("ContactListName", 64)
    create_only = frozenset({"ContactListName"})
    missing = _MISSING

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = properties.get("ContactListName") or f"list-{ctx.ids.hex(12)}"
        request = {"ContactListName": name, **pick(properties, "Description", "Topics", "Tags")}
        await self.call(ctx, "CreateContactList", request, _V2)
        return str(name)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "GetContactList", {"ContactListName": identifier}, _V2)
        parts = {name: found[name] for name in ("Description", "Topics", "Tags") if found.get(name)}
        return {"ContactListName": identifier, **parts}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        request = {"ContactListName": identifier, **pick(after, "Description", "Topics")}
        await self.call(ctx, "UpdateContactList", request, _V2)
        await _retag(self, ctx, _arn(ctx, "contact-list", identifier), before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteContactList", {"ContactListName": identifier}, _V2)

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [each["ContactListName"] for each in await _all(self, ctx, "ListContactLists", "ContactLists")]


@service.resource_type
class ReceiptRuleSetType(ResourceType):
    name = "AWS::SES::ReceiptRuleSet"
    identifier = ("RuleSetName",)
    naming = Naming("RuleSetName", 64)
    create_only = frozenset({"RuleSetName"})
    missing = frozenset({"RuleSetDoesNotExistException"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = properties.get("RuleSetName") or f"rules-{ctx.ids.hex(12)}"
        await self.call(ctx, "CreateReceiptRuleSet", {"RuleSetName": name})
        return str(name)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        await self.call(ctx, "DescribeReceiptRuleSet", {"RuleSetName": identifier})
        return {"RuleSetName": identifier}

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteReceiptRuleSet", {"RuleSetName": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [each["Name"] for each in await self.listed(ctx, "ListReceiptRuleSets", "RuleSets")]


@service.resource_type
class ReceiptRuleType(ResourceType):
    """A rule of a rule set. Its identifier is `set|name`."""

    name = "AWS::SES::ReceiptRule"
    identifier = ("RuleSetName", "Id")
    required = frozenset({"RuleSetName", "Rule"})
    create_only = frozenset({"RuleSetName"})
    write_only = frozenset({"After"})
    missing = frozenset({"RuleSetDoesNotExistException", "RuleDoesNotExistException"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = properties["Rule"].get("Name") or f"rule-{ctx.ids.hex(12)}"
        rule = {**properties["Rule"], "Name": name}
        request = {**pick(properties, "RuleSetName", "After"), "Rule": rule}
        await self.call(ctx, "CreateReceiptRule", request)
        return f"{properties['RuleSetName']}|{name}"

    async def read(self, ctx: Context, identifier: str) -> Properties:
        set_name, _, name = identifier.partition("|")
        answer = await self.call(ctx, "DescribeReceiptRule", {"RuleSetName": set_name, "RuleName": name})
        return {"RuleSetName": set_name, "Id": name, "Rule": answer["Rule"]}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        set_name, _, name = identifier.partition("|")
        rule = {**after["Rule"], "Name": name}
        await self.call(ctx, "UpdateReceiptRule", {"RuleSetName": set_name, "Rule": rule})
        if after.get("After") != before.get("After"):
            request = {"RuleSetName": set_name, "RuleName": name, **pick(after, "After")}
            await self.call(ctx, "SetReceiptRulePosition", request)

    async def delete(self, ctx: Context, identifier: str) -> None:
        set_name, _, name = identifier.partition("|")
        await self.call(ctx, "DeleteReceiptRule", {"RuleSetName": set_name, "RuleName": name})

"""What SES keeps, and where it lies in the store. Everything is in the scope of the account and region.

identities          name                    -> Identity
configuration_sets  name                    -> ConfigurationSet
templates           name                    -> Template
verification_mails  name                    -> VerificationTemplate, a template for custom verification mails
suppressed          address                 -> Suppressed
settings            ()                      -> Settings, those of the account
counts              quarter of an hour      -> Counts, in epoch seconds
messages            message id              -> Message
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Collection, Context, Record

PENDING, SUCCESS, FAILED, NOT_STARTED = "PENDING", "SUCCESS", "FAILED", "NOT_STARTED"
ADDRESS, DOMAIN = "EMAIL_ADDRESS", "DOMAIN"

Tags = dict[str, str]


class Dkim(Record, frozen=True):
    """`origin` is AWS_SES or EXTERNAL; with the latter `tokens` is the selector alone. `generated` is epoch seconds."""

    enabled: bool = False
    status: str = NOT_STARTED
    tokens: tuple[str, ...] = ()
    origin: str = "AWS_SES"
    next_length: str = "RSA_2048_BIT"
    length: str = ""
    generated: float = 0.0


class MailFrom(Record, frozen=True):
    domain: str
    status: str
    on_failure: str


class Identity(Record, frozen=True):
    """An address or a domain.

    token     what the link in the verification mail has, or the record in the DNS
    topics    topics of SNS by what they are told of: Bounce, Complaint, Delivery
    headers   of which of these the notifications have the mail's headers
    """

    name: str
    kind: str
    created: float
    token: str
    status: str = PENDING
    checked: float = 0.0
    verified: float = 0.0
    dkim: Dkim = Dkim()
    mail_from: MailFrom | None = None
    forwarding: bool = True
    topics: dict[str, str] = {}
    headers: tuple[str, ...] = ()
    policies: dict[str, str] = {}
    tags: Tags = {}
    configuration_set: str = ""
    success_url: str = ""

    @property
    def is_verified(self) -> bool:
        return self.status == SUCCESS


class EventDestination(Record, frozen=True):
    """`events` are as v2 names them (`RENDERING_FAILURE`); `targets` are its members of a destination, in its wire form."""

    name: str
    enabled: bool
    events: tuple[str, ...]
    targets: dict[str, Any]


class ConfigurationSet(Record, frozen=True):
    """`options` are v2's, in wire form, by their names (`TrackingOptions`)."""

    name: str
    created: float
    options: dict[str, Any] = {}
    destinations: tuple[EventDestination, ...] = ()
    tags: Tags = {}

    @property
    def may_send(self) -> bool:
        return bool((self.options.get("SendingOptions") or {}).get("SendingEnabled", True))


class Template(Record, frozen=True):
    name: str
    created: float
    subject: str
    text: str
    html: str
    tags: Tags = {}


class VerificationTemplate(Record, frozen=True):
    name: str
    sender: str
    subject: str
    content: str
    success_url: str
    failure_url: str
    tags: Tags = {}


class Suppressed(Record, frozen=True):
    """`updated` is epoch seconds; the ids are of what it was put on the list by."""

    address: str
    reason: str
    updated: float
    message_id: str = ""
    feedback_id: str = ""


class Settings(Record, frozen=True):
    """`production` is out of the sandbox. `details` and `vdm` are in wire form."""

    production: bool = False
    sending: bool = True
    suppressed_reasons: tuple[str, ...] = ("BOUNCE", "COMPLAINT")
    details: dict[str, Any] | None = None
    vdm: dict[str, Any] | None = None
    warmup: bool = True


class Counts(Record, frozen=True):
    sent: int = 0
    bounces: int = 0
    complaints: int = 0
    rejects: int = 0


class Message(Record, frozen=True):
    """`events` are (destination, type, epoch seconds, details); `document` is the mail as events tell of it (see `events.Mail`)."""

    id: str
    sender: str
    subject: str
    tags: dict[str, list[str]]
    events: list[tuple[str, str, float, dict[str, Any]]]
    document: dict[str, Any] = {}


identities: Collection[Identity] = Collection("ses", "identities", Identity)
configuration_sets: Collection[ConfigurationSet] = Collection("ses", "configuration_sets", ConfigurationSet)
templates: Collection[Template] = Collection("ses", "templates", Template)
verification_mails: Collection[VerificationTemplate] = Collection("ses", "verification_mails", VerificationTemplate)
suppressed: Collection[Suppressed] = Collection("ses", "suppressed", Suppressed)
settings: Collection[Settings] = Collection("ses", "settings", Settings)
counts: Collection[Counts] = Collection("ses", "counts", Counts)
messages: Collection[Message] = Collection("ses", "messages", Message)


def office(ctx: Context) -> Context:
    """The same request as the service that has the tasks, calls other services, and posts."""
    return ctx.at(service=ctx.app.services["ses"])


async def settings_of(ctx: Context) -> Settings:
    return await settings.get(ctx) or Settings()


def change_settings(ctx: Context, before: Settings, **fields: Any) -> None:
    settings.put(ctx, msgspec.structs.replace(before, **fields))


def change_identity(ctx: Context, identity: Identity, **fields: Any) -> Identity:
    changed = msgspec.structs.replace(identity, **fields)
    identities.put(ctx, changed, changed.name)
    return changed


def change_set(ctx: Context, found: ConfigurationSet, **fields: Any) -> ConfigurationSet:
    changed = msgspec.structs.replace(found, **fields)
    configuration_sets.put(ctx, changed, changed.name)
    return changed


def arn_of(ctx: Context, kind: str, name: str) -> str:
    """`kind` is `identity`, `configuration-set`, `template`, ..."""
    return f"arn:{ctx.partition}:ses:{ctx.region}:{ctx.account}:{kind}/{name}"

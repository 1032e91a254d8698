"""The records of a secret, where they are kept, and how an operation finds the secret that its request names.

secrets    (name)              Secret
versions   (name, version id)  Version: those that hold a value
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import msgspec

from fogbank.kernel import Context, Record
from fogbank.services.secretsmanager import errors
from fogbank.services.secretsmanager.service import service
from fogbank.services.secretsmanager.stages import Stages

Request = dict[str, Any]

NAME = re.compile(r"[\w/+=.@!-]{1,512}", re.ASCII)
SUFFIX_LENGTH = 6
_ARN = re.compile(r"arn:[\w-]+:secretsmanager:([a-z0-9-]+):(\d{12}):secret:(.+)", re.DOTALL)
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


class Rotation(Record, frozen=True):
    """How a secret is rotated.

    rules      as RotateSecret has them (`AutomaticallyAfterDays` or `ScheduleExpression`, `Duration`)
    last       when a rotation was last completed; due: when the next one is to be complete; epoch seconds
    token      the version that a rotation under way makes; empty when none is
    secret_token   what identifies that rotation to the function (RotationToken)
    """

    function: str
    rules: dict[str, Any]
    enabled: bool = True
    last: float | None = None
    due: float | None = None
    token: str = ""
    secret_token: str = ""


class Replica(Record, frozen=True):
    """A copy in another region, as the primary secret keeps account of it.

    status     as it is told; `InProgress` until the outcome of the last copying is
    outcome    that outcome, and why it failed
    """

    region: str
    key: str
    status: str = "InProgress"
    outcome: str = "InSync"
    message: str = ""


class Partner(Record, frozen=True):
    """The other side of a replication between accounts: for a primary its replica, for a replica its primary.

    `role` is the one that copies, else the caller does. The others are those of a Replica.
    """

    arn: str
    role: str = ""
    status: str = "InProgress"
    outcome: str = "InSync"
    message: str = ""


class Secret(Record, frozen=True):
    """A secret without its values.

    suffix           the six characters at the end of its ARN
    key              the KMS key, as it was given; empty for aws/secretsmanager
    stages           which version has which staging label
    accessed         midnight (UTC) of the day when its value was last read
    purged_at        when it is deleted for good; None unless it is marked for deletion
    policies         resource policies by name: `default` is the user's, others are the service's own
    primary_region   where the primary of a replicated secret is, this one or another; empty when not replicated
    primary, partners   replication between accounts: where this secret comes from, where it goes
    All times are epoch seconds.
    """

    name: str
    suffix: str
    created: float
    changed: float
    description: str | None = None
    key: str = ""
    stages: Stages = {}
    tags: dict[str, str] = {}
    accessed: float | None = None
    purged_at: float | None = None
    policies: dict[str, str] = {}
    rotation: Rotation | None = None
    replicas: list[Replica] = []
    primary_region: str = ""
    owning_service: str = ""
    type: str | None = None
    primary: Partner | None = None
    partners: list[Partner] = []

    @property
    def policy(self) -> str | None:
        """All of its resource policies as one, or None."""
        return merged(self.policies) if self.policies else None


class Version(Record, frozen=True):
    """A value.

    text       whether it was given as SecretString
    sealed     the value, encrypted under `data_key`
    data_key   the KMS data key, encrypted under the KMS key; `key` is that key's id as ListSecretVersionIds shows it
    """

    id: str
    text: bool
    sealed: bytes
    data_key: bytes
    key: str
    created: float
    accessed: float | None = None


secrets = service.collection("secrets", Secret, cached=True)
versions = service.collection("versions", Version)


def merged(policies: dict[str, str]) -> str:
    """One policy with the statements of all."""
    if len(policies) == 1:
        return next(iter(policies.values()))
    statements: list[Any] = []
    for text in policies.values():
        listed = msgspec.json.decode(text)["Statement"]
        statements += listed if isinstance(listed, list) else [listed]
    return msgspec.json.encode({"Version": "2012-10-17", "Statement": statements}).decode()


# -- names


def new_suffix(ctx: Context) -> str:
    return "".join(ctx.ids.choice(_LETTERS) for _ in range(SUFFIX_LENGTH))


def arn(ctx: Context, secret: Secret) -> str:
    return arn_of(ctx, f"{secret.name}-{secret.suffix}")


def arn_of(ctx: Context, name: str) -> str:
    return f"arn:{ctx.partition}:secretsmanager:{ctx.region}:{ctx.account}:secret:{name}"


class Reference(NamedTuple):
    """What a SecretId says. `name` is the whole of a friendly name, or what an ARN has after `secret:`."""

    account: str
    region: str
    name: str
    by_arn: bool


def parse(ctx: Context, secret_id: str) -> Reference:
    found = _ARN.fullmatch(secret_id)
    if found is None:
        return Reference(ctx.account, ctx.region, secret_id, False)
    return Reference(found[2], found[1], found[3], True)


def scope_of(ctx: Context, reference: Reference) -> Context:
    return ctx if reference.account == ctx.account else ctx.at(account=reference.account)


# -- finding


async def look_up(ctx: Context, secret_id: str) -> tuple[Context, Secret | None]:
    """The secret of a SecretId: a name, an ARN, or an ARN without its last six characters; and the context of its account.

    https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen
    """
    reference = parse(ctx, secret_id)
    scope = scope_of(ctx, reference)
    if reference.region != ctx.region:
        return scope, None
    if reference.by_arn:
        name, hyphen, suffix = reference.name.rpartition("-")
        if hyphen and len(suffix) == SUFFIX_LENGTH:
            secret = await secrets.get(scope, name)
            if secret is not None and secret.suffix == suffix:
                return scope, secret
    return scope, await secrets.get(scope, reference.name)


async def find(ctx: Context, request: Request) -> tuple[Context, Secret]:
    """The secret of a request's SecretId, marked for deletion or not. Raises ResourceNotFoundException."""
    scope, secret = await look_up(ctx, request["SecretId"])
    if secret is None:
        raise errors.secret_not_found()
    return scope, secret


async def find_live(ctx: Context, request: Request) -> tuple[Context, Secret]:
    """The same, but not one that is marked for deletion. Raises InvalidRequestException."""
    scope, secret = await find(ctx, request)
    if secret.purged_at is not None:
        raise errors.marked_for_deletion()
    return scope, secret


async def find_own(ctx: Context, request: Request) -> tuple[Context, Secret]:
    """The same, and one that the caller may change here: no replica, and not another service's. Raises InvalidRequestException."""
    scope, secret = await find_live(ctx, request)
    check_own(scope, secret)
    return scope, secret


def check_own(ctx: Context, secret: Secret) -> None:
    if is_replica(ctx, secret):
        raise errors.not_on_a_replica()
    if secret.owning_service and ctx.principal.arn != f"{secret.owning_service}.amazonaws.com":
        raise errors.managed_secret(secret.owning_service)


def is_replica(ctx: Context, secret: Secret) -> bool:
    return secret.primary is not None or secret.primary_region not in ("", ctx.region)


# -- writing


def keep(ctx: Context, secret: Secret, **changes: Any) -> Secret:
    """Write the secret with those fields changed, which its replicas have no part in; see `saving.save`."""
    secret = msgspec.structs.replace(secret, **changes)
    secrets.put(ctx, secret, secret.name)
    return secret


async def remove(ctx: Context, secret: Secret) -> None:
    """Delete the secret and all of its versions for good."""
    secrets.delete(ctx, secret.name)
    for version in await versions.scan(ctx, secret.name):
        versions.delete(ctx, secret.name, version.id)
    for task in ("purge", "rotate", "rotate_on_schedule"):
        await ctx.unschedule(task, secret.name)

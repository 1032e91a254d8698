"""How somebody becomes a role, whoever vouches for them: trust, duration, session, credentials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from fogbank.identity import roles, sessions
from fogbank.identity.credentials import Credential
from fogbank.identity.directory import Role
from fogbank.identity.principals import Principal, Session, role_session
from fogbank.kernel import Context
from fogbank.services.sts import errors, limits, restrictions
from fogbank.services.sts.restrictions import Tags

Request = dict[str, Any]
Answer = dict[str, Any]


class Entry(msgspec.Struct, frozen=True):
    """What a role's trust is asked about, and what the session will begin with.

    who      the caller, or the provider who vouches for one
    action   `sts:AssumeRole` or one of its sisters
    keys     condition keys of the request
    session  what goes into the session whatever the request says; its `tags` are those that will be there
    """

    who: Principal
    action: str
    role_arn: str
    session_name: str
    session: Session
    keys: Mapping[str, str | tuple[str, ...]] = {}


async def trusted(ctx: Context, entry: Entry) -> Role:
    """The role, if it trusts the caller with everything that is asked for. Raises AccessDenied, ValidationError."""
    account = roles.account_of(entry.role_arn)
    if account is None:
        raise errors.invalid_arn(entry.role_arn)
    role = await roles.find(ctx, entry.role_arn)
    asking = ctx.at()
    asking.principal = entry.who
    about = {
        "policy": roles.NO_TRUST if role is None else role.trust,
        "owner": account,
        "keys": entry.keys,
        "tags": {} if role is None else role.tags,
        "params": {"Tags": [{"Key": key, "Value": value} for key, value in entry.session.tags.items()]},
    }
    for action in (entry.action, *_further_actions(entry.session)):
        await asking.authorise(action, entry.role_arn, **about)
    if role is None:  # where permissions are not enforced
        raise errors.not_authorized(entry.who.arn, entry.action, entry.role_arn)
    return role


def _further_actions(session: Session) -> list[str]:
    tagging = ["sts:TagSession"] if session.tags else []
    return tagging + (["sts:SetSourceIdentity"] if session.source_identity else [])


async def enter(ctx: Context, entry: Entry, role: Role, request: Request, longest: int | None = None) -> Answer:
    """New credentials of the role, as all AssumeRole operations answer them."""
    home = ctx.at(account=roles.account_of(entry.role_arn))
    policies = await restrictions.requested_policies(home, request)
    packed = restrictions.packed_size(policies, entry.session.tags)
    session = msgspec.structs.replace(entry.session, policies=policies.texts, policy_arns=policies.arns)
    principal = role_session(role.arn, role.id, entry.session_name, session)
    duration = _duration(request, role, longest)
    credential = await sessions.issue(home, principal, duration, request.get("MinimumSessionTokenSize", 0))
    return {
        "Credentials": shown(credential),
        "AssumedRoleUser": {"AssumedRoleId": principal.user_id, "Arn": principal.arn},
        "PackedPolicySize": packed,
        "SourceIdentity": session.source_identity or None,
    }


def _duration(request: Request, role: Role, longest: int | None) -> int:
    wanted = request.get("DurationSeconds", limits.DEFAULT_ROLE_DURATION)
    if longest is not None and wanted > longest:
        raise errors.longer_than_chains_allow()
    if wanted > role.max_duration:
        raise errors.longer_than_role_allows()
    return wanted


def shown(credential: Credential) -> Answer:
    """The Credentials of an answer."""
    return {
        "AccessKeyId": credential.access_key,
        "SecretAccessKey": credential.secret,
        "SessionToken": credential.session_token,
        "Expiration": credential.expires,
    }


def with_tags(session: Session, tags: Tags) -> Session:
    return msgspec.structs.replace(session, tags=tags.tags, transitive=tags.transitive)

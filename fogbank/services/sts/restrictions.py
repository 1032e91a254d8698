"""What a request wants its session to be limited by and tagged with: session policies, tags, and how much room they take.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html and access_policies.html#policies_session
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Any

import msgspec

from fogbank.identity import directory, policy_grammar
from fogbank.identity.principals import Session
from fogbank.kernel import Context
from fogbank.services.sts import errors, limits

Request = dict[str, Any]


class Tags(msgspec.Struct, frozen=True):
    """Session tags, and the keys of those that are passed on to the next role."""

    tags: dict[str, str] = {}
    transitive: tuple[str, ...] = ()


class Policies(msgspec.Struct, frozen=True):
    """Session policies as a `Session` has them."""

    texts: tuple[str, ...] | None = None
    arns: tuple[str, ...] = ()


# -- tags


def requested_tags(request: Request) -> Tags:
    """The tags of a request. Raises InvalidParameterValue."""
    given = {tag["Key"]: tag["Value"] for tag in request.get("Tags", ())}
    keys = [tag["Key"].lower() for tag in request.get("Tags", ())]
    if len(set(keys)) < len(keys):
        raise errors.duplicate_tag_keys()
    if any(key.startswith("aws:") for key in keys):
        raise errors.reserved_tag_key()
    transitive = tuple(request.get("TransitiveTagKeys", ()))
    for key in transitive:
        if key.lower() not in keys:
            raise errors.transitive_tag_not_given(key)
    return Tags(given, transitive)


def with_inherited(wanted: Tags, session: Session | None) -> Tags:
    """The tags that a role session has which another session begins: its own, and what that one passes on."""
    if session is None or not session.transitive:
        return wanted
    passed_on = {key.lower(): key for key in session.transitive}
    if any(key.lower() in passed_on for key in wanted.tags):
        raise errors.transitive_tag_conflict()
    inherited = {key: value for key, value in session.tags.items() if key.lower() in passed_on}
    return Tags({**inherited, **wanted.tags}, (*session.transitive, *wanted.transitive))


# -- policies


async def requested_policies(home: Context, request: Request) -> Policies:
    """The session policies of a request, checked. `home` is in the account that the session will be in."""
    text = request.get("Policy")
    arns = tuple(policy["arn"] for policy in request.get("PolicyArns", ()) if "arn" in policy)
    if text is not None:
        _check(text)
    if len(arns) > limits.SESSION_POLICIES:
        raise errors.too_many_policies(len(arns))
    iam = directory.iam(home.app) if arns else None
    for arn in arns:
        if iam is None or await iam.managed_policy(home, arn) is None:
            raise errors.no_such_policy(arn)
    return Policies(None if text is None else (text,), arns)


def _check(text: str) -> None:
    if len(text) > limits.SESSION_POLICY_CHARACTERS:
        raise errors.policy_too_long(text)
    try:
        policy_grammar.check(text, "identity")
    except policy_grammar.MalformedPolicy as finding:
        raise errors.malformed_policy(finding.message) from None


# -- room


def packed_size(policies: Policies, tags: Mapping[str, str]) -> int | None:
    """How much of the room they take, in percent; None when there are none. Raises PackedPolicyTooLarge.

    AWS packs in a way of its own, so that its figures differ somewhat.
    """
    if policies.texts is None and not policies.arns and not tags:
        return None
    packed = zlib.compress(json.dumps([policies.texts, policies.arns, dict(tags)]).encode(), 9)
    percent = -(-100 * len(packed) // limits.PACKED_BYTES)
    if percent > 100:
        has_policies = policies.texts is not None or policies.arns
        raise errors.packed_policy_too_large(percent) if has_policies else errors.packed_tags_too_large(percent)
    return percent

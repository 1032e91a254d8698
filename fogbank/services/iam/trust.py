"""Trust policies. Users and roles that one names are kept by their unique ids, as AWS does it: who is created anew under an old name is not
trusted, and who gets a new name is.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

from fogbank.identity import policy_grammar
from fogbank.kernel import Context
from fogbank.services.iam import documents, errors, ids, limits
from fogbank.services.iam.role import roles
from fogbank.services.iam.users import users

Document = dict[str, Any]
Translate = Callable[[Context, str], Awaitable[str]]

_ENTITY = re.compile(r"arn:[\w-]+:iam::(\d{12}):(user|role)/(.+)")
_KINDS: dict[str, Any] = {"user": users, "role": roles}
_SERVICE = re.compile(r"[a-z0-9*][a-z0-9_.-]*\.(amazonaws\.com(\.cn)?|amazon\.com|aws\.internal|aws)")


async def canonical(ctx: Context, text: str) -> str:
    """A trust policy as it is kept: without white space, users and roles by id, accounts as their roots' ARNs.

    Raises MalformedPolicyDocument, also for a user or role that is not there, and LimitExceeded.
    """
    try:
        document = policy_grammar.check(text, "trust")
    except policy_grammar.MalformedPolicy as malformed:
        raise errors.malformed_policy(malformed.message) from None
    if documents.size(text) > limits.TRUST_SIZE:
        raise errors.quota_exceeded("ACLSizePerRole", limits.TRUST_SIZE)
    _check_services(document)
    return _dump(await _translated(ctx, document, _known))


async def shown(ctx: Context, text: str) -> str:
    """A kept trust policy as the API shows it: ids as the ARNs of today, those that are no more as ids."""
    if not any(prefix in text for prefix in (ids.USER, ids.ROLE)):
        return text
    return _dump(await _translated(ctx, json.loads(text), _arn_of))


def _dump(document: Document) -> str:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def _check_services(document: Document) -> None:
    for element in _principals(document):
        for name in _list(element.get("Service", [])):
            if _SERVICE.fullmatch(name) is None:
                raise errors.invalid_principal("SERVICE", name)


def _principals(document: Document) -> list[Document]:
    """The Principal elements that list somebody."""
    found = [
        statement.get(name) for statement in _list(document["Statement"]) for name in ("Principal", "NotPrincipal")
    ]
    return [element for element in found if isinstance(element, dict)]


async def _translated(ctx: Context, document: Document, translate: Translate) -> Document:
    """The document with its AWS principals translated."""
    for element in _principals(document):
        if "AWS" in element:
            names = [await translate(ctx, name) for name in _list(element["AWS"])]
            element["AWS"] = names[0] if len(names) == 1 else names
    return document


async def _known(ctx: Context, name: str) -> str:
    """An AWS principal as it is kept. Raises MalformedPolicyDocument for one that is not there."""
    if name.isdigit():
        return f"arn:{ctx.partition}:iam::{name}:root"
    if ids.is_id(name):
        if await _entity_arn(ctx, name) is None:
            raise errors.invalid_principal("AWS", name)
        return name
    named = _ENTITY.fullmatch(name)
    return name if named is None else await _id_of(ctx, name, *named.groups())


async def _id_of(ctx: Context, arn: str, account: str, noun: str, path: str) -> str:
    scope, kind = ctx.at(account=account), _KINDS[noun]
    found = await kind.named(scope, path.rpartition("/")[2])
    if found is None or kind.arn(scope, found) != arn:
        raise errors.invalid_principal("AWS", arn)
    return found.id


async def _arn_of(ctx: Context, name: str) -> str:
    return (await _entity_arn(ctx, name) or name) if ids.is_id(name) else name


async def _entity_arn(ctx: Context, id: str) -> str | None:
    """The ARN of the user or role with that id, in whichever account; None when there is none."""
    account = ids.account_of(id)
    if account is None:
        return None
    scope = ctx.at(account=account)
    kind = _KINDS["user"] if id.startswith(ids.USER) else _KINDS["role"]
    found = await kind.identified(scope, id)
    return None if found is None else kind.arn(scope, found)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]

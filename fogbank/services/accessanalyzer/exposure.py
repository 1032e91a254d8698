"""Who can get at a resource from outside a zone of trust, by its policy or its access control list. Pure.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-concepts.html. Services are never outside. A condition that names only
accounts, organizations or resources within the zone keeps a statement within it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

import msgspec

from fogbank.identity import reference
from fogbank.identity.principals import canonical_id
from fogbank.identity.wildcards import AnyOf
from fogbank.services.accessanalyzer import access
from fogbank.services.accessanalyzer.access import Grant, Names
from fogbank.services.accessanalyzer.comparisons import is_pinned, is_public
from fogbank.services.accessanalyzer.implications import Test

Document = dict[str, Any]

# By resource type: the prefix of its actions, and the reference's names of what they are about.
KINDS: Final = {
    "AWS::DynamoDB::Stream": ("dynamodb", ("stream",)),
    "AWS::DynamoDB::Table": ("dynamodb", ("table", "index")),
    "AWS::EC2::Snapshot": ("ec2", ("snapshot",)),
    "AWS::ECR::Repository": ("ecr", ("repository",)),
    "AWS::EFS::FileSystem": ("elasticfilesystem", ("file-system",)),
    "AWS::IAM::Role": ("sts", ("role",)),
    "AWS::KMS::Key": ("kms", ("key",)),
    "AWS::Lambda::Function": ("lambda", ("function", "function alias", "function version")),
    "AWS::Lambda::LayerVersion": ("lambda", ("layerVersion",)),
    "AWS::RDS::DBClusterSnapshot": ("rds", ("cluster-snapshot",)),
    "AWS::RDS::DBSnapshot": ("rds", ("snapshot",)),
    "AWS::S3::Bucket": ("s3", ("bucket", "object")),
    "AWS::S3Express::DirectoryBucket": ("s3express", ("bucket",)),
    "AWS::SNS::Topic": ("sns", ("topic",)),
    "AWS::SQS::Queue": ("sqs", ("queue",)),
    "AWS::SecretsManager::Secret": ("secretsmanager", ("Secret",)),
}

_ACCOUNT_KEYS: Final = ("aws:principalaccount", "aws:sourceaccount", "aws:sourceowner", "kms:calleraccount")
_ORGANIZATION_KEYS: Final = ("aws:principalorgid", "aws:sourceorgid", "aws:principalorgpaths", "aws:sourceorgpaths")
_ARN_KEYS: Final = ("aws:principalarn", "aws:sourcearn")

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#permissions
_EVERYBODY: Final = (
    "http://acs.amazonaws.com/groups/global/AllUsers",
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers",
)
_ACL_ACTIONS: Final = {
    "READ": ("s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:ListBucketVersions"),
    "WRITE": ("s3:DeleteObject", "s3:PutObject"),
    "READ_ACP": ("s3:GetBucketAcl",),
    "WRITE_ACP": ("s3:PutBucketAcl",),
}


class Zone(msgspec.Struct, frozen=True):
    """A zone of trust: accounts, and the organization that they are all of, if they are one."""

    accounts: frozenset[str]
    organization: str = ""


class Exposure(msgspec.Struct, frozen=True, order=True):
    """Access that somebody outside has: who (kind and name), what, under which conditions, and by what."""

    principal: tuple[str, str]
    actions: tuple[str, ...]
    conditions: tuple[tuple[str, str], ...] = ()
    public: bool = False
    source: str = "POLICY"


# -- policies


def of_policy(document: Document, kind: str, zone: Zone) -> list[Exposure]:
    """What a policy on a resource of that type gives to those outside, one entry for each of them and each condition."""
    statements = access.grants(document)
    denies = [grant for grant in statements if not grant.allows]
    found: dict[Exposure, set[str]] = {}
    for grant, raw in zip(statements, access.statements_of(document), strict=True):
        if not grant.allows or any(deny.covers(grant) for deny in denies) or _stays_within(grant, zone):
            continue
        conditions = _conditions(raw)
        for principal in _outsiders(raw, zone):
            public = principal == ("AWS", "*") and is_public(grant)
            found.setdefault(Exposure(principal, (), conditions, public), set()).update(_actions(grant.actions, kind))
    return sorted(msgspec.structs.replace(each, actions=tuple(sorted(actions))) for each, actions in found.items())


def _outsiders(statement: Document, zone: Zone) -> Iterator[tuple[str, str]]:
    element = statement.get("Principal", "*")
    if element == "*":
        yield "AWS", "*"
        return
    for kind, names in element.items():
        for name in names if isinstance(names, list) else [names]:
            if kind == "Federated" or (kind == "CanonicalUser" and not _is_own_canonical_id(name, zone)):
                yield kind, name
            elif kind == "AWS" and _account(name) not in zone.accounts:
                yield kind, _account(name) if name.endswith(":root") else name


def _is_own_canonical_id(name: str, zone: Zone) -> bool:
    return any(canonical_id(account) == name for account in zone.accounts)


def _account(name: str) -> str:
    """The account of an AWS principal: its number, or an ARN of it."""
    fields = name.split(":")
    return fields[4] if len(fields) > 5 else name


def _conditions(statement: Document) -> tuple[tuple[str, str], ...]:
    """Conditions as findings show them: keys with their values, whatever the operators."""
    shown: dict[str, str] = {}
    for tests in statement.get("Condition", {}).values():
        for key, values in tests.items():
            text = ",".join(map(str, values)) if isinstance(values, list) else str(values)
            shown[key] = f"{shown[key]},{text}" if key in shown else text
    return tuple(sorted(shown.items()))


def _stays_within(grant: Grant, zone: Zone) -> bool:
    return any(is_pinned(test) and _is_within(test, zone) for test in grant.conditions)


def _is_within(test: Test, zone: Zone) -> bool:
    if test.key in _ACCOUNT_KEYS:
        return all(value in zone.accounts for value in test.values)
    if test.key in _ORGANIZATION_KEYS:
        return bool(zone.organization) and all(value.partition("/")[0] == zone.organization for value in test.values)
    return test.key in _ARN_KEYS and all(_account(value) in zone.accounts for value in test.values)


# -- actions


def _actions(names: Names, kind: str) -> Iterator[str]:
    """The actions of a statement that have to do with a resource type, as AWS spells them."""
    prefix, about = KINDS[kind]
    if not names.negated:
        exact = [name for name in names.patterns if not any(wild in name for wild in "*?")]
        yield from (_spelled(name) for name in exact)
    patterns = AnyOf(names.patterns, variables=False)
    for action in _actions_about(prefix, about):
        if patterns.matches(action.lower(), {}) is not names.negated:
            yield action


def _spelled(action: str) -> str:
    prefix, _, name = action.partition(":")
    known = reference.service(prefix)
    found = None if known is None else known.actions.get(name)
    return action if found is None else f"{prefix}:{found.name}"


@cache
def _actions_about(prefix: str, about: tuple[str, ...]) -> tuple[str, ...]:
    known = reference.service(prefix)
    assert known is not None
    return tuple(
        f"{prefix}:{action.name}"
        for action in known.actions.values()
        if any(used.name in about for used in action.resource_types)
    )


# -- access control lists


def of_acl(grants: list[Document], zone: Zone) -> list[Exposure]:
    """What a bucket's list gives to those outside. Grants are the API's: {"Grantee": {"ID" or "URI"}, "Permission"}."""
    found: dict[tuple[tuple[str, str], bool], set[str]] = {}
    for grant in grants:
        grantee, permission = grant["Grantee"], grant["Permission"]
        actions = _ACL_ACTIONS.get(permission) or tuple(each for several in _ACL_ACTIONS.values() for each in several)
        if grantee.get("URI") in _EVERYBODY:
            found.setdefault((("AWS", "*"), True), set()).update(actions)
        elif grantee.get("ID") and not _is_own_canonical_id(grantee["ID"], zone):
            found.setdefault((("CanonicalUser", grantee["ID"]), False), set()).update(actions)
    return [
        Exposure(principal, tuple(sorted(actions)), (), public, "BUCKET_ACL")
        for (principal, public), actions in found.items()
    ]


def read(text: str) -> Document | None:
    """The document of a policy in force; None for one that has no statements."""
    document = json.loads(text)
    return document if document.get("Statement") else None

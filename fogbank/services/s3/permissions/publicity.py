"""Bucket policies as values: are they well-formed, are they about this bucket, are they public?

https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fogbank.identity import publicity, reference
from fogbank.identity.publicity import listed
from fogbank.services.s3 import errors
from fogbank.services.s3.express.directory_names import is_directory

if TYPE_CHECKING:
    from fogbank.services.s3.records import Bucket

_POLICY_BYTES = 20 * 1024
# How the keys begin that go with every action, whatever the reference tells of it.
_EVERYWHERE = (
    *("s3:accesspoint", "s3:buckettag/", "s3:dataaccesspoint", "s3:resourceaccount", "s3:tlsversion"),
    *("s3:authtype", "s3:signatureage", "s3:signatureversion", "s3:x-amz-content-sha256"),
)
_NARROWING = frozenset(
    {
        "s3:dataaccesspointaccount",
        "s3:dataaccesspointarn",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
    }
)


def checked(text: str, bucket: Bucket) -> dict[str, Any]:
    """The document of a policy that may be put on the bucket. Raises MalformedPolicy."""
    from fogbank.identity import policy_grammar

    if len(text.encode()) > _POLICY_BYTES:
        raise errors.malformed_policy("Policies must not be larger than 20 KB")
    try:
        document = policy_grammar.check(text, "resource")
    except policy_grammar.MalformedPolicy as error:
        raise errors.malformed_policy(error.message) from None
    for statement in listed(document.get("Statement")):
        _check_statement(statement, bucket)
    return document


def _check_statement(statement: dict[str, Any], bucket: Bucket) -> None:
    if "Principal" not in statement and "NotPrincipal" not in statement:
        raise errors.malformed_policy("Missing required field Principal")
    for action in listed(statement.get("Action")):
        prefix = "s3express:" if is_directory(bucket.name) else "s3:"
        if action != "*" and not (action.lower().startswith(prefix) and _meant(action)):
            raise errors.malformed_policy("Policy has invalid action")
    for resource in listed(statement.get("Resource")) + listed(statement.get("NotResource")):
        if _bucket_in(resource) != bucket.name:
            raise errors.malformed_policy("Policy has invalid resource")
    if not is_directory(bucket.name):
        _check_actions(statement)
        _check_conditions(statement)


def _check_actions(statement: dict[str, Any]) -> None:
    """Each action has to be one that can be done to one of the statement's resources: to the bucket, or to objects."""
    there = set().union(*map(_things, listed(statement.get("Resource"))))
    for action in listed(statement.get("Action")) if len(there) == 1 else ():
        kinds = _kinds(action)
        if kinds and kinds.isdisjoint(there):
            raise errors.malformed_policy("Action does not apply to any resource(s) in statement")


def _things(resource: str) -> set[str]:
    """What a resource stands for; `arn:aws:s3:::bucket*` for the bucket and its objects."""
    if "/" in resource:
        return {"object"}
    return {"bucket", "object"} if resource.endswith("*") else {"bucket"}


def _kinds(pattern: str) -> set[str]:
    """Whether the actions that a pattern is about are done to buckets or to objects; nothing for what is not known."""
    return {used.name for action in _meant(pattern) for used in action.resource_types} & {"bucket", "object"}


def _meant(pattern: str) -> list[reference.Action]:
    """The actions that a pattern (`s3:Get*`) is about; none for `*`."""
    prefix, _, name = pattern.partition(":")
    service = reference.service(prefix)
    return [] if service is None or not name else list(service.matching(name))


def _check_conditions(statement: dict[str, Any]) -> None:
    """S3's own keys in the conditions have to be there, and be ones that an action of the statement knows."""
    service = reference.service("s3")
    keys = {key for tests in statement.get("Condition", {}).values() for key in tests if key.lower().startswith("s3:")}
    actions = listed(statement.get("Action"))
    for key in keys:
        if service is None or service.condition_key(key) is None:
            raise errors.malformed_policy("Policy has an invalid condition key")
        if actions and "*" not in actions and not any(_knows(action, key) for action in actions):
            raise errors.malformed_policy(
                "Conditions do not apply to combination of actions and resources in statement"
            )


def _knows(pattern: str, key: str) -> bool:
    """Does an action that the pattern is about have that condition key? Keys of access points go with any."""
    return key.lower().startswith(_EVERYWHERE) or any(
        reference.same_key(template, key)
        for action in _meant(pattern)
        for template in (
            *action.condition_keys,
            *(each for used in action.resource_types for each in used.condition_keys),
        )
    )


def named(document: dict[str, Any]) -> list[str]:
    """The ARNs of principals in a policy."""
    elements = [
        statement.get(name) for statement in listed(document["Statement"]) for name in ("Principal", "NotPrincipal")
    ]
    names = [name for each in elements if isinstance(each, dict) for name in listed(each.get("AWS"))]
    return [name for name in names if name.startswith("arn:")]


def _bucket_in(resource: str) -> str:
    """The bucket in an ARN: after `:::`, or after `:bucket/` where it is a directory bucket's.

    A resource begins with the bucket's name, says the guide; so that `bucket*` is one, too.
    https://docs.aws.amazon.com/AmazonS3/latest/dev/AccessPolicyLanguage_SpecialInfo.html
    """
    name = resource.partition(":::")[2] or resource.partition(":bucket/")[2]
    return name.partition("/")[0].rstrip("*")


def is_public(document: dict[str, Any]) -> bool:
    """Does a statement let in somebody whom it does not name?"""
    return publicity.is_public(document, _NARROWING)

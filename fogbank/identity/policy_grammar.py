"""What a policy document may look like, and AWS's words for what is wrong with it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html and reference_policies_elements.html. IAM words
its findings in one way (identity and trust policies), S3 and those after it in another (resource policies).
"""

from __future__ import annotations

import json
import re
from typing import Any, Literal

from fogbank.identity.conditions import is_operator

Kind = Literal["identity", "resource", "trust"]

VERSIONS = ("2008-10-17", "2012-10-17")
_ACTIONS = ("Action", "NotAction")
_RESOURCES = ("Resource", "NotResource")
_PRINCIPALS = ("Principal", "NotPrincipal")
_STATEMENT = frozenset({"Sid", "Effect", "Condition", *_ACTIONS, *_RESOURCES, *_PRINCIPALS})
_PRINCIPAL_FORMS = frozenset({"AWS", "Service", "Federated", "CanonicalUser"})
_VENDOR = re.compile(r"[a-zA-Z0-9-]+")
_SID = re.compile(r"[0-9A-Za-z]*")
# What S3 has in regions, unlike buckets: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
_REGIONAL_S3 = ("access-grants/", "accesspoint/", "async-request/", "job/", "storage-lens/", "storage-lens-group/")
_PARTITIONS = re.compile(r"aws(-[a-z-]+)?|\*")
# The last is how CloudFront's origin access identities are told to S3.
_AWS_PRINCIPAL = re.compile(
    r"\*|\d{12}|A[A-Z0-9]{15,}|arn:[\w-]+:(iam|sts)::\d{12}:.+"
    r"|arn:[\w-]+:iam::cloudfront:user/CloudFront Origin Access Identity [A-Z0-9]+"
)


class MalformedPolicy(ValueError):
    """`message` is AWS's finding. IAM answers it as MalformedPolicyDocument, S3 as MalformedPolicy."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def check(text: str, kind: Kind) -> dict[str, Any]:
    """The document in a policy's JSON. Raises MalformedPolicy with the first thing that is wrong."""
    words = _Resource() if kind == "resource" else _Identity() if kind == "identity" else _Trust()
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise MalformedPolicy(words.json) from None
    if not isinstance(document, dict):
        raise MalformedPolicy(words.json)
    words.document(document)
    return document


def _statements(document: dict[str, Any]) -> list[Any]:
    listed = document.get("Statement")
    return listed if isinstance(listed, list) else [listed]


class _Words:
    """The rules that all kinds of policies share."""

    json = ""
    syntax = ""

    def document(self, document: dict[str, Any]) -> None:
        for name in document:
            if name not in ("Version", "Id", "Statement"):
                raise self.unknown_field(name)
        if document.get("Version", VERSIONS[0]) not in VERSIONS:
            raise MalformedPolicy(self.syntax)
        statements = _statements(document)
        if not statements:
            raise self.missing("Statement")
        for statement in statements:
            if not isinstance(statement, dict):
                raise self.missing("Statement")
            self.statement(statement)

    def statement(self, statement: dict[str, Any]) -> None:
        for name in statement:
            if name not in _STATEMENT:
                raise self.unknown_field(name)
        if "Effect" not in statement:
            raise self.missing("Effect")
        if statement["Effect"] not in ("Allow", "Deny"):
            raise self.invalid_effect(statement["Effect"])
        for pair in (_ACTIONS, _RESOURCES, _PRINCIPALS):
            if pair[0] in statement and pair[1] in statement:
                raise MalformedPolicy(self.syntax)
        self.sid(statement.get("Sid", ""))
        self.elements(statement)
        for name in _ACTIONS:
            for action in self.strings(statement, name):
                self.action(action)
        for name in _RESOURCES:
            for resource in self.strings(statement, name):
                self.resource(resource)
        for name in _PRINCIPALS:
            if name in statement:
                self.principal(statement[name])
        self.condition(statement.get("Condition", {}))

    def elements(self, statement: dict[str, Any]) -> None:
        """Which elements this kind of policy must and must not have."""

    def strings(self, statement: dict[str, Any], name: str) -> list[str]:
        if name not in statement:
            return []
        value = statement[name]
        listed = value if isinstance(value, list) else [value]
        if not all(isinstance(entry, str) for entry in listed):
            raise MalformedPolicy(self.syntax)
        return listed

    def sid(self, sid: Any) -> None:
        if not isinstance(sid, str):
            raise MalformedPolicy(self.syntax)

    def action(self, action: str) -> None:
        if action == "*":
            return
        vendor, colon, name = action.partition(":")
        if not colon:
            raise MalformedPolicy("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
        if ":" in name:
            raise MalformedPolicy("Actions/Condition can contain only one colon.")
        if _VENDOR.fullmatch(vendor) is None:
            raise MalformedPolicy(f"Vendor {vendor} is not valid")

    def resource(self, resource: str) -> None:
        if resource == "*":
            return
        parts = resource.split(":", 5)
        if parts[0] != "arn":
            raise MalformedPolicy(f'Resource {resource} must be in ARN format or "*".')
        if len(parts) < 6:
            raise MalformedPolicy("The policy failed legacy parsing")
        if _PARTITIONS.fullmatch(parts[1]) is None:
            raise MalformedPolicy(f'Partition "{parts[1]}" is not valid for resource "{resource}".')
        if parts[2] == "iam" and parts[3] not in ("", "*"):
            raise MalformedPolicy(f"IAM resource {resource} cannot contain region information.")
        if parts[2] == "s3" and parts[3] not in ("", "*") and not parts[5].startswith(_REGIONAL_S3):
            raise MalformedPolicy(f"Resource {resource} can not contain region information.")

    def principal(self, principal: Any) -> None:
        if principal == "*":
            return
        if not isinstance(principal, dict) or not principal:
            raise MalformedPolicy(self.syntax)
        for form, names in principal.items():
            if form not in _PRINCIPAL_FORMS:
                raise self.invalid_principal(form, "")
            for name in names if isinstance(names, list) else [names]:
                if not isinstance(name, str) or (form == "AWS" and _AWS_PRINCIPAL.fullmatch(name) is None):
                    raise self.invalid_principal(form, name)

    def condition(self, block: Any) -> None:
        if not isinstance(block, dict):
            raise MalformedPolicy(self.syntax)
        for operator, tests in block.items():
            if not is_operator(operator):
                raise MalformedPolicy(f"Invalid Condition type : {operator}.")
            if not isinstance(tests, dict):
                raise MalformedPolicy(self.syntax)
            for key, values in tests.items():
                if ":" not in key:
                    raise MalformedPolicy("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
                if isinstance(values, dict) or (
                    isinstance(values, list) and any(isinstance(v, dict | list) for v in values)
                ):
                    raise MalformedPolicy(self.syntax)

    def missing(self, name: str) -> MalformedPolicy:
        return MalformedPolicy(self.syntax)

    def unknown_field(self, name: str) -> MalformedPolicy:
        return MalformedPolicy(self.syntax)

    def invalid_effect(self, effect: Any) -> MalformedPolicy:
        return MalformedPolicy(self.syntax)

    def invalid_principal(self, form: str, name: Any) -> MalformedPolicy:
        return MalformedPolicy(f'Invalid principal in policy: "{form}":"{name}"')


class _Identity(_Words):
    """IAM's words for policies of users, groups and roles."""

    json = "Syntax errors in policy."
    syntax = "Syntax errors in policy."

    def document(self, document: dict[str, Any]) -> None:
        super().document(document)
        self.unique_sids(document)

    def unique_sids(self, document: dict[str, Any]) -> None:
        sids = [statement["Sid"] for statement in _statements(document) if statement.get("Sid")]
        if len(set(sids)) < len(sids):
            raise MalformedPolicy("Statement IDs (SID) in a single policy must be unique.")

    def sid(self, sid: Any) -> None:
        super().sid(sid)
        if _SID.fullmatch(sid) is None:
            raise MalformedPolicy(
                "Statement IDs (SID) must be alpha-numeric. "
                "Check that your input satisfies the regular expression [0-9A-Za-z]*"
            )

    def elements(self, statement: dict[str, Any]) -> None:
        if not any(statement.get(name) for name in _ACTIONS):
            raise MalformedPolicy("Policy statement must contain actions.")
        if not any(statement.get(name) for name in _RESOURCES):
            raise MalformedPolicy("Policy statement must contain resources.")
        if any(name in statement for name in _PRINCIPALS):
            raise MalformedPolicy("Policy document should not specify a principal.")


class _Trust(_Identity):
    """IAM's words for the trust policies of roles."""

    json = "This policy contains invalid Json"

    def document(self, document: dict[str, Any]) -> None:
        _Words.document(self, document)
        self.unique_sids(document)

    def elements(self, statement: dict[str, Any]) -> None:
        if not any(name in statement for name in _PRINCIPALS):
            raise MalformedPolicy("Missing required field Principal")
        for name in _RESOURCES:
            if name in statement:
                raise MalformedPolicy(f"Has prohibited field {name}")
        if not any(statement.get(name) for name in _ACTIONS):
            raise MalformedPolicy("Missing required field Action")

    def action(self, action: str) -> None:
        super().action(action)
        if action != "*" and not action.lower().startswith("sts:"):
            raise MalformedPolicy("AssumeRole policy may only specify STS AssumeRole actions.")


class _Resource(_Words):
    """S3's words, for policies attached to resources."""

    json = "Policies must be valid JSON and the first byte must be '{'"
    syntax = "Invalid policy syntax."

    def elements(self, statement: dict[str, Any]) -> None:
        for pair in (_PRINCIPALS, _ACTIONS, _RESOURCES):
            if not any(name in statement for name in pair):
                raise self.missing(pair[0])

    def missing(self, name: str) -> MalformedPolicy:
        return MalformedPolicy(f"Missing required field {name}")

    def unknown_field(self, name: str) -> MalformedPolicy:
        return MalformedPolicy(f"Unknown field {name}")

    def invalid_effect(self, effect: Any) -> MalformedPolicy:
        return MalformedPolicy(f"Invalid effect: {effect}")

    def invalid_principal(self, form: str, name: Any) -> MalformedPolicy:
        return MalformedPolicy("Invalid principal in policy")

"""The policy document of an S3 form upload: what a browser may post, stated by who signed it.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html. Pure functions; the signature over the
document is verified by `Authenticator.authenticate_form`.
"""

from __future__ import annotations

import binascii
import json
from base64 import b64decode
from datetime import UTC, datetime
from typing import Any

import msgspec

from fogbank.kernel.errors import AWSError

_UNCOVERED = frozenset({"file", "policy", "signature", "x-amz-signature", "awsaccesskeyid"})
_EXACT_ONLY = frozenset({"bucket", "success_action_status"})


class Condition(msgspec.Struct, frozen=True):
    """`operator` is eq or starts-with; `field` is in lower case, without the dollar sign; `shown` is for messages."""

    operator: str
    field: str
    value: str
    shown: str


class PostPolicy(msgspec.Struct, frozen=True):
    """A parsed policy document. `expiration` is epoch seconds, `lengths` the least and the greatest size in bytes."""

    expiration: float
    conditions: tuple[Condition, ...]
    lengths: tuple[int, int] | None


def parse(encoded: str) -> PostPolicy:
    """The policy in the form's `policy` field (base64 of JSON). Raises InvalidPolicyDocument, or AccessDenied for conditions
    that S3 cannot interpret."""
    document = _document(encoded)
    if "expiration" not in document:
        raise _invalid("Policy missing expiration.")
    if "conditions" not in document:
        raise _invalid("Policy missing conditions.")
    if not isinstance(document["conditions"], list):
        raise _invalid("Invalid 'conditions' value: must be a List.")
    conditions = []
    lengths = None
    for entry in document["conditions"]:
        if isinstance(entry, list) and entry and _lower(entry[0]) == "content-length-range":
            lengths = _lengths(entry)
        else:
            conditions.append(_condition(entry))
    return PostPolicy(_expiration(document["expiration"]), tuple(conditions), lengths)


def check(policy: PostPolicy, fields: dict[str, str], bucket: str, now: float) -> None:
    """Raise AccessDenied unless the form is within the policy at `now` (epoch seconds, real clock).

    `fields` are the form's, without the file; `key` with `${filename}` replaced. Every field must be covered.
    """
    if policy.expiration <= now:
        raise _violated("Policy expired.")
    given = {name.lower(): value for name, value in fields.items()} | {"bucket": bucket}
    for condition in policy.conditions:
        if not _holds(condition, given.get(condition.field, "")):
            raise _failed(condition.shown)
    covered = {condition.field for condition in policy.conditions}
    extra = [name for name in given if name not in covered | _UNCOVERED and not name.startswith("x-ignore-")]
    if extra:
        raise _violated(f"Extra input fields: {', '.join(extra)}")


def check_length(policy: PostPolicy, size: int) -> None:
    """Raise EntityTooSmall or EntityTooLarge unless a file of this many bytes is within the policy."""
    least, greatest = policy.lengths or (0, size)
    if size < least:
        message = "Your proposed upload is smaller than the minimum allowed size"
        raise AWSError("EntityTooSmall", message, 400, ProposedSize=str(size), MinSizeAllowed=str(least))
    if size > greatest:
        message = "Your proposed upload exceeds the maximum allowed size"
        raise AWSError("EntityTooLarge", message, 400, ProposedSize=str(size), MaxSizeAllowed=str(greatest))


def _document(encoded: str) -> dict[str, Any]:
    try:
        document = json.loads(b64decode(encoded, validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise _invalid("Invalid JSON.") from None
    if not isinstance(document, dict):
        raise _invalid("Invalid JSON.")
    return document


def _expiration(value: Any) -> float:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise _invalid(f"Invalid 'expiration' value: '{value}'") from None
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()


def _lengths(entry: list[Any]) -> tuple[int, int]:
    try:
        _, least, greatest = entry
        return int(least), int(greatest)
    except (TypeError, ValueError):
        raise _failed(_shown(entry)) from None


def _condition(entry: Any) -> Condition:
    if isinstance(entry, dict):
        if len(entry) != 1:
            raise _invalid("Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.")
        name, value = next(iter(entry.items()))
        entry = ["eq", f"${name}", value]
    shown = _shown(entry)
    if not (isinstance(entry, list) and len(entry) == 3 and all(isinstance(part, str) for part in entry)):
        raise _failed(shown)
    operator, field, value = entry[0].lower(), entry[1].lower(), entry[2]
    if operator not in ("eq", "starts-with") or not field.startswith("$"):
        raise _failed(shown)
    if operator == "starts-with" and _is_exact_only(field[1:]):
        raise _failed(shown)
    return Condition(operator, field[1:], value, shown)


def _is_exact_only(field: str) -> bool:
    return field in _EXACT_ONLY or (field.startswith("x-amz-") and not field.startswith("x-amz-meta-"))


def _holds(condition: Condition, given: str) -> bool:
    if condition.operator == "eq":
        return given == condition.value
    if condition.field == "content-type":  # may be a list, of which every member counts
        return all(member.strip().startswith(condition.value) for member in given.split(","))
    return given.startswith(condition.value)


def _lower(value: Any) -> str:
    return value.lower() if isinstance(value, str) else ""


def _shown(entry: Any) -> str:
    return json.dumps(entry, ensure_ascii=False)


def _invalid(problem: str) -> AWSError:
    return AWSError("InvalidPolicyDocument", f"Invalid Policy: {problem}", 400)


def _violated(problem: str) -> AWSError:
    return AWSError("AccessDenied", f"Invalid according to Policy: {problem}", 403)


def _failed(shown: str) -> AWSError:
    return _violated(f"Policy Condition failed: {shown}")

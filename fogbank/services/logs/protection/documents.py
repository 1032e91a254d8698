"""Data protection policies as documents: what they have to look like. Pure.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutDataProtectionPolicy.html
"""

from __future__ import annotations

import json
import re
from typing import Any

from fogbank.kernel import AWSError, data_identifiers
from fogbank.services.logs import errors, limits

Document = dict[str, Any]
_CUSTOM_IDENTIFIERS = 10
_CUSTOM_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
_CUSTOM_REGEX_LENGTH = 200
_DESTINATIONS = frozenset({"CloudWatchLogs", "Firehose", "S3"})


def check(policy: str) -> None:
    """Raises InvalidParameterException."""
    if len(policy) > limits.DATA_PROTECTION_LENGTH:
        raise _refusal(f"the policy is longer than {limits.DATA_PROTECTION_LENGTH} characters")
    try:
        document = json.loads(policy)
        _check_custom(document)
        _check_statements(document)
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError, re.error) as error:
        raise _refusal(f"malformed: {error!r}") from None


def _check_custom(document: Document) -> None:
    custom = data_identifiers.custom_of(document)
    if len(custom) > _CUSTOM_IDENTIFIERS:
        raise _refusal(f"no more than {_CUSTOM_IDENTIFIERS} custom data identifiers are allowed")
    for name, regex in custom.items():
        if not _CUSTOM_NAME.fullmatch(name) or len(regex) > _CUSTOM_REGEX_LENGTH:
            raise _refusal(f"invalid custom data identifier {name}")
        re.compile(regex)


def _check_statements(document: Document) -> None:
    statements = document["Statement"]
    audits = [each for each in statements if "Audit" in each["Operation"]]
    masks = [each for each in statements if "Deidentify" in each["Operation"]]
    if len(statements) != 2 or len(audits) != 1 or len(masks) != 1:
        raise _refusal("there have to be two statements, one with Audit and one with Deidentify")
    if audits[0]["DataIdentifier"] != masks[0]["DataIdentifier"] or not audits[0]["DataIdentifier"]:
        raise _refusal("the DataIdentifier arrays of both statements have to be the same")
    if masks[0]["Operation"]["Deidentify"] != {"MaskConfig": {}}:
        raise _refusal("Deidentify has to be an empty MaskConfig")
    destination = audits[0]["Operation"]["Audit"]["FindingsDestination"]
    if not destination.keys() <= _DESTINATIONS:
        raise _refusal("unknown FindingsDestination")
    custom = data_identifiers.custom_of(document)
    for reference in audits[0]["DataIdentifier"]:
        if data_identifiers.named(reference, custom) is None:
            raise _refusal(f"unknown data identifier {reference}")


def destinations_of(policy: str) -> Document:
    """Where the findings go: `{"CloudWatchLogs": {"LogGroup": ...}}`, also `Firehose` and `S3`."""
    for statement in json.loads(policy)["Statement"]:
        if "Audit" in statement["Operation"]:
            found: Document = statement["Operation"]["Audit"]["FindingsDestination"]
            return found
    return {}


def _refusal(reason: str) -> AWSError:
    return errors.invalid_parameter(f"Invalid data protection policy: {reason}")

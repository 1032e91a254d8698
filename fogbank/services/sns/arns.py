"""ARNs of SNS: `arn:aws:sns:<region>:<account>:<topic>[:<subscription>]`, and of its platform applications and endpoints. Pure."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from fogbank.services.sns import errors


class Arn(NamedTuple):
    """Any ARN. `resource` is what stands behind the account."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"


@lru_cache(maxsize=4096)
def split(text: str) -> Arn | None:
    """The parts of what has the form of an ARN."""
    parts = text.split(":", 5)
    return Arn(*parts[1:]) if len(parts) == 6 and parts[0] == "arn" else None


@lru_cache(maxsize=4096)
def read(text: str, parameter: str) -> Arn:
    """The ARN in a request's parameter. Raises InvalidParameterException unless it is one of SNS's."""
    parts = text.split(":", 5)
    if len(parts) < 6:
        raise errors.arn_too_short(parameter, len(parts))
    found = split(text)
    if found is None or found.service != "sns" or not found.resource:
        raise errors.invalid(parameter)
    return found


@lru_cache(maxsize=4096)
def topic(text: str, region: str, parameter: str = "TopicArn") -> Arn:
    """The ARN of a topic of this region. Raises InvalidParameterException."""
    found = read(text, parameter)
    if found.region != region or ":" in found.resource or "/" in found.resource:
        raise errors.invalid(parameter)
    return found


@lru_cache(maxsize=4096)
def subscription(text: str, region: str) -> tuple[Arn, str]:
    """(ARN of the topic, id of the subscription). Raises InvalidParameterException."""
    found = read(text, "SubscriptionArn")
    name, colon, number = found.resource.rpartition(":")
    if not colon or found.region != region or ":" in name:
        raise errors.invalid("SubscriptionArn")
    return found._replace(resource=name), number

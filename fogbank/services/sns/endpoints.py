"""What may be subscribed: the forms of endpoints, by protocol. Pure, but for the question which services there are.

Source: API_Subscribe.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from fogbank.kernel import Context
from fogbank.services.sns import arns, errors

PROTOCOLS = frozenset({"application", "email", "email-json", "firehose", "http", "https", "lambda", "sms", "sqs"})
CONFIRMED_BY_RECEIVER = frozenset({"email", "email-json", "http", "https"})

_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+$")
_PHONE = re.compile(r"\+?[0-9]{5,15}$")
_SEPARATORS = str.maketrans("", "", " -.()")


def checked(ctx: Context, protocol: str, endpoint: str | None, fifo: bool) -> str:
    """The endpoint in the form that is kept. Raises InvalidParameterException."""
    if protocol not in PROTOCOLS:
        raise errors.unknown_protocol(protocol)
    if not endpoint:
        raise errors.missing("Endpoint")
    if fifo and protocol != "sqs":
        raise errors.invalid(f"{errors.endpoint('Please use FIFO SQS queue').message}")
    if protocol in ("firehose", "lambda") and protocol not in ctx.app.services.names:
        raise errors.not_delivered_to(protocol)
    return _CHECKS[protocol](protocol, endpoint, fifo)


def account_of(protocol: str, endpoint: str) -> str | None:
    """Whose the endpoint is, where it is a resource of AWS's."""
    place = arns.split(endpoint) if protocol in ("application", "firehose", "lambda", "sqs") else None
    return None if place is None else place.account


def phone_number(text: str) -> str | None:
    """A phone number as `+15551234567`; None when it is none."""
    plain = text.translate(_SEPARATORS)
    return "+" + plain.lstrip("+") if _PHONE.match(plain) else None


def _queue(protocol: str, endpoint: str, fifo: bool) -> str:
    place = arns.split(endpoint)
    if place is None or place.service != "sqs" or not place.account or not place.resource:
        raise errors.invalid("SQS endpoint ARN")
    if not fifo and place.resource.endswith(".fifo"):
        reason = errors.endpoint("FIFO SQS Queues can not be subscribed to standard SNS topics")
        raise errors.invalid(reason.message)
    return endpoint


def _url(protocol: str, endpoint: str, fifo: bool) -> str:
    try:
        parts = urlsplit(endpoint)
    except ValueError:
        raise errors.invalid("HTTP(S) Endpoint") from None
    if parts.scheme.lower() != protocol:
        raise errors.invalid("Endpoint must match the specified protocol")
    if not parts.hostname or not endpoint.isascii() or not endpoint.isprintable() or " " in endpoint:
        raise errors.invalid("HTTP(S) Endpoint")
    return endpoint


def _mail(protocol: str, endpoint: str, fifo: bool) -> str:
    if not _MAIL.match(endpoint):
        raise errors.invalid("Email address")
    return endpoint


def _sms(protocol: str, endpoint: str, fifo: bool) -> str:
    number = phone_number(endpoint)
    if number is None:
        raise errors.invalid(f"Invalid SMS endpoint: {endpoint}")
    return number


def _of_service(service: str, noun: str) -> Callable[[str, str, bool], str]:
    def check(protocol: str, endpoint: str, fifo: bool) -> str:
        place = arns.split(endpoint)
        if place is None or place.service != service or not place.resource:
            raise errors.invalid(f"{noun} endpoint ARN")
        return endpoint

    return check


_CHECKS: dict[str, Callable[[str, str, bool], str]] = {
    "application": _of_service("sns", "Application"),
    "email": _mail,
    "email-json": _mail,
    "firehose": _of_service("firehose", "Firehose"),
    "http": _url,
    "https": _url,
    "lambda": _of_service("lambda", "Lambda"),
    "sms": _sms,
    "sqs": _queue,
}

"""How a delivery is tried again: the four phases of a delivery policy, and what a user may say about HTTP. Pure.

https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html. AWS adds jitter to the delays; here they are exact.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from fogbank.services.sns import errors, limits

Document = dict[str, Any]

PLAIN_TEXT = "text/plain; charset=UTF-8"

HEALTHY: Document = {
    "minDelayTarget": 20,
    "maxDelayTarget": 20,
    "numRetries": 3,
    "numMaxDelayRetries": 0,
    "numNoDelayRetries": 0,
    "numMinDelayRetries": 0,
    "backoffFunction": "linear",
}
_PARTS = ("numNoDelayRetries", "numMinDelayRetries", "numMaxDelayRetries")
REQUEST: Document = {"headerContentType": PLAIN_TEXT}

_CONTENT_TYPES = frozenset({"application/json", "text/plain"})
_RAW_CONTENT_TYPES = frozenset(
    {
        "application/atom+xml",
        "application/octet-stream",
        "application/soap+xml",
        "application/x-www-form-urlencoded",
        "application/xhtml+xml",
        "application/xml",
        "text/css",
        "text/csv",
        "text/html",
        "text/xml",
    }
)


class Phases(NamedTuple):
    """How often, in which phase, and how far apart in seconds."""

    immediate: int
    before: int
    backoff: int
    after: int
    least: float
    most: float
    function: str

    def delay(self, attempt: int) -> float | None:
        """How long to wait after the `attempt`th try failed (the first is 1); None when that was the last one."""
        retry = attempt - 1
        if retry < self.immediate:
            return 0.0
        retry -= self.immediate
        if retry < self.before:
            return self.least
        retry -= self.before
        if retry < self.backoff:
            return self._growing(retry)
        return self.most if retry - self.backoff < self.after else None

    def _growing(self, retry: int) -> float:
        done = retry / (self.backoff - 1) if self.backoff > 1 else 0.0
        return min(_FUNCTIONS[self.function](self.least, self.most, retry, done), self.most)

    def delays(self) -> Iterator[float]:
        attempt = 1
        while (delay := self.delay(attempt)) is not None:
            yield delay
            attempt += 1


# (least, most, number of the retry, how much of the phase is done) -> seconds
_FUNCTIONS: dict[str, Callable[[float, float, int, float], float]] = {
    "linear": lambda least, most, retry, done: least + (most - least) * done,
    "arithmetic": lambda least, most, retry, done: least + (most - least) * done * (done + 1) / 2,
    "geometric": lambda least, most, retry, done: least * (most / least) ** done,
    "exponential": lambda least, most, retry, done: least * 2.0**retry,
}

MANAGED = Phases(3, 2, 10, 100_000, 1, 20, "exponential")
"""For Lambda, Firehose and queues."""


@lru_cache(maxsize=1024)
def phases(subscription: str | None, topic: str | None) -> Phases:
    """How HTTP deliveries are tried again, given the delivery policies (JSON) of a subscription and of its topic."""
    return _phases(effective(subscription, topic)["healthyRetryPolicy"])


def _phases(policy: Document) -> Phases:
    immediate, before, after = (policy[name] for name in _PARTS)
    backoff = max(policy["numRetries"] - immediate - before - after, 0)
    least, most = policy["minDelayTarget"], policy["maxDelayTarget"]
    return Phases(immediate, before, backoff, after, least, most, policy["backoffFunction"])


def effective_for_topic(policy: str | None) -> Document:
    """EffectiveDeliveryPolicy of a topic."""
    given = {} if policy is None else json.loads(policy).get("http") or {}
    document: Document = {
        "defaultHealthyRetryPolicy": {**HEALTHY, **(given.get("defaultHealthyRetryPolicy") or {})},
        "disableSubscriptionOverrides": given.get("disableSubscriptionOverrides", False),
    }
    if given.get("defaultThrottlePolicy"):
        document["defaultThrottlePolicy"] = given["defaultThrottlePolicy"]
    document["defaultRequestPolicy"] = {**REQUEST, **(given.get("defaultRequestPolicy") or {})}
    return {"http": document}


def effective(subscription: str | None, topic: str | None) -> Document:
    """EffectiveDeliveryPolicy of an HTTP subscription, given its own policy and that of the topic."""
    default = effective_for_topic(topic)["http"]
    own: Document = {}
    if subscription is not None and not default["disableSubscriptionOverrides"]:
        own = json.loads(subscription)
    return {
        "healthyRetryPolicy": {**default["defaultHealthyRetryPolicy"], **(own.get("healthyRetryPolicy") or {})},
        "sicklyRetryPolicy": None,
        "throttlePolicy": own.get("throttlePolicy") or default.get("defaultThrottlePolicy"),
        "requestPolicy": {**default["defaultRequestPolicy"], **(own.get("requestPolicy") or {})},
        "guaranteed": False,
    }


# -- checks


def check_topic(text: str) -> None:
    """Raises InvalidParameterException."""
    document = _object(text)
    _known(document, {"http"}, "")
    http = _member(document, "http", "http")
    _known(
        http,
        {
            "defaultHealthyRetryPolicy",
            "defaultThrottlePolicy",
            "defaultRequestPolicy",
            "disableSubscriptionOverrides",
            "defaultSicklyRetryPolicy",
        },
        "http.",
    )
    if not isinstance(http.get("disableSubscriptionOverrides", False), bool):
        raise _refusal("http.disableSubscriptionOverrides must be a boolean")
    for name, check in (("HealthyRetry", _retries), ("Throttle", _throttle), ("Request", _request)):
        check(_member(http, f"default{name}Policy", f"http.default{name}Policy"), f"http.default{name}Policy")


def check_subscription(text: str) -> None:
    """Raises InvalidParameterException."""
    document = _object(text)
    _known(document, {"healthyRetryPolicy", "sicklyRetryPolicy", "throttlePolicy", "requestPolicy", "guaranteed"}, "")
    for name, check in (("healthyRetry", _retries), ("throttle", _throttle), ("request", _request)):
        check(_member(document, f"{name}Policy", f"{name}Policy"), f"{name}Policy")


def check_content_type(text: str | None, raw: bool) -> None:
    """Some content types are for raw delivery only. Raises InvalidParameterException."""
    kind = _base_type((json.loads(text).get("requestPolicy") or {}).get("headerContentType", "")) if text else ""
    if kind in _RAW_CONTENT_TYPES and not raw:
        raise _refusal(f"requestPolicy.headerContentType {kind} requires raw message delivery")


def _object(text: str) -> Document:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise _refusal("failed to parse JSON.") from None
    if not isinstance(document, dict):
        raise _refusal("failed to parse JSON.")
    return document


def _member(document: Document, name: str, path: str) -> Document:
    found = document.get(name)
    if found is not None and not isinstance(found, dict):
        raise _refusal(f"{path} must be a JSON object")
    return found or {}


def _known(document: Mapping[str, Any], names: set[str], path: str) -> None:
    for name in document:
        if name not in names:
            raise _refusal(f"Unexpected JSON member: {path}{name}")


def _retries(given: Document, path: str) -> None:
    _known(given, set(HEALTHY), f"{path}.")
    policy = {**HEALTHY, **given}
    for name in HEALTHY:
        if name != "backoffFunction":
            _integer(policy[name], f"{path}.{name}", 0)
    for holds, reason in _rules(policy):
        if not holds:
            raise _refusal(f"{path}{reason}")
    if sum(_phases(policy).delays()) > limits.HTTP_RETRY_SECONDS:
        raise _refusal(f"{path}: the total retry time must not exceed {limits.HTTP_RETRY_SECONDS} seconds")


def _rules(policy: Document) -> list[tuple[bool, str]]:
    """What has to hold of a retry policy, and how its breach is named."""
    least, most, longest = policy["minDelayTarget"], policy["maxDelayTarget"], limits.HTTP_RETRY_SECONDS
    parts = sum(policy[name] for name in _PARTS)
    return [
        (
            policy["backoffFunction"] in list(_FUNCTIONS),
            ".backoffFunction must be one of: arithmetic, exponential, geometric, linear",
        ),
        (1 <= least <= longest, f".minDelayTarget must be between 1 and {longest}"),
        (least <= most <= longest, f".maxDelayTarget must be between minDelayTarget and {longest}"),
        (
            policy["numRetries"] <= limits.HTTP_RETRIES,
            f".numRetries must be less than or equal to {limits.HTTP_RETRIES}",
        ),
        (
            parts <= policy["numRetries"],
            f".numRetries must be greater than or equal to the sum of {', '.join(_PARTS[:-1])} and {_PARTS[-1]}",
        ),
    ]


def _throttle(given: Document, path: str) -> None:
    _known(given, {"maxReceivesPerSecond"}, f"{path}.")
    if given:
        _integer(given.get("maxReceivesPerSecond"), f"{path}.maxReceivesPerSecond", 1)


def _request(given: Document, path: str) -> None:
    _known(given, {"headerContentType"}, f"{path}.")
    kind = given.get("headerContentType", PLAIN_TEXT)
    if not isinstance(kind, str) or _base_type(kind) not in _CONTENT_TYPES | _RAW_CONTENT_TYPES:
        raise _refusal(f"{path}.headerContentType is not a supported content type")


def _base_type(kind: str) -> str:
    return kind.partition(";")[0].strip().lower()


def _integer(value: Any, path: str, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _refusal(f"{path} must be an integer")
    if value < least:
        raise _refusal(f"{path} must be greater than or equal to {least}")


def _refusal(reason: str) -> Exception:
    return errors.attribute("DeliveryPolicy", reason)

"""Website configurations as values: are they well-formed, and where do they redirect to?

https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-to-page-redirect.html
"""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import quote

from fogbank.services.s3 import errors

Document = dict[str, Any]

ROUTING_RULES = 50
_SCHEMES = ("http", "https")


# -- checking


def check(website: Document) -> None:
    """Raise InvalidArgument or InvalidRequest for a configuration that S3 would not take."""
    everything = website.get("RedirectAllRequestsTo")
    index, error = website.get("IndexDocument"), website.get("ErrorDocument")
    rules = website.get("RoutingRules") or []
    if everything is not None:
        if index is not None or error is not None or rules:
            raise errors.invalid_argument(
                "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.",
                "RedirectAllRequestsTo",
                "not null",
            )
        _check_scheme(everything.get("Protocol"))
        return
    if index is None:
        raise errors.invalid_argument(
            "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty",
            "IndexDocument",
            "null",
        )
    if not index["Suffix"] or "/" in index["Suffix"]:
        raise errors.invalid_argument("The IndexDocument Suffix is not well formed", "IndexDocument", index["Suffix"])
    if error is not None and not error["Key"]:
        raise errors.invalid_argument("The ErrorDocument Key is not well formed", "ErrorDocument", error["Key"])
    _check_rules(rules)


def _check_rules(rules: list[Document]) -> None:
    if len(rules) > ROUTING_RULES:
        raise errors.invalid_request(
            f"{len(rules)} routing rules provided, the number of routing rules in a website configuration is limited to "
            f"{ROUTING_RULES}."
        )
    for rule in rules:
        _check_condition(rule.get("Condition"))
        _check_redirect(rule["Redirect"])


def _check_condition(condition: Document | None) -> None:
    if condition is None:
        return
    if not condition:
        raise errors.invalid_request(
            "Condition cannot be empty. To redirect all requests without a condition, the condition element shouldn't be present."
        )
    code = condition.get("HttpErrorCodeReturnedEquals")
    if code is not None and not (code.isdigit() and 400 <= int(code) <= 599):
        raise errors.invalid_request(f"The provided HTTP error code ({code}) is not valid. Valid codes are 4XX or 5XX.")


def _check_redirect(redirect: Document) -> None:
    if not redirect:
        raise errors.malformed_xml()
    if "ReplaceKeyWith" in redirect and "ReplaceKeyPrefixWith" in redirect:
        raise errors.invalid_request("You can only define ReplaceKeyPrefix or ReplaceKey but not both.")
    _check_scheme(redirect.get("Protocol"))
    code = redirect.get("HttpRedirectCode")
    if code is not None and not (code.isdigit() and 301 <= int(code) <= 399):
        raise errors.invalid_request(
            f"The provided HTTP redirect code ({code}) is not valid. Valid codes are 3XX except 300."
        )


def _check_scheme(scheme: str | None) -> None:
    if scheme is not None and scheme not in _SCHEMES:
        raise errors.invalid_request(
            "Invalid protocol, protocol can be http or https. If not defined the protocol will be selected automatically."
        )


# -- redirecting


class Asked(NamedTuple):
    """What a visitor asked for: `key` is without escapes and may be empty, `query` as it was sent."""

    scheme: str
    host: str
    key: str
    query: str


class Redirect(NamedTuple):
    status: int
    location: str


def everything(website: Document, asked: Asked) -> Redirect | None:
    """Where a website leads that is somewhere else altogether."""
    target = website.get("RedirectAllRequestsTo")
    if target is None:
        return None
    query = f"?{asked.query}" if asked.query else ""
    scheme = target.get("Protocol") or asked.scheme
    return Redirect(301, f"{scheme}://{target['HostName']}/{quote(asked.key)}{query}")


def by_rule(website: Document, asked: Asked, status: int | None = None) -> Redirect | None:
    """Where the first routing rule leads that fits the key and, when the request failed, its `status`."""
    for rule in website.get("RoutingRules") or ():
        condition = rule.get("Condition") or {}
        prefix, code = condition.get("KeyPrefixEquals"), condition.get("HttpErrorCodeReturnedEquals")
        if (code is None) != (status is None) or (code is not None and int(code) != status):
            continue
        if asked.key.startswith(prefix or ""):
            return _applied(rule["Redirect"], asked, prefix or "")
    return None


def _applied(redirect: Document, asked: Asked, prefix: str) -> Redirect:
    key = asked.key
    if "ReplaceKeyWith" in redirect:
        key = redirect["ReplaceKeyWith"]
    elif "ReplaceKeyPrefixWith" in redirect:
        key = redirect["ReplaceKeyPrefixWith"] + key[len(prefix) :]
    scheme, host = redirect.get("Protocol") or asked.scheme, redirect.get("HostName") or asked.host
    # what is put in place of a key may be a query or a fragment, and goes out as it is
    return Redirect(
        int(redirect.get("HttpRedirectCode") or 301), f"{scheme}://{host}/{quote(key, safe='/?#&=!:@%+,;')}"
    )

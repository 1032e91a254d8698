"""CORS rules as values: are they well-formed, and which of them is a browser's request under?

https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from fogbank.services.s3 import errors

Rule = dict[str, Any]
Headers = list[tuple[str, str]]

METHODS = ("GET", "PUT", "HEAD", "POST", "DELETE")
RULES = 100
ID_LENGTH = 255

VARY = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"


# -- checking


def check(rules: Sequence[Rule]) -> None:
    """Raise MalformedXML, InvalidRequest or InvalidArgument for rules that S3 would not take."""
    if not rules:
        raise errors.malformed_xml()
    if len(rules) > RULES:
        raise errors.invalid_request(f"The number of CORS rules should not exceed allowed limit of {RULES} rules.")
    for rule in rules:
        _check_rule(rule)


def _check_rule(rule: Rule) -> None:
    if len(rule.get("ID") or "") > ID_LENGTH:
        raise errors.invalid_argument(f"ID length should not exceed allowed limit of {ID_LENGTH}", "ID", rule["ID"])
    for method in rule["AllowedMethods"]:
        if method not in METHODS:
            raise errors.invalid_request(
                f"Found unsupported HTTP method in CORS config. Unsupported method is {method}"
            )
    _check_wildcards("AllowedOrigin", rule["AllowedOrigins"])
    _check_wildcards("AllowedHeader", rule.get("AllowedHeaders") or ())
    for header in rule.get("ExposeHeaders") or ():
        if "*" in header:
            raise errors.invalid_request(
                f'ExposeHeader "{header}" contains wildcard. We currently do not support wildcard for ExposeHeader.'
            )


def _check_wildcards(name: str, values: Iterable[str]) -> None:
    for value in values:
        if value.count("*") > 1:
            raise errors.invalid_request(f'{name} "{value}" can not have more than one wildcard.')


# -- matching


def find(rules: Iterable[Rule], origin: str, method: str, headers: Sequence[str] = ()) -> Rule | None:
    """The first rule under which a page of `origin` may use `method` with these request headers."""
    return next((rule for rule in rules if _allows(rule, origin, method, headers)), None)


def _allows(rule: Rule, origin: str, method: str, headers: Sequence[str]) -> bool:
    if method not in rule["AllowedMethods"] or _origin(rule, origin) is None:
        return False
    patterns = [_compiled(pattern.lower()) for pattern in rule.get("AllowedHeaders") or ()]
    return all(any(pattern.fullmatch(header) for pattern in patterns) for header in headers)


def _origin(rule: Rule, origin: str) -> str | None:
    """The pattern that the origin fits; `*` itself is told apart, since its answers name no origin."""
    return next((pattern for pattern in rule["AllowedOrigins"] if _compiled(pattern).fullmatch(origin)), None)


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in pattern.split("*")), re.DOTALL)


# -- answering


def headers_of(rule: Rule, origin: str) -> Headers:
    """What a browser is told under a rule."""
    headers = [("Access-Control-Allow-Methods", ", ".join(rule["AllowedMethods"])), ("Vary", VARY)]
    if _origin(rule, origin) == "*":
        headers.append(("Access-Control-Allow-Origin", "*"))
    else:
        headers += [("Access-Control-Allow-Origin", origin), ("Access-Control-Allow-Credentials", "true")]
    if exposed := rule.get("ExposeHeaders"):
        headers.append(("Access-Control-Expose-Headers", ", ".join(exposed)))
    if rule.get("MaxAgeSeconds") is not None:
        headers.append(("Access-Control-Max-Age", str(rule["MaxAgeSeconds"])))
    return headers

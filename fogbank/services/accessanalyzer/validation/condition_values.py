"""Checks of the values in conditions: can the operator do anything with them?"""

from __future__ import annotations

import binascii
import ipaddress
import re
from base64 import b64decode
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from fogbank.identity.conditions import texts
from fogbank.services.accessanalyzer.validation.places import regions
from fogbank.services.accessanalyzer.validation.tree import Place, Test
from fogbank.services.accessanalyzer.validation.wording import Finding, finding

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# RFC 1918 and RFC 4193
_PRIVATE: Final = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))
_WILD: Final = re.compile(r"[*?]")
_EXACT: Final = ("stringequals", "stringnotequals", "stringequalsignorecase", "stringnotequalsignorecase")
_BOUNDS: Final = ("lessthan", "lessthanequals", "greaterthan", "greaterthanequals")


def check(test: Test, operator: str, family: str) -> Iterator[Finding]:
    """`operator` is the bare name in lower case, `family` the kind of values that it compares."""
    values = [place for place in test.values.each() if not _is_variable(place)]
    yield from _kinds(test)
    if family == "Boolean" and len(test.values.each()) > 1:
        yield finding("INVALID_CONDITION_MULTIPLE_BOOLEAN", test.values.spot)
    for place in values:
        yield from _value(test, place, family)
    if operator in _EXACT:
        wild = [place.spot for place in values if isinstance(place.value, str) and _WILD.search(place.value)]
        if wild:
            yield finding("WILDCARD_WITHOUT_LIKE_OPERATOR", *wild)
    yield from _addresses(test, operator, values)
    yield from _bounds(test, operator)
    if test.key.lower() == "aws:requestedregion":
        yield from _regions(values)


def _is_variable(place: Place) -> bool:
    return isinstance(place.value, str) and "${" in place.value


def _text(place: Place) -> str:
    return texts(place.value)[0]


def _kinds(test: Test) -> Iterator[Finding]:
    """Values of several JSON types in one list."""
    kinds = {type(place.value) for place in test.values.each()}
    if len(kinds - {list, dict, type(None)}) > 1:
        yield finding("INVALID_CONDITION_DATA_TYPE", test.values.spot)


def _value(test: Test, place: Place, family: str) -> Iterator[Finding]:
    """One value, held against the kind that the operator compares."""
    rule = _RULES.get(family)
    if rule is not None and not rule[1](_text(place)):
        yield finding(rule[0], place.spot, operator=test.operator)
    elif family == "Date" and _is_number(_text(place)):
        yield finding("INVALID_DATE_VALUE", place.spot, date=_text(place))
    elif family == "IpAddress":
        yield from _improvable(place)


def _is_boolean(text: str) -> bool:
    return text.lower() in ("true", "false")


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def _is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return _is_number(text)
    return True


def _is_base64(text: str) -> bool:
    try:
        b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _network(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


_RULES: Final[dict[str, tuple[str, Callable[[str], bool]]]] = {
    "Boolean": ("TYPE_MISMATCH_BOOLEAN", _is_boolean),
    "Numeric": ("TYPE_MISMATCH_NUMBER", _is_number),
    "Date": ("TYPE_MISMATCH_DATE", _is_date),
    "IpAddress": ("TYPE_MISMATCH_IP_RANGE", lambda text: _network(text) is not None),
    "Binary": ("TYPE_MISMATCH_STRING", _is_base64),
}


# -- addresses


def _improvable(place: Place) -> Iterator[Finding]:
    network = _network(_text(place))
    if network is not None and _text(place).partition("/")[0] != str(network.network_address):
        yield finding("IMPROVE_IP_RANGE", place.spot, network=network)


def _addresses(test: Test, operator: str, values: list[Place]) -> Iterator[Finding]:
    """aws:SourceIp is always a public address."""
    if test.key.lower() != "aws:sourceip" or operator not in ("ipaddress", "notipaddress"):
        return
    networks = [network for place in values if (network := _network(_text(place))) is not None]
    private = [_is_private(network) for network in networks]
    if any(private):
        code = "PRIVATE_IP_ADDRESS" if operator == "ipaddress" else "PRIVATE_NOT_IP_ADDRESS"
        yield finding(code if all(private) else f"{code}_SUBSET", test.values.spot)


def _is_private(network: Any) -> bool:
    return any(network.version == private.version and network.subnet_of(private) for private in _PRIVATE)


# -- others


def _bounds(test: Test, operator: str) -> Iterator[Finding]:
    """Of several bounds in one test only one counts: the widest."""
    kind = next((kind for kind in ("numeric", "date") if operator.startswith(kind)), "")
    bound = operator.removeprefix(kind)
    if kind and bound in _BOUNDS and len(test.values.each()) > 1:
        extreme = "greatest" if bound.startswith("less") else "least"
        words: dict[str, Any] = {"operator": test.operator, "key": test.key, "extreme": extreme}
        yield finding("REDUNDANT_CONDITION_VALUE_NUM", test.values.spot, **words)


def _regions(values: list[Place]) -> Iterator[Finding]:
    for place in values:
        region = _text(place)
        if not _WILD.search(region) and region not in regions():
            yield finding("INVALID_REGION", place.spot, region=region)

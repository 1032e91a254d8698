"""Processors that take a text apart. Each is a function of its settings, the text, and gives fields; None where it cannot. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Transformation-Configurable.html
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import orjson

from fogbank.services.logs.transforming import grok, paths
from fogbank.services.logs.transforming.paths import Document

Settings = dict[str, Any]
Parser = Callable[[Settings, str], Document | None]


def parse_json(settings: Settings, text: str) -> Document | None:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def _grok(settings: Settings, text: str) -> Document | None:
    found = grok.compiled(settings["match"]).fields(text)
    if found is None:
        return None
    document: Document = {}
    for path, value in found.items():
        paths.put(document, path, value)
    return document


def _csv(settings: Settings, text: str) -> Document | None:
    delimiter = settings.get("delimiter", ",").replace("\\t", "\t")
    quote = settings.get("quoteCharacter", '"')
    reader = csv.reader(io.StringIO(text), delimiter=delimiter[0], quotechar=quote, skipinitialspace=True)
    try:
        row = next(reader, None)
    except csv.Error:
        return None
    if row is None:
        return None
    columns = settings.get("columns") or []
    return {columns[nth] if nth < len(columns) else f"column_{nth + 1}": value for nth, value in enumerate(row)}


def _key_value(settings: Settings, text: str) -> Document | None:
    between, within = settings.get("fieldDelimiter", "&"), settings.get("keyValueDelimiter", "=")
    prefix, other = settings.get("keyPrefix", ""), settings.get("nonMatchValue")
    found: Document = {}
    for part in text.split(between):
        key, has_value, value = part.partition(within)
        if has_value:
            found[prefix + key.strip()] = value
        elif part and other is not None:
            found[prefix + part] = other
    return found


# -- logs of AWS services

_VPC = [
    "version", "accountId", "interfaceId", "srcAddr", "dstAddr", "srcPort", "dstPort", "protocol", "packets", "bytes", "start", "end",
    "action", "logStatus",
]  # fmt: skip
_VPC_NUMBERS = frozenset({"version", "srcPort", "dstPort", "protocol", "packets", "bytes", "start", "end"})
_ROUTE53 = [
    "version", "queryTimestamp", "hostZoneId", "queryName", "queryType", "responseCode", "protocol", "edgeLocation", "resolverIp",
    "ednsClientSubnet",
]  # fmt: skip
_CLOUDFRONT = [
    "date", "time", "x-edge-location", "sc-bytes", "c-ip", "cs-method", "cs(Host)", "cs-uri-stem", "sc-status", "cs(Referer)",
    "cs(User-Agent)", "cs-uri-query", "cs(Cookie)", "x-edge-result-type", "x-edge-request-id", "x-host-header", "cs-protocol",
    "cs-bytes", "time-taken", "x-forwarded-for", "ssl-protocol", "ssl-cipher", "x-edge-response-result-type", "cs-protocol-version",
    "fle-status", "fle-encrypted-fields", "c-port", "time-to-first-byte", "x-edge-detailed-result-type", "sc-content-type",
    "sc-content-len", "sc-range-start", "sc-range-end",
]  # fmt: skip
_CLOUDFRONT_NUMBERS = frozenset(
    {"sc-bytes", "sc-status", "cs-bytes", "time-taken", "c-port", "time-to-first-byte", "sc-content-len"}
)
_POSTGRES = re.compile(
    r"(?P<logTime>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? \w+):(?P<srcIp>[^:]*):(?P<userName>[^@]*)@(?P<dbName>[^:]*):"
    r"\[(?P<processId>\d+)\]:(?P<logLevel>\w+):"
)


def _number(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _vpc(settings: Settings, text: str) -> Document | None:
    words = text.split()
    if len(words) != len(_VPC):
        return None
    return {name: _number(word) if name in _VPC_NUMBERS else word for name, word in zip(_VPC, words, strict=True)}


def _route53(settings: Settings, text: str) -> Document | None:
    words = text.split()
    if not len(_ROUTE53) - 1 <= len(words) <= len(_ROUTE53):
        return None
    fields = dict(zip(_ROUTE53, words, strict=False))
    return {**fields, "version": _number(fields["version"])}


def _cloudfront(settings: Settings, text: str) -> Document | None:
    words = text.split("\t")
    if len(words) < len(_CLOUDFRONT) - 7:
        return None
    found = zip(_CLOUDFRONT, words, strict=False)
    return {name: _number(word) if name in _CLOUDFRONT_NUMBERS else unquote(word) for name, word in found}


def _postgres(settings: Settings, text: str) -> Document | None:
    found = _POSTGRES.match(text)
    return None if found is None else found.groupdict()


def _waf(settings: Settings, text: str) -> Document | None:
    """Headers become an object, labels one with `true` in it."""
    document = parse_json(settings, text)
    if document is None:
        return None
    request = document.get("httpRequest")
    if isinstance(request, dict) and isinstance(request.get("headers"), list):
        request["headers"] = {
            each["name"]: each["value"] for each in request["headers"] if "name" in each and "value" in each
        }
    if isinstance(document.get("labels"), list):
        document["labels"] = {each["name"]: True for each in document["labels"] if "name" in each}
    return document


PARSERS: dict[str, Parser] = {
    "parseJSON": parse_json,
    "grok": _grok,
    "csv": _csv,
    "parseKeyValue": _key_value,
    "parseVPC": _vpc,
    "parseRoute53": _route53,
    "parseCloudfront": _cloudfront,
    "parsePostgres": _postgres,
    "parseWAF": _waf,
}

VENDED = frozenset({"parseVPC", "parseRoute53", "parseCloudfront", "parsePostgres", "parseWAF"})

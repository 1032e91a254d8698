"""Checks of resources: are their ARNs in the form that their services give them?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from fogbank.identity import reference
from fogbank.services.accessanalyzer.globs import common
from fogbank.services.accessanalyzer.validation.actions import covered
from fogbank.services.accessanalyzer.validation.places import partitions, regions
from fogbank.services.accessanalyzer.validation.tree import Document, Place
from fogbank.services.accessanalyzer.validation.wording import Finding, finding

_FIELDS = 6
_PLACEHOLDER = re.compile(r"\$\{[^{}]*\}")
_OPEN = re.compile(r".*([*?]|\$\{).*", re.DOTALL)
_ACCOUNT = re.compile(r"\d{12}")
# accounts of AWS's own in ARNs
_NAMED_ACCOUNTS = ("", "aws", "aws-managed", "cloudfront", "third-party")

Form = tuple[str, str, str]


def check(document: Document) -> Iterator[Finding]:
    for statement in document.statements:
        for name in ("Resource", "NotResource"):
            resources = statement.texts(name)
            for resource in resources:
                if resource.value != "*":
                    yield from _arn(resource)
            redundant = covered(resources, [resource.value for resource in resources])
            if redundant:
                yield finding("REDUNDANT_RESOURCE", *(place.spot for place in redundant), count=len(redundant))


def _arn(place: Place) -> Iterator[Finding]:
    fields = place.value.split(":", _FIELDS - 1)
    if fields[0] != "arn":
        yield finding("INVALID_ARN_PREFIX", place.spot)
    elif len(fields) < _FIELDS:
        yield finding("MISSING_ARN_FIELD", place.spot)
    else:
        yield from _partition(place, fields)
        yield from _service(place, fields)


def _partition(place: Place, fields: list[str]) -> Iterator[Finding]:
    partition, service = fields[1], fields[2]
    if not _OPEN.fullmatch(partition) and partition not in partitions():
        words = {"service": service, "partition": partition, "supported": ", ".join(partitions())}
        yield finding("INVALID_PARTITION", place.part(len("arn:"), len(partition)), **words)


def _service(place: Place, fields: list[str]) -> Iterator[Finding]:
    service = fields[2]
    spot = place.part(len("arn:") + len(fields[1]) + 1, len(service))
    if _OPEN.fullmatch(service):
        yield finding("WILDCARD_IN_SERVICE_NAME", spot)
    elif service != service.lower() and _is_service(service.lower()):
        yield finding("INVALID_ARN_SERVICE_CASE", spot, service=service)
    elif not _is_service(service):
        yield finding("INVALID_SERVICE", spot, service=service)
    else:
        yield from _form(place, fields)


def _is_service(name: str) -> bool:
    return reference.service(name) is not None or name in _forms()


def _form(place: Place, fields: list[str]) -> Iterator[Finding]:
    """Whether the last three fields are as one of the service's resource types has them."""
    service, region, account, resource = fields[2:]
    if account not in _NAMED_ACCOUNTS and not _OPEN.fullmatch(account) and not _ACCOUNT.fullmatch(account):
        yield finding("INVALID_ARN_ACCOUNT", place.spot, account=account)
        return
    if service not in _forms():
        return
    forms = _forms()[service] + _forms().get("*", [])
    fitting = [form for form in forms if common(form[2], resource)]
    if not fitting:
        yield finding("INVALID_ARN_RESOURCE", place.spot)
        return
    yield from _region(place, service, region, fitting)
    if account not in ("", "*") and not any(form[1] for form in fitting):
        yield finding("ARN_ACCOUNT_NOT_ALLOWED", place.spot, service=service)


def _region(place: Place, service: str, region: str, fitting: list[Form]) -> Iterator[Finding]:
    if not region:
        if all(form[0] for form in fitting):
            yield finding("MISSING_ARN_REGION", place.spot, service=service)
    elif region != "*" and not any(form[0] for form in fitting):
        yield finding("ARN_REGION_NOT_ALLOWED", place.spot, service=service)
    elif not _OPEN.fullmatch(region) and region not in regions():
        yield finding("INVALID_ARN_REGION", place.spot, region=region)


@cache
def _forms() -> dict[str, list[Form]]:
    """By the service in an ARN the forms of its resources: region, account and resource, each as a pattern or empty.

    A service's ARNs may have another name than its actions (`catalog` for Service Catalog), so all are looked through. Some are
    of any service (AWS Backup's recovery points).
    """
    found: dict[str, list[Form]] = {}
    for prefix in reference.prefixes():
        known = reference.service(prefix)
        for kind in known.resource_types.values() if known else ():
            fields = _PLACEHOLDER.sub("*", kind.arn).split(":", _FIELDS - 1)
            if len(fields) == _FIELDS:
                found.setdefault(fields[2], []).append((fields[3], fields[4], fields[5]))
    return found

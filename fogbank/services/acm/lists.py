"""ListCertificates, SearchCertificates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fogbank.certificates import reading
from fogbank.kernel import Context, pages
from fogbank.services.acm import descriptions, errors, limits, searching
from fogbank.services.acm.access import ON_ACCOUNT
from fogbank.services.acm.certificate import Certificate, arn, certificates
from fogbank.services.acm.service import service

Request = dict[str, Any]

# Without a filter, ListCertificates is about these only.
_DEFAULT_KEYS = ("RSA_1024", "RSA_2048")
_DEFAULT_ORIGINS = ("AWS_MANAGED", "CUSTOMER_PROVIDED")


@service.operation(**ON_ACCOUNT)
async def list_certificates(ctx: Context, request: Request) -> Request:
    """The certificates that pass the filters, by default those with RSA keys of up to 2048 bits. API_ListCertificates."""
    if ("SortBy" in request) != ("SortOrder" in request):
        raise errors.sort_needs_order()
    found = [one for one in await certificates.scan(ctx) if _passes(one, request)]
    descending = request.get("SortOrder") == "DESCENDING"
    shown, token = _page(found, request, "MaxItems", _by_creation, descending, errors.invalid_list_token())
    return {"CertificateSummaryList": [descriptions.summary(ctx, one) for one in shown], "NextToken": token}


def _passes(certificate: Certificate, request: Request) -> bool:
    includes = request.get("Includes") or {}
    return (
        _is_among(certificate.status, request.get("CertificateStatuses"))
        and _is_among(certificate.algorithm, includes.get("keyTypes") or _DEFAULT_KEYS)
        and _is_among(descriptions.origin(certificate), request.get("CertificateKeyPairOrigins") or _DEFAULT_ORIGINS)
        and _is_among(certificate.export, [includes["exportOption"]] if "exportOption" in includes else None)
        and _is_among(certificate.managed_by, [includes["managedBy"]] if "managedBy" in includes else None)
        and _has_usages(certificate, includes)
    )


def _is_among(value: str, wanted: Any) -> bool:
    return not wanted or value in wanted


def _has_usages(certificate: Certificate, includes: Request) -> bool:
    wanted, extended = includes.get("keyUsage") or (), includes.get("extendedKeyUsage") or ()
    if not wanted and not extended:
        return True
    if not certificate.certificate:
        return False
    found = reading.load(certificate.certificate)
    return set(wanted) <= set(reading.key_usages(found)) and set(extended) <= {
        name for name, _ in reading.extended_key_usages(found)
    }


# -- searching


@service.operation(**ON_ACCOUNT)
async def search_certificates(ctx: Context, request: Request) -> Request:
    """The certificates that a statement of filters is true of. API_SearchCertificates."""
    statement = request.get("FilterStatement")
    searching.check(statement)
    found = [one for one in await certificates.scan(ctx) if searching.holds(statement, one, arn(ctx, one))]
    order = _ORDERS[request.get("SortBy", "CREATED_AT")]
    descending = request.get("SortOrder", "DESCENDING") == "DESCENDING"
    shown, token = _page(found, request, "MaxResults", order, descending, errors.invalid_next_token())
    return {"Results": [descriptions.search_result(ctx, one) for one in shown], "NextToken": token}


# -- order and pages


def _time(name: str) -> Callable[[Certificate], str]:
    return lambda one: f"{getattr(one, name) or 0:020.6f}"


_ORDERS: dict[str, Callable[[Certificate], str]] = {
    "CREATED_AT": _time("created"),
    "NOT_AFTER": _time("not_after"),
    "NOT_BEFORE": _time("not_before"),
    "ISSUED_AT": _time("issued"),
    "IMPORTED_AT": _time("imported"),
    "REVOKED_AT": _time("revoked"),
    "STATUS": lambda one: one.status,
    "RENEWAL_STATUS": lambda one: one.renewal.status if one.renewal else "",
    "EXPORTED": lambda one: str(one.exported),
    "IN_USE": lambda one: str(bool(one.used_by)),
    "KEY_ALGORITHM": lambda one: one.algorithm,
    "TYPE": lambda one: one.type,
    "CERTIFICATE_ARN": lambda one: one.id,
    "COMMON_NAME": lambda one: one.domain,
    "RENEWAL_ELIGIBILITY": descriptions.eligibility,
    "MANAGED_BY": lambda one: one.managed_by,
    "EXPORT_OPTION": lambda one: one.export,
    "VALIDATION_METHOD": lambda one: one.method,
}


def _by_creation(one: Certificate) -> str:
    return _ORDERS["CREATED_AT"](one)


def _page(
    found: list[Certificate],
    request: Request,
    limit_member: str,
    order: Callable[[Certificate], str],
    descending: bool,
    invalid: Any,
) -> tuple[Any, str | None]:
    """A page of what was found in that order; those that are equal in it come by id."""

    def position(one: Certificate) -> str:
        return f"{order(one)} {one.id}"

    rows = sorted(found, key=position, reverse=descending)
    if "NextToken" in request:
        last = pages.position(request["NextToken"], invalid)
        rows = [one for one in rows if (position(one) < last if descending else position(one) > last)]
    return pages.page(rows, request.get(limit_member, limits.PAGE), position)

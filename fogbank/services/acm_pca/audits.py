"""Audit reports: what an authority has issued and revoked, written to an S3 bucket as JSON or CSV.

https://docs.aws.amazon.com/privateca/latest/userguide/PcaAuditReport.html
"""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import msgspec

from fogbank.certificates import names, reading
from fogbank.http import Payload
from fogbank.kernel import AWSError, Context
from fogbank.services.acm_pca import errors, events, limits, states
from fogbank.services.acm_pca.access import OWNED
from fogbank.services.acm_pca.authority import Authority, Issued, Report, arn, authorities, find, issued, reports, save
from fogbank.services.acm_pca.service import service

Request = dict[str, Any]

_COLUMNS = (
    "awsAccountId",
    "requestedByServicePrincipal",
    "certificateArn",
    "serial",
    "subject",
    "notBefore",
    "notAfter",
    "issuedAt",
    "revokedAt",
    "revocationReason",
    "templateArn",
)


@service.operation(**OWNED)
async def create_certificate_authority_audit_report(ctx: Context, request: Request) -> Request:
    """Have a report written. API_CreateCertificateAuthorityAuditReport."""
    scope, authority = await find(ctx, request)
    states.require(authority.status, *states.WITH_CERTIFICATE)
    if scope.now() < authority.reported + limits.REPORT_SECONDS:
        raise errors.report_too_soon()
    report_id, kind = scope.ids.uuid(), request["AuditReportResponseFormat"]
    key = f"audit-report/{authority.id}/{report_id}.{kind.lower()}"
    reports.put(scope, Report(request["S3BucketName"], key, "CREATING", scope.now(), kind), authority.id, report_id)
    save(scope, authority, reported=scope.now())
    await scope.schedule("write_report", {"authority": authority.id, "report": report_id})
    return {"AuditReportId": report_id, "S3Key": key}


@service.operation(**OWNED)
async def describe_certificate_authority_audit_report(ctx: Context, request: Request) -> Request:
    """Whether a report has been written, and where. API_DescribeCertificateAuthorityAuditReport."""
    scope, authority = await find(ctx, request)
    report = await reports.get(scope, authority.id, request["AuditReportId"])
    if report is None:
        raise errors.report_not_found(request["AuditReportId"])
    return {
        "AuditReportStatus": report.status,
        "S3BucketName": report.bucket,
        "S3Key": report.key,
        "CreatedAt": report.created,
    }


@service.task
async def write_report(ctx: Context, payload: dict[str, Any]) -> None:
    authority = await authorities.get(ctx, payload["authority"])
    report = await reports.get(ctx, payload["authority"], payload["report"])
    if authority is None or report is None:
        return
    rows = [_row(ctx, authority, one) for one in await issued.scan(ctx, authority.id)]
    body = _as_json(rows) if report.format == "JSON" else _as_csv(rows)
    request = {"Bucket": report.bucket, "Key": report.key, "Body": Payload(body)}
    try:
        await ctx.call("s3", "PutObject", request, source_arn=arn(ctx, authority))
        status = "SUCCESS"
    except AWSError:
        status = "FAILED"
    reports.put(ctx, msgspec.structs.replace(report, status=status), authority.id, payload["report"])
    result = "success" if status == "SUCCESS" else "failure"
    await events.publish(ctx, authority, "ACM Private CA Audit Report Generation", result, payload["report"])


def _row(ctx: Context, authority: Authority, one: Issued) -> dict[str, str]:
    certificate = reading.load(one.certificate)
    found = {
        "awsAccountId": ctx.account,
        "requestedByServicePrincipal": one.principal,
        "certificateArn": f"{arn(ctx, authority)}/certificate/{certificate.serial_number:x}",
        "serial": reading.serial(certificate),
        "subject": names.text(certificate.subject),
        "notBefore": _time(reading.not_before(certificate)),
        "notAfter": _time(reading.not_after(certificate)),
        "issuedAt": _time(one.at),
        "revokedAt": "" if one.revoked is None else _time(one.revoked),
        "revocationReason": one.reason,
        "templateArn": one.template,
    }
    return {name: value for name, value in found.items() if value}


def _time(moment: float) -> str:
    return datetime.fromtimestamp(int(moment), UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def _as_json(rows: list[dict[str, str]]) -> bytes:
    return json.dumps(rows, indent=2).encode()


def _as_csv(rows: list[dict[str, str]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, restval="", quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()

"""The credential report: the state of every user's credentials, as a table.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html. A report is made by a task, is good for four hours,
and lies line by line, since an account can have thousands of users.
"""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any, Final

from fogbank.kernel import AWSError, Context, Record
from fogbank.services.iam import login_profiles, mfa, passwords, signing_certificates, uses
from fogbank.services.iam.access_keys import AccessKey, keys_of
from fogbank.services.iam.passwords import PasswordPolicy
from fogbank.services.iam.service import service
from fogbank.services.iam.signing_certificates import SigningCertificate
from fogbank.services.iam.users import users

Request = dict[str, Any]
Cells = dict[str, str]

_VALID_SECONDS: Final = 4 * 3600
_DAY: Final = 86_400
_SHOWN: Final = 2

_KEY_COLUMNS: Final = ("active", "last_rotated", "last_used_date", "last_used_region", "last_used_service")
COLUMNS: Final = (
    "user",
    "arn",
    "user_creation_time",
    "password_enabled",
    "password_last_used",
    "password_last_changed",
    "password_next_rotation",
    "mfa_active",
    *(f"access_key_{number}_{column}" for number in (1, 2) for column in _KEY_COLUMNS),
    *(f"cert_{number}_{column}" for number in (1, 2) for column in ("active", "last_rotated")),
    "additional_credentials_info",
)


class Report(Record, frozen=True):
    """When a report was asked for, and when it was made (epoch seconds)."""

    asked: int
    made: int | None = None


_reports = service.collection("credential_report", Report, scope="account")
_lines = service.collection("credential_report_lines", str, scope="account")


# -- the operations


@service.operation
async def generate_credential_report(ctx: Context, request: Request) -> Request:
    """Have a report made, unless there is one that is still good. API_GenerateCredentialReport."""
    report = await _reports.get(ctx)
    if report is not None and report.made is None:
        return {"State": "INPROGRESS"}
    if report is not None and not _is_expired(ctx, report):
        return {"State": "COMPLETE"}
    _reports.put(ctx, Report(int(ctx.now())))
    await ctx.schedule("make_credential_report")
    return {"State": "STARTED", "Description": "No report exists. Starting a new report generation task"}


def _is_expired(ctx: Context, report: Report) -> bool:
    return report.made is not None and ctx.now() - report.made >= _VALID_SECONDS


@service.operation
async def get_credential_report(ctx: Context, request: Request) -> Request:
    """API_GetCredentialReport."""
    report = await _reports.get(ctx)
    if report is None:
        raise AWSError("CredentialReportNotPresentException", "No report exists for this account.")
    if report.made is None:
        raise AWSError("CredentialReportNotReadyException", "Report is being generated.")
    if _is_expired(ctx, report):
        raise AWSError("CredentialReportExpiredException", "The most recent credential report has expired.")
    content = "\n".join(await _lines.scan(ctx))
    return {"Content": content.encode(), "ReportFormat": "text/csv", "GeneratedTime": report.made}


@service.task
async def make_credential_report(ctx: Context, payload: dict[str, Any]) -> None:
    """Write the report as of now."""
    report = await _reports.get(ctx)
    assert report is not None
    for key, _ in await _lines.items(ctx, (int,)):
        _lines.delete(ctx, key[0])
    rows = [dict(zip(COLUMNS, COLUMNS, strict=True)), await _root(ctx), *await _users(ctx)]
    for number, cells in enumerate(rows):
        _lines.put(ctx, _line(cells), number)
    _reports.put(ctx, Report(report.asked, int(ctx.now())))


def _line(cells: Cells) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow([cells[column] for column in COLUMNS])
    return out.getvalue()


# -- what is in it


async def _root(ctx: Context) -> Cells:
    """The account's root, which has no password here."""
    return {
        "user": "<root_account>",
        "arn": f"arn:{ctx.partition}:iam::{ctx.account}:root",
        "user_creation_time": _time(0),
        "password_enabled": "not_supported",
        "password_last_used": "no_information",
        "password_last_changed": "not_supported",
        "password_next_rotation": "not_supported",
        "mfa_active": "false",
        **await _keys_and_certificates(ctx, ctx.account),
    }


async def _users(ctx: Context) -> list[Cells]:
    policy = await passwords.policies.get(ctx)
    return [
        {
            "user": user.name,
            "arn": users.arn(ctx, user),
            "user_creation_time": _time(user.created),
            **await _password(ctx, user.id, policy),
            "mfa_active": _bool(await mfa.has_device(ctx, user.id)),
            **await _keys_and_certificates(ctx, user.id),
        }
        for user in await users.in_path(ctx, None)
    ]


async def _password(ctx: Context, user_id: str, policy: PasswordPolicy | None) -> Cells:
    """A user's password. Nobody signs in with one here, so it was never used."""
    profile = await login_profiles.profiles.get(ctx, user_id)
    age = 0 if policy is None else policy.max_age
    known = profile is not None
    return {
        "password_enabled": _bool(known),
        "password_last_used": "no_information" if known else "N/A",
        "password_last_changed": "N/A" if profile is None else _time(profile.changed),
        "password_next_rotation": _time(profile.changed + age * _DAY) if profile is not None and age else "N/A",
    }


async def _keys_and_certificates(ctx: Context, holder: str) -> Cells:
    keys = await keys_of(ctx, holder)
    certificates = await signing_certificates.of_holder(ctx, holder)
    cells: Cells = {"additional_credentials_info": "N/A"}
    for number in range(_SHOWN):
        key = keys[number] if number < len(keys) else None
        certificate = certificates[number] if number < len(certificates) else None
        for column, value in (await _key(ctx, key)).items():
            cells[f"access_key_{number + 1}_{column}"] = value
        for column, value in _certificate(certificate).items():
            cells[f"cert_{number + 1}_{column}"] = value
    return cells


async def _key(ctx: Context, key: AccessKey | None) -> Cells:
    if key is None:
        return {"active": "false", **dict.fromkeys(_KEY_COLUMNS[1:], "N/A")}
    use = await uses.of_access_key(ctx, key.id)
    return {
        "active": _bool(key.active),
        "last_rotated": _time(key.created),
        "last_used_date": _time(use["LastUsedDate"]) if "LastUsedDate" in use else "N/A",
        "last_used_region": use["Region"],
        "last_used_service": use["ServiceName"],
    }


def _certificate(certificate: SigningCertificate | None) -> Cells:
    if certificate is None:
        return {"active": "false", "last_rotated": "N/A"}
    return {"active": _bool(certificate.active), "last_rotated": _time(certificate.uploaded)}


def _time(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()


def _bool(value: bool) -> str:
    return str(value).lower()

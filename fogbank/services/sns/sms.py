"""Texts: settings, numbers that opted out, the sandbox's numbers, origination numbers; and sending, into the local mailbox.

sms_settings    ()        the attributes of SetSMSAttributes
opted_out       (number)  when, epoch seconds
opted_in        (number)  when it was opted in again, epoch seconds
sandbox         (number)  SandboxNumber
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import Any

import msgspec

from fogbank.kernel import Context, Record, mailbox, pages
from fogbank.services.sns import endpoints, errors, limits, status_log
from fogbank.services.sns.message import Message
from fogbank.services.sns.paging import after
from fogbank.services.sns.service import service

Request = dict[str, Any]

_DEFAULT_SENDER = "NOTICE"
_SENDER = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9-]{1,11}$")
_ROLE = re.compile(r"arn:[\w-]+:iam::\d{12}:role/.+$")
_STOPS = frozenset({"ARRET", "CANCEL", "END", "OPT-OUT", "OPTOUT", "QUIT", "REMOVE", "STOP", "TD", "UNSUBSCRIBE"})
_DAY = 86_400


class SandboxNumber(Record, frozen=True):
    """A destination that is to be verified. `sent` is when the passcode left, epoch seconds."""

    number: str
    passcode: str
    sent: float
    verified: bool = False


settings = service.collection("sms_settings", dict[str, str])
opted_out = service.collection("opted_out", float)
opted_in = service.collection("opted_in", float)
sandbox = service.collection("sandbox", SandboxNumber)


# -- sending


async def send(ctx: Context, number: str, body: str, message: Message, about: dict[str, str]) -> None:
    """Send the body of a message as a text from the context's account. Raises OptedOutException, InvalidParameterException."""
    attributes = message.attributes
    chosen = {name.rpartition(".")[2]: str(value) for name, (_, value) in attributes.items() if ".SMS." in name}
    given = await settings.get(ctx) or {}
    sender = chosen.get("SenderID") or given.get("DefaultSenderID") or _DEFAULT_SENDER
    kind = chosen.get("SMSType") or given.get("DefaultSMSType") or "Promotional"
    if not _SENDER.match(sender):
        raise errors.invalid_because("SenderID", "must be 1 to 11 alphanumeric characters with at least one letter")
    _check("DefaultSMSType", kind)
    if await opted_out.get(ctx, number) is not None:
        await status_log.text_failed(ctx, given, message, number, kind, "Phone number is opted out")
        raise errors.opted_out()
    mailbox.post(ctx, "sms", number, body, sender=sender, about={"SMSType": kind, **about})
    await status_log.texted(ctx, given, message, number, kind)


async def replied(ctx: Context, number: str, text: str) -> bool:
    """A phone answered. Returns whether it gets no more texts from the account."""
    if text.strip().upper() in _STOPS:
        opted_out.put(ctx, ctx.now(), number)
        return True
    return await opted_out.get(ctx, number) is not None


# -- settings


def _one_of(*values: str) -> Callable[[str], bool]:
    return lambda value: value in values


_SETTINGS: dict[str, Callable[[str], bool]] = {
    "DefaultSenderID": lambda value: _SENDER.match(value) is not None,
    "DefaultSMSType": _one_of("Promotional", "Transactional"),
    "DeliveryStatusIAMRole": lambda value: _ROLE.match(value) is not None,
    "DeliveryStatusSuccessSamplingRate": lambda value: value.isdigit() and int(value) <= 100,
    "MonthlySpendLimit": lambda value: value.isdigit(),
    "UsageReportS3Bucket": lambda value: 3 <= len(value) <= 63,
}


def _check(name: str, value: str) -> None:
    check = _SETTINGS.get(name)
    if check is None:
        raise errors.sms_attribute(name)
    if value and not check(value):
        raise errors.sms_attribute(name, f"Invalid value [{value}] for {name}")


@service.operation(action="sns:SetSMSAttributes")
async def set_sms_attributes(ctx: Context, request: Request) -> Request:
    """Change how texts are sent; an empty value takes a setting away. API_SetSMSAttributes."""
    for name, value in request["attributes"].items():
        _check(name, value)
    after_ = {**(await settings.get(ctx) or {}), **request["attributes"]}
    settings.put(ctx, {name: value for name, value in after_.items() if value})
    return {}


@service.operation(action="sns:GetSMSAttributes")
async def get_sms_attributes(ctx: Context, request: Request) -> Request:
    """The settings, or some of them. API_GetSMSAttributes."""
    wanted = request.get("attributes")
    for name in wanted or ():
        _check(name, "")
    found = {"MonthlySpendLimit": "1", **(await settings.get(ctx) or {})}
    return {"attributes": {name: value for name, value in found.items() if not wanted or name in wanted}}


# -- opting out


def _number(request: Request, name: str = "phoneNumber") -> str:
    number = endpoints.phone_number(request[name])
    if number is None:
        raise errors.badly_formatted_number()
    return number


@service.operation
async def check_if_phone_number_is_opted_out(ctx: Context, request: Request) -> Request:
    """API_CheckIfPhoneNumberIsOptedOut."""
    return {"isOptedOut": await opted_out.get(ctx, _number(request)) is not None}


@service.operation
async def list_phone_numbers_opted_out(ctx: Context, request: Request) -> Request:
    """The numbers that get no more texts, a hundred at a time. API_ListPhoneNumbersOptedOut."""
    rows = await opted_out.items(ctx, (str,), after=after(request, "nextToken"), limit=limits.PAGE + 1)
    numbers, token = pages.page([str(key[0]) for key, _ in rows], limits.PAGE, lambda number: number)
    return {"phoneNumbers": list(numbers), "nextToken": token}


@service.operation
async def opt_in_phone_number(ctx: Context, request: Request) -> Request:
    """Let a number get texts again, once in 30 days. API_OptInPhoneNumber."""
    number = _number(request)
    if await opted_out.get(ctx, number) is None:
        return {}
    last = await opted_in.get(ctx, number)
    if last is not None and ctx.now() - last < limits.OPT_IN_DAYS * _DAY:
        raise errors.opted_in_recently()
    opted_out.delete(ctx, number)
    opted_in.put(ctx, ctx.now(), number)
    return {}


# -- the sandbox


@service.operation(action="sns:GetSMSSandboxAccountStatus")
async def get_sms_sandbox_account_status(ctx: Context, request: Request) -> Request:
    """Accounts are out of the sandbox here: a text goes nowhere but into the mailbox. API_GetSMSSandboxAccountStatus."""
    return {"IsInSandbox": False}


@service.operation(action="sns:CreateSMSSandboxPhoneNumber")
async def create_sms_sandbox_phone_number(ctx: Context, request: Request) -> Request:
    """Send a passcode to a number, which verifies it. API_CreateSMSSandboxPhoneNumber."""
    number = _sandbox_number(request)
    if await opted_out.get(ctx, number) is not None:
        raise errors.opted_out()
    known = await sandbox.get(ctx, number)
    if known is None and await sandbox.count(ctx) >= limits.SANDBOX_NUMBERS:
        raise errors.sandbox_full()
    passcode = f"{secrets.randbelow(10**6):06d}"
    sandbox.put(ctx, SandboxNumber(number, passcode, ctx.now(), known is not None and known.verified), number)
    mailbox.post(
        ctx, "sms", number, f"Your AWS SNS SMS sandbox verification code is {passcode}.", sender=_DEFAULT_SENDER
    )
    return {}


@service.operation(action="sns:VerifySMSSandboxPhoneNumber")
async def verify_sms_sandbox_phone_number(ctx: Context, request: Request) -> Request:
    """Verify a number by its passcode. API_VerifySMSSandboxPhoneNumber."""
    number = _sandbox_number(request)
    known = await sandbox.get(ctx, number)
    if known is None:
        raise errors.no_sandbox_number()
    expired = ctx.now() - known.sent > limits.PASSCODE_SECONDS
    if expired or not secrets.compare_digest(known.passcode, request["OneTimePassword"]):
        raise errors.wrong_passcode()
    sandbox.put(ctx, msgspec.structs.replace(known, verified=True), number)
    return {}


@service.operation(action="sns:DeleteSMSSandboxPhoneNumber")
async def delete_sms_sandbox_phone_number(ctx: Context, request: Request) -> Request:
    """API_DeleteSMSSandboxPhoneNumber."""
    number = _sandbox_number(request)
    if await sandbox.get(ctx, number) is None:
        raise errors.no_sandbox_number()
    sandbox.delete(ctx, number)
    return {}


@service.operation(action="sns:ListSMSSandboxPhoneNumbers")
async def list_sms_sandbox_phone_numbers(ctx: Context, request: Request) -> Request:
    """API_ListSMSSandboxPhoneNumbers."""
    limit = request.get("MaxResults") or limits.PAGE
    rows = await sandbox.scan(ctx, after=after(request), limit=limit + 1)
    found, token = pages.page(rows, limit, lambda each: each.number)
    numbers = [{"PhoneNumber": each.number, "Status": "Verified" if each.verified else "Pending"} for each in found]
    return {"PhoneNumbers": numbers, "NextToken": token}


def _sandbox_number(request: Request) -> str:
    number = endpoints.phone_number(request["PhoneNumber"])
    if number is None:
        raise errors.invalid_because("PhoneNumber", "input incorrectly formatted")
    return number


# -- origination numbers


@service.operation
async def list_origination_numbers(ctx: Context, request: Request) -> Request:
    """None: they are bought elsewhere, and texts go nowhere but into the mailbox. API_ListOriginationNumbers."""
    after(request)
    return {"PhoneNumbers": []}

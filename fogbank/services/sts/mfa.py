"""The MFA code that comes with a request."""

from __future__ import annotations

from typing import Any

from fogbank.identity import directory
from fogbank.kernel import Context
from fogbank.services.sts import errors


async def shown(ctx: Context, request: dict[str, Any]) -> bool:
    """Whether the caller shows an MFA code; one that is shown has to be right. Raises AccessDenied."""
    serial, code = request.get("SerialNumber"), request.get("TokenCode")
    if serial is None and code is None:
        return False
    if serial is None or code is None:
        raise errors.mfa_incomplete()
    iam = directory.iam(ctx.app)
    home = ctx.at(account=ctx.principal.account)
    verdict = "unknown device" if iam is None else await iam.verify_mfa(home, ctx.principal, serial, code)
    if verdict == "unknown device":
        raise errors.mfa_unknown_device()
    if verdict == "wrong code":
        raise errors.mfa_wrong_code()
    return True

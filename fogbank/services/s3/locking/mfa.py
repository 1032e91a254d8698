"""MFA delete: who deletes versions for good, or changes the versioning of such a bucket, shows a code of an MFA device.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/MultiFactorAuthenticationDelete.html
"""

from __future__ import annotations

from fogbank.identity import directory
from fogbank.services.s3.locking import errors as lock_errors
from fogbank.services.s3.records import ENABLED, Home


async def check_delete(home: Home, header: str | None) -> None:
    """Raise AccessDenied unless a version may be deleted for good; `header` is x-amz-mfa."""
    if home.bucket.mfa_delete == ENABLED:
        await verify(home, header)


async def verify(home: Home, header: str | None) -> None:
    """Raise AccessDenied unless the header has the serial number of a device of the caller, and the code that it shows now.

    On AWS only the root of the bucket's account can do this. Here a root has no devices, so its users can.
    """
    serial, _, code = (header or "").strip().rpartition(" ")
    if not serial:
        raise lock_errors.mfa_needed()
    principal = home.ctx.principal
    if principal.account != home.bucket.account:
        raise lock_errors.only_by_owner()
    iam = directory.iam(home.ctx.app)
    if iam is None or await iam.verify_mfa(home.ctx, principal, serial.strip(), code) != "valid":
        raise lock_errors.mfa_needed()

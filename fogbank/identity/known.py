"""Whether a principal that a policy or a grant names is there: KMS and S3 take no other.

https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html#key-policy-elements
"""

from __future__ import annotations

from fogbank.identity import directory
from fogbank.kernel import Context


async def exists(ctx: Context, arn: str) -> bool:
    """False for the ARN of a user or role that IAM does not know; what is not to be looked up there is taken as it is."""
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[2] != "iam":
        return True
    kind, _, path = parts[5].partition("/")
    name, home, iam = path.rpartition("/")[2], ctx.at(account=parts[4]), directory.iam(ctx.app)
    if kind not in ("user", "role") or iam is None:
        return True
    if await directory.iam_token(home) is None:
        return False
    found = await (iam.user(home, name) if kind == "user" else iam.role(home, name))
    return found is not None and found.arn == arn

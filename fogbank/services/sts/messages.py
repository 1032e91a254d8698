"""DecodeAuthorizationMessage: what EC2 keeps to itself when it refuses.

https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
"""

from __future__ import annotations

import json
from typing import Any

from fogbank.identity import sealing
from fogbank.kernel import Context
from fogbank.services.sts import errors
from fogbank.services.sts.service import service


@service.operation
async def decode_authorization_message(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Errors: InvalidAuthorizationMessage."""
    document = await sealing.unseal(ctx, request["EncodedMessage"])
    if document is None:
        raise errors.invalid_message()
    return {"DecodedMessage": json.dumps(document, separators=(",", ":"))}

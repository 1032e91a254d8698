"""The block on public access of a whole account. What of it is in force is in force for all of its buckets.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/configuring-block-public-access-account.html
"""

from __future__ import annotations

from typing import Any

from fogbank.identity.storage_access import BLOCKS, Flags, PublicAccessBlock, public_access_blocks
from fogbank.kernel import Context
from fogbank.services.s3control import accounts, errors
from fogbank.services.s3control.service import service

Request = dict[str, Any]
Answer = dict[str, Any]


def flags_of(document: dict[str, Any] | None, default: bool = False) -> Flags:
    """The flags in a PublicAccessBlockConfiguration; those that it does not mention are not set."""
    if document is None:
        return (default, default, default, default)
    first, second, third, fourth = (bool(document.get(name)) for name in BLOCKS)
    return first, second, third, fourth


def document_of(flags: Flags) -> dict[str, bool]:
    return dict(zip(BLOCKS, flags, strict=True))


@service.operation(action="s3:PutAccountPublicAccessBlock", **accounts.ON_ACCOUNT)
async def put_public_access_block(ctx: Context, request: Request) -> Answer:
    flags = flags_of(request["PublicAccessBlockConfiguration"] or {})
    public_access_blocks.put(accounts.home(ctx, request), PublicAccessBlock(flags))
    return {}


@service.operation(action="s3:GetAccountPublicAccessBlock", **accounts.ON_ACCOUNT)
async def get_public_access_block(ctx: Context, request: Request) -> Answer:
    found = await public_access_blocks.get(accounts.home(ctx, request))
    if found is None:
        raise errors.no_such_public_access_block(request["AccountId"])
    return {"PublicAccessBlockConfiguration": document_of(found.flags)}


@service.operation(action="s3:PutAccountPublicAccessBlock", **accounts.ON_ACCOUNT)
async def delete_public_access_block(ctx: Context, request: Request) -> Answer:
    public_access_blocks.delete(accounts.home(ctx, request))
    return {}

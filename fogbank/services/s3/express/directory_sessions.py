"""Sessions of directory buckets: credentials that are good for one bucket, for five minutes.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateSession.html
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.identity import sessions
from fogbank.identity.principals import Principal, Session
from fogbank.kernel import AWSError, Context
from fogbank.services.s3 import errors, records
from fogbank.services.s3.encryption import choices as encryption
from fogbank.services.s3.express import directory_names
from fogbank.services.s3.express.directory_names import CREATE_SESSION, is_directory
from fogbank.services.s3.permissions import access
from fogbank.services.s3.records import Encryption, Home
from fogbank.services.s3.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

LIFETIME = 300.0
_READ_WRITE = "ReadWrite"


@service.operation(open=True)
async def create_session(ctx: Context, request: Request) -> Answer:
    """Credentials for the objects of a directory bucket. Errors: InvalidBucketName, InvalidRequest, AccessDenied.

    There is a session for a bucket that is about to be created, too: SDKs that were given an endpoint ask for one even then.
    """
    name = request["Bucket"]
    if directory_names.zone_of(name) is None:
        raise errors.invalid_bucket_name(name) if is_directory(name) else _not_express()
    home = await records.find(ctx, name)
    await _authorise(ctx, home, request)
    credential = await sessions.issue(ctx, _within(ctx, request), LIFETIME)
    answer: Answer = {
        "Credentials": {
            "AccessKeyId": credential.access_key,
            "SecretAccessKey": credential.secret,
            "SessionToken": credential.session_token,
            "Expiration": credential.expires,
        }
    }
    encryption.members(home.bucket.encryption if home is not None else Encryption(), answer, request)
    return answer


def _not_express() -> AWSError:
    return errors.invalid_request("Sessions are for directory buckets only.")


async def _authorise(ctx: Context, home: Home | None, request: Request) -> None:
    if ctx.principal.kind == "anonymous":
        raise errors.access_denied()
    policy = None if home is None else await access.policy(ctx, request)
    owner = ctx.account if home is None else home.bucket.account
    keys = {"s3express:SessionMode": request.get("SessionMode") or _READ_WRITE}
    arn = access.bucket_arn(ctx, request)
    await ctx.authorise(CREATE_SESSION, arn, policy=policy, owner=owner, keys=keys, params=request)


def _within(ctx: Context, request: Request) -> Principal:
    """The caller, in a session of the bucket; whatever limits the caller's own session limits this one."""
    caller = ctx.principal
    before = caller.session or Session(ctx.now())
    mode = request.get("SessionMode") or _READ_WRITE
    keys = {**before.keys, "s3express:bucket": request["Bucket"], "s3express:sessionmode": mode}
    return msgspec.structs.replace(caller, session=msgspec.structs.replace(before, issued=ctx.now(), keys=keys))

"""The website configuration of a bucket. The pages themselves are served in `website_pages`.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteHosting.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.s3 import errors, settings
from fogbank.services.s3.content import digests
from fogbank.services.s3.permissions import access
from fogbank.services.s3.records import Home, home_of
from fogbank.services.s3.service import service
from fogbank.services.s3.web import website_rules

Request = dict[str, Any]
Answer = dict[str, Any]

_KIND = "website"


@service.operation(action="s3:PutBucketWebsite", **access.ON_BUCKET)
async def put_bucket_website(ctx: Context, request: Request) -> Answer:
    """Errors: InvalidArgument and InvalidRequest for what no website can be made of."""
    digests.check_document(ctx.request)
    document = request["WebsiteConfiguration"] or {}
    website_rules.check(document)
    settings.write(await home_of(ctx, request), _KIND, document)
    return {}


@service.operation(action="s3:GetBucketWebsite", **access.ON_BUCKET)
async def get_bucket_website(ctx: Context, request: Request) -> Answer:
    return await of(await home_of(ctx, request))


@service.operation(action="s3:DeleteBucketWebsite", **access.ON_BUCKET)
async def delete_bucket_website(ctx: Context, request: Request) -> Answer:
    settings.erase(await home_of(ctx, request), _KIND)
    return {}


async def of(home: Home) -> Answer:
    """The website configuration of a bucket. Raises NoSuchWebsiteConfiguration."""
    found = await settings.read(home, _KIND)
    if found is None:
        raise errors.no_such_configuration(
            "NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration", home.name
        )
    return found

"""AWS::Include: a part of a template that lies in S3.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-include.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import AWSError, Context, bodies
from fogbank.services.cloudformation import errors
from fogbank.services.cloudformation.templates.parsing import Document, parse

NAME = "AWS::Include"


async def included(ctx: Context, fragment: Document, given: Any) -> Document:
    """The fragment with what lies at `Location` (`s3://bucket/key`), read with the caller's permissions. Raises ValidationError."""
    location = given.get("Location") if isinstance(given, dict) else None
    bucket, _, key = str(location).removeprefix("s3://").partition("/")
    if not str(location).startswith("s3://") or not bucket or not key:
        raise errors.transform_failed(NAME, "The location parameter is not a valid S3 uri.")
    try:
        found = await ctx.transact(lambda: ctx.call("s3", "GetObject", {"Bucket": bucket, "Key": key}, as_caller=True))
    except AWSError as error:
        raise errors.transform_failed(NAME, f"{error.message} ({location})") from error
    text = (await bodies.whole(found["Body"])).decode(errors="replace")
    try:
        part = parse(text)
    except AWSError as error:
        told = "The specified S3 object's content should be valid Yaml/JSON"
        raise errors.transform_failed(NAME, told) from error
    return _merged(fragment, part)


def _merged(fragment: Document, part: Document) -> Document:
    """Both; what both have as mappings is merged, else the template's own counts."""
    found = part | fragment
    for name in part.keys() & fragment.keys():
        if isinstance(part[name], dict) and isinstance(fragment[name], dict):
            found[name] = _merged(fragment[name], part[name])
    return found

"""Storage Lens groups: filters under a name. https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-lens-groups.html

lens-groups   name   -> Group
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Collection, Context, Record, pages
from fogbank.kernel.actions import with_members
from fogbank.services.s3control import accounts, errors, lens_rules, limits, tags
from fogbank.services.s3control.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

_PAGE = 100


class Group(Record, frozen=True):
    name: str
    filter: dict[str, Any]


_groups: Collection[Group] = service.collection("lens-groups", Group)

_ON: dict[str, Any] = accounts.on("arn:aws:s3:{region}:{account}:storage-lens-group/{Name}")


def _arn(home: Context, name: str) -> str:
    return f"arn:aws:s3:{home.region}:{home.account}:storage-lens-group/{name}"


def _on_new(ctx: Context, request: Request) -> str:
    return f"arn:aws:s3:{ctx.region}:{request['AccountId']}:storage-lens-group/{request['StorageLensGroup']['Name']}"


async def _exists(home: Context, name: str) -> bool:
    return await _groups.get(home, name) is not None


tags.kind("storage-lens-group/", _exists)

_CREATE = with_members("s3:CreateStorageLensGroup", {"Tags": "s3:TagResource"})


@service.operation(action=_CREATE, resource=_on_new, owner=accounts.owner)
async def create_storage_lens_group(ctx: Context, request: Request) -> Answer:
    """Errors: ConfigurationAlreadyExists, TooManyConfigurations, InvalidFilter and others; see `lens_rules`."""
    home = accounts.home(ctx, request)
    group = request["StorageLensGroup"]
    lens_rules.check_group(group["Name"], group)
    if await _groups.get(home, group["Name"]) is not None:
        raise errors.configuration_exists()
    if await _groups.count(home) >= limits.STORAGE_LENS_GROUPS:
        raise lens_rules.too_many_groups()
    _groups.put(home, Group(group["Name"], group["Filter"]), group["Name"])
    tags.put_new(home, _arn(home, group["Name"]), request.get("Tags"))
    return {}


async def _find(ctx: Context, request: Request) -> tuple[Context, Group]:
    home = accounts.home(ctx, request)
    found = await _groups.get(home, request["Name"])
    if found is None:
        raise errors.no_such_configuration()
    return home, found


@service.operation(**_ON)
async def get_storage_lens_group(ctx: Context, request: Request) -> Answer:
    home, found = await _find(ctx, request)
    document = {"Name": found.name, "Filter": found.filter, "StorageLensGroupArn": _arn(home, found.name)}
    return {"StorageLensGroup": document}


@service.operation(**_ON)
async def update_storage_lens_group(ctx: Context, request: Request) -> Answer:
    home, found = await _find(ctx, request)
    lens_rules.check_group(found.name, request["StorageLensGroup"])
    _groups.put(home, Group(found.name, request["StorageLensGroup"]["Filter"]), found.name)
    return {}


@service.operation(**_ON)
async def delete_storage_lens_group(ctx: Context, request: Request) -> Answer:
    home, found = await _find(ctx, request)
    _groups.delete(home, found.name)
    tags.forget(home, _arn(home, found.name))
    return {}


@service.operation(**accounts.ON_ACCOUNT)
async def list_storage_lens_groups(ctx: Context, request: Request) -> Answer:
    home = accounts.home(ctx, request)
    found = await _groups.scan(home, after=accounts.after_of(request), limit=_PAGE + 1)
    shown, token = pages.page(found, _PAGE, lambda group: group.name)
    entries = [
        {"Name": group.name, "StorageLensGroupArn": _arn(home, group.name), "HomeRegion": home.region}
        for group in shown
    ]
    return {"StorageLensGroupList": entries, "NextToken": token}

"""Storage Lens: configurations, and the metrics that are exported by them every day.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage_lens.html

    lens   id   -> Configuration
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Collection, Context, Record, pages
from fogbank.kernel.actions import with_members
from fogbank.services.s3control import accounts, errors, lens_rules, tags
from fogbank.services.s3control.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

DAY = 86400
_PAGE = 100


class Configuration(Record, frozen=True):
    id: str
    document: dict[str, Any]


configurations: Collection[Configuration] = service.collection("lens", Configuration)

_ON: dict[str, Any] = accounts.on("arn:aws:s3:{region}:{account}:storage-lens/{ConfigId}")


def _arn(home: Context, config_id: str) -> str:
    return f"arn:aws:s3:{home.region}:{home.account}:storage-lens/{config_id}"


async def _find(ctx: Context, request: Request) -> tuple[Context, Configuration]:
    home = accounts.home(ctx, request)
    found = await configurations.get(home, request["ConfigId"])
    if found is None:
        raise errors.no_such_configuration()
    return home, found


_PUT = with_members("s3:PutStorageLensConfiguration", {"Tags": "s3:PutStorageLensConfigurationTagging"})


@service.operation(action=_PUT, **_ON)
async def put_storage_lens_configuration(ctx: Context, request: Request) -> Answer:
    """Errors: InvalidConfigId and others of Storage Lens's own; see `lens_rules`."""
    home = accounts.home(ctx, request)
    document = request["StorageLensConfiguration"]
    lens_rules.check(request["ConfigId"], document)
    config_id = request["ConfigId"]
    arn = _arn(home, config_id)
    configurations.put(home, Configuration(config_id, {**document, "StorageLensArn": arn}), config_id)
    if request.get("Tags"):
        tags.put(home, arn, tags.checked(request["Tags"]))
    await _plan(home, config_id, document)
    return {}


async def _plan(home: Context, config_id: str, document: Request) -> None:
    """The next export is at the next midnight (UTC)."""
    if document["IsEnabled"] and lens_rules.destination_of(document) is not None:
        midnight = (int(home.now()) // DAY + 1) * DAY
        await home.schedule("export_storage_lens", {"id": config_id}, at=midnight, key=config_id)
    else:
        await home.unschedule("export_storage_lens", config_id)


@service.operation(**_ON)
async def get_storage_lens_configuration(ctx: Context, request: Request) -> Answer:
    _, found = await _find(ctx, request)
    return {"StorageLensConfiguration": found.document}


@service.operation(**_ON)
async def delete_storage_lens_configuration(ctx: Context, request: Request) -> Answer:
    home, found = await _find(ctx, request)
    configurations.delete(home, found.id)
    tags.forget(home, _arn(home, found.id))
    await home.unschedule("export_storage_lens", found.id)
    return {}


@service.operation(**accounts.ON_ACCOUNT)
async def list_storage_lens_configurations(ctx: Context, request: Request) -> Answer:
    home = accounts.home(ctx, request)
    found = await configurations.scan(home, after=accounts.after_of(request), limit=_PAGE + 1)
    shown, token = pages.page(found, _PAGE, lambda each: each.id)
    entries = [
        {
            "Id": each.id,
            "StorageLensArn": _arn(home, each.id),
            "HomeRegion": home.region,
            "IsEnabled": each.document["IsEnabled"],
        }
        for each in shown
    ]
    return {"StorageLensConfigurationList": entries, "NextToken": token}


# -- tags


@service.operation(**_ON)
async def put_storage_lens_configuration_tagging(ctx: Context, request: Request) -> Answer:
    home, found = await _find(ctx, request)
    tags.put(home, _arn(home, found.id), tags.checked(request["Tags"]))
    return {}


@service.operation(**_ON)
async def get_storage_lens_configuration_tagging(ctx: Context, request: Request) -> Answer:
    home, found = await _find(ctx, request)
    return {"Tags": tags.as_entries(await tags.of(home, _arn(home, found.id)))}


@service.operation(**_ON)
async def delete_storage_lens_configuration_tagging(ctx: Context, request: Request) -> Answer:
    home, found = await _find(ctx, request)
    tags.forget(home, _arn(home, found.id))
    return {}

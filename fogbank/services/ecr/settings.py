"""Settings of an account's registry, by name.

settings (name)   the value that was chosen
https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutAccountSetting.html
"""

from __future__ import annotations

from fogbank.kernel import Context
from fogbank.services.ecr import errors
from fogbank.services.ecr.records import Answer, Request
from fogbank.services.ecr.service import service

BLOB_MOUNTING = "BLOB_MOUNTING"
# Their values, the default first.
_VALUES = {
    "BASIC_SCAN_TYPE_VERSION": ("AWS_NATIVE", "CLAIR"),
    "REGISTRY_POLICY_SCOPE": ("V2", "V1"),
    BLOB_MOUNTING: ("DISABLED", "ENABLED"),
}

chosen = service.collection("settings", str, cached=True)


async def value_of(ctx: Context, name: str) -> str:
    return await chosen.get(ctx, name) or _VALUES[name][0]


def _check(name: str) -> None:
    if name not in _VALUES:
        raise errors.unsatisfied("name", f"must be one of {', '.join(_VALUES)}")


@service.operation
async def get_account_setting(ctx: Context, request: Request) -> Answer:
    _check(request["name"])
    return {"name": request["name"], "value": await value_of(ctx, request["name"])}


@service.operation
async def put_account_setting(ctx: Context, request: Request) -> Answer:
    name, value = request["name"], request["value"]
    _check(name)
    if value not in _VALUES[name]:
        raise errors.unsatisfied("value", f"must be one of {', '.join(_VALUES[name])}")
    chosen.put(ctx, value, name)
    return {"name": name, "value": value}

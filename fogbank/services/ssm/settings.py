"""Service settings of Parameter Store: GetServiceSetting, UpdateServiceSetting, ResetServiceSetting."""

from __future__ import annotations

from typing import Any, NamedTuple

from fogbank.kernel import Context, Record
from fogbank.kernel.errors import not_implemented
from fogbank.services.ssm import errors, tiers
from fogbank.services.ssm.access import ON_SETTING, setting_arn
from fogbank.services.ssm.service import service

Request = dict[str, Any]

DEFAULT_TIER = "/ssm/parameter-store/default-parameter-tier"


class Kind(NamedTuple):
    """A setting: its value unless somebody changes it, and the values that it can have."""

    default: str
    values: tuple[str, ...]


# https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_UpdateServiceSetting.html
KINDS = {
    DEFAULT_TIER: Kind(tiers.STANDARD, tiers.TIERS),
    "/ssm/parameter-store/high-throughput-enabled": Kind("false", ("true", "false")),
}
# Those of other parts of Systems Manager.
_OTHERS = frozenset(
    {
        "/ssm/appmanager/appmanager-enabled",
        "/ssm/automation/customer-script-log-destination",
        "/ssm/automation/customer-script-log-group-name",
        "/ssm/automation/enable-adaptive-concurrency",
        "/ssm/documents/console/public-sharing-permission",
        "/ssm/managed-instance/activation-tier",
        "/ssm/managed-instance/default-ec2-instance-management-role",
        "/ssm/opsinsights/opscenter",
    }
)


class Setting(Record, frozen=True):
    """A value that was set; `modified` in epoch seconds, `user` the ARN of who did it."""

    value: str
    modified: float
    user: str


_settings = service.collection("settings", Setting)


async def default_tier(ctx: Context) -> str:
    """The tier of parameters for which none is asked."""
    setting = await _settings.get(ctx, DEFAULT_TIER)
    return KINDS[DEFAULT_TIER].default if setting is None else setting.value


@service.operation(**ON_SETTING)
async def get_service_setting(ctx: Context, request: Request) -> Request:
    """A setting as it is now. API_GetServiceSetting."""
    name = _known(ctx, request)
    return _shown(ctx, request, name, await _settings.get(ctx, name))


@service.operation(**ON_SETTING)
async def update_service_setting(ctx: Context, request: Request) -> Request:
    """Change a setting. API_UpdateServiceSetting."""
    name, value = _known(ctx, request), request["SettingValue"]
    if value not in KINDS[name].values:
        raise errors.invalid_setting_value(name, KINDS[name].values)
    _settings.put(ctx, Setting(value, ctx.now(), ctx.principal.arn), name)
    return {}


@service.operation(**ON_SETTING)
async def reset_service_setting(ctx: Context, request: Request) -> Request:
    """Back to what a setting was at first. API_ResetServiceSetting."""
    name = _known(ctx, request)
    _settings.delete(ctx, name)
    return _shown(ctx, request, name, None)


def _known(ctx: Context, request: Request) -> str:
    """The id of a setting that is given by its id or ARN. Raises ServiceSettingNotFound, NotImplemented."""
    name: str = "/" + request["SettingId"].rpartition("servicesetting")[2].removeprefix("/")
    if name in _OTHERS:
        raise not_implemented("ssm", f"{ctx.operation} for {name}")
    if name not in KINDS:
        raise errors.setting_not_found(request["SettingId"])
    return name


def _shown(ctx: Context, request: Request, name: str, setting: Setting | None) -> Request:
    return {
        "ServiceSetting": {
            "SettingId": name,
            "SettingValue": KINDS[name].default if setting is None else setting.value,
            "LastModifiedDate": None if setting is None else setting.modified,
            "LastModifiedUser": "System" if setting is None else setting.user,
            "ARN": setting_arn(ctx, request),
            "Status": "Default" if setting is None else "Customized",
        }
    }

"""A user pool, as it is stored and found.

pools   (id)           Pool
homes   (kind, id)     Home, of all accounts: whose a pool, or the pool of a client, is. Apps call without credentials of AWS
                       and name only a client or an access token.
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context, Record
from fogbank.services.cognito_idp import errors
from fogbank.services.cognito_idp.service import service

Request = dict[str, Any]
Settings = dict[str, Any]


class Pool(Record, frozen=True):
    """`settings` are members of UserPoolType, as they were set or by default. Times in epoch seconds."""

    id: str
    name: str
    settings: Settings
    schema: list[dict[str, Any]]
    created: float
    modified: float
    tags: dict[str, str]

    def is_case_sensitive(self) -> bool:
        return bool((self.settings.get("UsernameConfiguration") or {}).get("CaseSensitive", True))

    def folded(self, name: str) -> str:
        """A username or an alias as it is looked for."""
        return name if self.is_case_sensitive() else name.lower()

    def listed(self, name: str) -> list[str]:
        """A setting that is a list: `AliasAttributes`."""
        found: list[str] = self.settings.get(name) or []
        return found


class Home(Record, frozen=True):
    account: str
    region: str
    pool: str


pools = service.collection("pools", Pool, cached=True)
homes = service.collection("homes", Home, scope="global", cached=True)


def arn(ctx: Context, pool: str) -> str:
    return f"arn:{ctx.partition}:cognito-idp:{ctx.region}:{ctx.account}:userpool/{pool}"


def issuer(ctx: Context, pool: str) -> str:
    """The `iss` of a pool's tokens, which is the URL of its documents."""
    return f"https://cognito-idp.{ctx.region}.amazonaws.com/{pool}"


def _resource(ctx: Context, request: Request) -> str:
    return arn(ctx, request["UserPoolId"])


# options of the operations that administrators have on a pool, and of those that apps call without credentials of AWS
ON_POOL: dict[str, Any] = {"resource": _resource}
ON_ANY: dict[str, Any] = {"resource": lambda ctx, request: "*"}
OPEN: dict[str, Any] = {"open": True}


async def find(ctx: Context, pool: str) -> Pool:
    """Raises ResourceNotFoundException."""
    found = await pools.get(ctx, pool)
    if found is None:
        raise errors.no_such_pool(pool)
    return found


async def at_home(ctx: Context, pool: str) -> Context | None:
    """The context in the account and the region that a pool is in."""
    home = await homes.get(ctx, "pool", pool)
    return None if home is None else ctx.at(account=home.account, region=home.region)

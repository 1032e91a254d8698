"""The Application record, what hangs on one, and what the decision needs to know of it.

applications      (instance, id)                    Application
scopes            (instance, id, scope)             Targets: what an access scope is for
methods           (instance, id, type)              an authentication method as the API has it
grants            (instance, id, type)              a grant as the API has it
assigned          (instance, id, type, principal)   nothing: who may use it
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from fogbank.kernel import Context, Record
from fogbank.services.sso_admin import errors
from fogbank.services.sso_admin.instance import key_of
from fogbank.services.sso_admin.service import service

Request = dict[str, Any]
Key = tuple[str, str]


class Application(Record, frozen=True):
    """An application.

    created   epoch seconds
    portal    PortalOptions as the API has them
    assigned  does somebody have to be assigned to use it?
    sessions  whether work may go on in the background without its user
    token     the client token that it was made with
    """

    arn: str
    provider: str
    name: str
    created: float
    region: str
    status: str = "ENABLED"
    description: str | None = None
    portal: dict[str, Any] = {}
    assigned: bool = True
    sessions: str = "ENABLED"
    tags: dict[str, str] = {}
    token: str | None = None

    @property
    def account(self) -> str:
        return self.arn.split(":")[4]


class Targets(Record, frozen=True):
    """ARNs of applications for which a scope is good; empty for all."""

    arns: tuple[str, ...] = ()


applications = service.collection("applications", Application, scope="account")
scopes = service.collection("application_scopes", Targets, scope="account")
methods = service.collection("application_methods", dict[str, Any], scope="account")
grants = service.collection("application_grants", dict[str, Any], scope="account")
assigned = service.collection("application_assignments", bytes, scope="account")


async def find_application(ctx: Context, arn: str) -> Application:
    """Raises ResourceNotFoundException."""
    application = await applications.get(ctx, *key_of(arn))
    if application is None or application.arn != arn:
        raise errors.not_found(f"Could not find Application {arn}")
    return application


async def named(ctx: Context, request: Request) -> tuple[Application, Key]:
    """The application that a request names, and its key."""
    application = await find_application(ctx, request["ApplicationArn"])
    return application, key_of(application.arn)


def change(ctx: Context, application: Application, **changes: Any) -> None:
    applications.put(ctx, replace(application, **changes), *key_of(application.arn))


def _condition_keys(ctx: Context, request: Request) -> dict[str, str]:
    return {"sso:ApplicationAccount": request["ApplicationArn"].split(":")[4]}


ON_APPLICATION: dict[str, Any] = {"resource": lambda ctx, request: request["ApplicationArn"], "keys": _condition_keys}


async def remove(ctx: Context, application: Application) -> None:
    """Take it away with all that hangs on it."""
    key = key_of(application.arn)
    for rows, types in ((scopes, (str,)), (methods, (str,)), (grants, (str,)), (assigned, (str, str))):
        for rest, _ in await rows.items(ctx, types, *key):
            rows.delete(ctx, *key, *rest)
    applications.delete(ctx, *key)


async def clear(ctx: Context, instance: str) -> None:
    """Applications go with their instance."""
    for application in await applications.scan(ctx, instance):
        await remove(ctx, application)

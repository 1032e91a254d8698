"""Applications: CreateApplication, DescribeApplication, UpdateApplication, DeleteApplication, ListApplications; their providers."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.sso_admin import errors, limits, tagging
from fogbank.services.sso_admin.application import ON_APPLICATION, Application, applications, change, named, remove
from fogbank.services.sso_admin.instance import ON_INSTANCE, Instance, arn_of, find, instances, key_of, store_arn
from fogbank.services.sso_admin.listing import listed
from fogbank.services.sso_admin.service import service

Request = dict[str, Any]

# What customers bring themselves; AWS also lists the applications of its own services and of others.
_PROVIDERS: dict[str, Request] = {
    "custom": {
        "FederationProtocol": "OAUTH",
        "DisplayData": {"DisplayName": "Custom application", "Description": "OAuth 2.0 customer managed application"},
    },
    "custom-saml": {
        "FederationProtocol": "SAML",
        "DisplayData": {
            "DisplayName": "Custom SAML 2.0 application",
            "Description": "SAML 2.0 customer managed application",
        },
    },
}


# -- providers


def _provider_arn(ctx: Context, name: str) -> str:
    return f"arn:{ctx.partition}:sso::aws:applicationProvider/{name}"


def _provider(ctx: Context, arn: str) -> Request:
    """A provider as the API has it. Raises ResourceNotFoundException."""
    for name, about in _PROVIDERS.items():
        if arn == _provider_arn(ctx, name):
            return {"ApplicationProviderArn": arn, **about}
    raise errors.not_found(f"Could not find ApplicationProvider {arn}")


@service.operation(resource=lambda ctx, request: _provider_arn(ctx, "*"))
async def list_application_providers(ctx: Context, request: Request) -> Request:
    """API_ListApplicationProviders."""
    arns = sorted(_provider_arn(ctx, name) for name in _PROVIDERS)
    return listed(request, "ApplicationProviders", arns, str, lambda arn: _provider(ctx, arn))


@service.operation(resource=lambda ctx, request: request["ApplicationProviderArn"])
async def describe_application_provider(ctx: Context, request: Request) -> Request:
    """API_DescribeApplicationProvider."""
    return _provider(ctx, request["ApplicationProviderArn"])


# -- applications


def _new(ctx: Context, request: Request) -> tuple[str, ...]:
    instance = request["InstanceArn"].rpartition("/")[2]
    application = f"arn:{ctx.partition}:sso::{ctx.account}:application/{instance}/*"
    return request["InstanceArn"], request["ApplicationProviderArn"], application


@service.operation(resource=_new)
async def create_application(ctx: Context, request: Request) -> Request:
    """An OAuth 2.0 application. Errors: ResourceNotFoundException (provider), ValidationException. API_CreateApplication."""
    instance = await find(ctx, request)
    if _provider(ctx, request["ApplicationProviderArn"])["FederationProtocol"] != "OAUTH":
        raise errors.invalid("Customer managed SAML 2.0 applications can't be created by this operation.")
    present = await applications.scan(ctx, instance.id)
    token = request.get("ClientToken")
    made = next((each for each in present if token is not None and each.token == token), None)
    if made is None:
        if len(present) >= limits.APPLICATIONS:
            raise errors.too_many("applications", limits.APPLICATIONS)
        made = _made(ctx, instance, request)
        applications.put(ctx, made, *key_of(made.arn))
    return {
        "ApplicationArn": made.arn,
        "InstanceArn": arn_of(ctx, instance),
        "IdentityStoreArn": store_arn(ctx, instance),
    }


def _made(ctx: Context, instance: Instance, request: Request) -> Application:
    portal = request.get("PortalOptions", {})
    _check_portal(portal)
    return Application(
        f"arn:{ctx.partition}:sso::{ctx.account}:application/{instance.id}/apl-{ctx.ids.hex(16)}",
        request["ApplicationProviderArn"],
        request["Name"],
        ctx.now(),
        ctx.region,
        request.get("Status", "ENABLED"),
        request.get("Description"),
        {"Visibility": "ENABLED", **portal},
        tags=tagging.added({}, request.get("Tags", [])),
        token=request.get("ClientToken"),
    )


def _check_portal(portal: Request) -> None:
    """Raises ValidationException."""
    sign_in = portal.get("SignInOptions", {})
    if (sign_in.get("Origin") == "APPLICATION") != ("ApplicationUrl" in sign_in):
        raise errors.invalid("ApplicationUrl is required when Origin is APPLICATION, and only then.")


async def _described(ctx: Context, row: Application) -> Request:
    instance = await instances.get(ctx, key_of(row.arn)[0])
    assert instance is not None
    return {
        "ApplicationArn": row.arn,
        "ApplicationProviderArn": row.provider,
        "Name": row.name,
        "ApplicationAccount": row.account,
        "InstanceArn": arn_of(ctx, instance),
        "IdentityStoreArn": store_arn(ctx, instance),
        "Status": row.status,
        "PortalOptions": row.portal,
        "Description": row.description,
        "CreatedDate": row.created,
        "CreatedFrom": row.region,
    }


@service.operation(**ON_APPLICATION)
async def describe_application(ctx: Context, request: Request) -> Request:
    """API_DescribeApplication."""
    application, _ = await named(ctx, request)
    return await _described(ctx, application)


@service.operation(**ON_APPLICATION)
async def update_application(ctx: Context, request: Request) -> Request:
    """Change what is given. API_UpdateApplication."""
    application, _ = await named(ctx, request)
    portal = request.get("PortalOptions", {})
    _check_portal(portal)
    changes = {
        "name": request.get("Name", application.name),
        "description": request.get("Description", application.description),
        "status": request.get("Status", application.status),
        "portal": {**application.portal, **portal},
    }
    change(ctx, application, **changes)
    return {}


@service.operation(**ON_APPLICATION)
async def delete_application(ctx: Context, request: Request) -> Request:
    """API_DeleteApplication."""
    application, _ = await named(ctx, request)
    await remove(ctx, application)
    return {}


@service.operation(**ON_INSTANCE)
async def list_applications(ctx: Context, request: Request) -> Request:
    """Those of an instance, by account or provider if so wanted. API_ListApplications."""
    instance = await find(ctx, request)
    wanted = request.get("Filter", {})
    fitting = [
        row
        for row in await applications.scan(ctx, instance.id)
        if wanted.get("ApplicationAccount") in (None, row.account)
        and wanted.get("ApplicationProvider") in (None, row.provider)
    ]
    page = listed(request, "Applications", fitting, lambda row: row.arn, lambda row: row)
    return {**page, "Applications": [await _described(ctx, row) for row in page["Applications"]]}

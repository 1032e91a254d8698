"""Applications with all that hangs on them, and trusted token issuers."""

from __future__ import annotations

import pytest

from tests.services.sso.conftest import center, code_of

__all__ = ["center"]

CUSTOM = "arn:aws:sso::aws:applicationProvider/custom"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sso-oauth:CreateTokenWithIAM", "Resource": "*"}
    ],
}


@pytest.fixture
def make(center):
    """Creates an application and gives its ARN."""

    def make(name="app", **more):
        given = {"InstanceArn": center.instance, "ApplicationProviderArn": CUSTOM, "Name": name, **more}
        return center.admin.create_application(**given)["ApplicationArn"]

    return make


@pytest.fixture
def app(make):
    return {"ApplicationArn": make()}


@pytest.fixture
def issuer(center):
    return center.admin.create_trusted_token_issuer(**new_issuer(center))["TrustedTokenIssuerArn"]


def new_issuer(center, url="https://issuer.example.com"):
    configuration = {
        "IssuerUrl": url,
        "ClaimAttributePath": "email",
        "IdentityStoreAttributePath": "emails.value",
        "JwksRetrievalOption": "OPEN_ID_DISCOVERY",
    }
    return {
        "InstanceArn": center.instance,
        "Name": "issuer",
        "TrustedTokenIssuerType": "OIDC_JWT",
        "TrustedTokenIssuerConfiguration": {"OidcJwtConfiguration": configuration},
    }


# -- applications


def test_application_is_described_as_it_was_made(center, make):
    arn = make(Description="why", Tags=[{"Key": "team", "Value": "a"}])
    assert arn.startswith(f"arn:aws:sso::{center.aws.account}:application/{center.instance.rpartition('/')[2]}/apl-")
    found = center.admin.describe_application(ApplicationArn=arn)
    assert (found["Name"], found["Description"], found["Status"]) == ("app", "why", "ENABLED")
    assert (found["ApplicationAccount"], found["CreatedFrom"]) == (center.aws.account, "us-east-1")
    assert found["PortalOptions"] == {"Visibility": "ENABLED"}
    assert center.admin.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "a"}]


def test_application_is_changed_and_deleted(center, app):
    portal = {"SignInOptions": {"Origin": "APPLICATION", "ApplicationUrl": "https://app.example.com"}}
    center.admin.update_application(**app, Name="new", Status="DISABLED", PortalOptions=portal)
    found = center.admin.describe_application(**app)
    assert (found["Name"], found["Status"]) == ("new", "DISABLED")
    assert found["PortalOptions"] == {**portal, "Visibility": "ENABLED"}
    center.admin.delete_application(**app)
    assert code_of(center.admin.describe_application, **app) == "ResourceNotFoundException"


def test_applications_are_listed_by_account_and_provider(center, make):
    arns = sorted(make(f"app {number}") for number in range(3))
    on = {"InstanceArn": center.instance}
    pages = center.admin.get_paginator("list_applications").paginate(**on, PaginationConfig={"PageSize": 2})
    assert [row["ApplicationArn"] for page in pages for row in page["Applications"]] == arns
    others = center.admin.list_applications(**on, Filter={"ApplicationAccount": "111122223333"})
    assert others["Applications"] == []


def test_client_token_makes_one_application(make):
    assert make(ClientToken="once") == make(ClientToken="once") != make(ClientToken="twice")


def test_saml_and_unknown_providers_are_refused(make):
    assert code_of(make, ApplicationProviderArn=f"{CUSTOM}-saml") == "ValidationException"
    assert code_of(make, ApplicationProviderArn=f"{CUSTOM}-other") == "ResourceNotFoundException"


def test_url_and_origin_belong_together(make):
    wrong = {"SignInOptions": {"Origin": "APPLICATION"}}
    assert code_of(make, PortalOptions=wrong) == "ValidationException"


def test_providers_are_listed_and_described(center):
    providers = center.admin.list_application_providers()["ApplicationProviders"]
    assert CUSTOM in [provider["ApplicationProviderArn"] for provider in providers]
    assert center.admin.describe_application_provider(ApplicationProviderArn=CUSTOM)["FederationProtocol"] == "OAUTH"


# -- who may use one


def test_principals_are_assigned(center, app):
    user = center.user()
    principal = {"PrincipalId": user, "PrincipalType": "USER"}
    center.admin.create_application_assignment(**app, **principal)
    assert code_of(center.admin.create_application_assignment, **app, **principal) == "ConflictException"
    described = center.admin.describe_application_assignment(**app, **principal)
    assert {key: described[key] for key in principal} == principal
    assert center.admin.list_application_assignments(**app)["ApplicationAssignments"] == [{**app, **principal}]
    center.admin.delete_application_assignment(**app, **principal)
    for call in (center.admin.describe_application_assignment, center.admin.delete_application_assignment):
        assert code_of(call, **app, **principal) == "ResourceNotFoundException"


def test_missing_principal_is_not_assigned(center, app):
    missing = {"PrincipalId": "00000000-0000-4000-8000-000000000000", "PrincipalType": "USER"}
    assert code_of(center.admin.create_application_assignment, **app, **missing) == "ResourceNotFoundException"


def test_user_has_what_its_groups_have(center, app):
    user = center.user()
    store = {"IdentityStoreId": center.store}
    group = center.people.create_group(**store, DisplayName="team")["GroupId"]
    center.people.create_group_membership(**store, GroupId=group, MemberId={"UserId": user})
    center.admin.create_application_assignment(**app, PrincipalId=group, PrincipalType="GROUP")
    rows = center.admin.list_application_assignments_for_principal(
        InstanceArn=center.instance, PrincipalId=user, PrincipalType="USER"
    )["ApplicationAssignments"]
    assert rows == [{**app, "PrincipalId": group, "PrincipalType": "GROUP"}]


def test_assignment_is_required_unless_said_otherwise(center, app):
    assert center.admin.get_application_assignment_configuration(**app)["AssignmentRequired"] is True
    center.admin.put_application_assignment_configuration(**app, AssignmentRequired=False)
    assert center.admin.get_application_assignment_configuration(**app)["AssignmentRequired"] is False


# -- settings


def test_access_scopes_come_and_go(center, app):
    scope = {**app, "Scope": "sso:account:access"}
    assert code_of(center.admin.get_application_access_scope, **scope) == "ResourceNotFoundException"
    center.admin.put_application_access_scope(**scope, AuthorizedTargets=[app["ApplicationArn"]])
    found = center.admin.get_application_access_scope(**scope)
    assert (found["Scope"], found["AuthorizedTargets"]) == ("sso:account:access", [app["ApplicationArn"]])
    assert len(center.admin.list_application_access_scopes(**app)["Scopes"]) == 1
    center.admin.delete_application_access_scope(**scope)
    assert center.admin.list_application_access_scopes(**app)["Scopes"] == []


def test_authentication_methods_come_and_go(center, app):
    kind = {**app, "AuthenticationMethodType": "IAM"}
    method = {"Iam": {"ActorPolicy": POLICY}}
    center.admin.put_application_authentication_method(**kind, AuthenticationMethod=method)
    assert center.admin.get_application_authentication_method(**kind)["AuthenticationMethod"] == method
    listed = center.admin.list_application_authentication_methods(**app)["AuthenticationMethods"]
    assert listed == [{"AuthenticationMethodType": "IAM", "AuthenticationMethod": method}]
    center.admin.delete_application_authentication_method(**kind)
    assert code_of(center.admin.get_application_authentication_method, **kind) == "ResourceNotFoundException"


def test_actor_policy_has_to_be_a_policy(center, app):
    method = {"Iam": {"ActorPolicy": {"Statement": []}}}
    put = center.admin.put_application_authentication_method
    assert code_of(put, **app, AuthenticationMethodType="IAM", AuthenticationMethod=method) == "ValidationException"


def test_grants_come_and_go(center, app, issuer):
    authorized = [{"TrustedTokenIssuerArn": issuer, "AuthorizedAudiences": ["me"]}]
    given = {
        "authorization_code": {"AuthorizationCode": {"RedirectUris": ["http://127.0.0.1/callback"]}},
        "refresh_token": {"RefreshToken": {}},
        JWT_BEARER: {"JwtBearer": {"AuthorizedTokenIssuers": authorized}},
    }
    for kind, grant in given.items():
        center.admin.put_application_grant(**app, GrantType=kind, Grant=grant)
        assert center.admin.get_application_grant(**app, GrantType=kind)["Grant"] == grant
    listed = center.admin.list_application_grants(**app)["Grants"]
    assert {row["GrantType"]: row["Grant"] for row in listed} == given
    center.admin.delete_application_grant(**app, GrantType="refresh_token")
    assert code_of(center.admin.get_application_grant, **app, GrantType="refresh_token") == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("kind", "grant"),
    [
        ("refresh_token", {"TokenExchange": {}}),
        ("authorization_code", {"AuthorizationCode": {}}),
        (JWT_BEARER, {"JwtBearer": {}}),
    ],
)
def test_grant_that_is_not_of_its_type_is_refused(center, app, kind, grant):
    put = center.admin.put_application_grant
    assert code_of(put, **app, GrantType=kind, Grant=grant) == "ValidationException"


def test_session_configuration_is_kept(center, app):
    member = "UserBackgroundSessionApplicationStatus"
    center.admin.put_application_session_configuration(**app, **{member: "DISABLED"})
    assert center.admin.get_application_session_configuration(**app)[member] == "DISABLED"


# -- trusted token issuers


def test_token_issuer_is_made_changed_and_deleted(center, issuer):
    named = {"TrustedTokenIssuerArn": issuer}
    changed = {"OidcJwtConfiguration": {"ClaimAttributePath": "sub"}}
    center.admin.update_trusted_token_issuer(**named, Name="renamed", TrustedTokenIssuerConfiguration=changed)
    found = center.admin.describe_trusted_token_issuer(**named)
    assert found["Name"] == "renamed"
    configuration = found["TrustedTokenIssuerConfiguration"]["OidcJwtConfiguration"]
    assert (configuration["ClaimAttributePath"], configuration["IdentityStoreAttributePath"]) == ("sub", "emails.value")
    listed = center.admin.list_trusted_token_issuers(InstanceArn=center.instance)["TrustedTokenIssuers"]
    assert listed == [{**named, "Name": "renamed", "TrustedTokenIssuerType": "OIDC_JWT"}]
    center.admin.delete_trusted_token_issuer(**named)
    assert code_of(center.admin.describe_trusted_token_issuer, **named) == "ResourceNotFoundException"


def test_issuer_url_belongs_to_one_issuer(center, issuer):
    assert code_of(center.admin.create_trusted_token_issuer, **new_issuer(center)) == "ConflictException"


def test_instance_has_ten_token_issuers(center):
    for number in range(10):
        center.admin.create_trusted_token_issuer(**new_issuer(center, f"https://{number}.example.com"))
    eleventh = new_issuer(center, "https://eleven.example.com")
    assert code_of(center.admin.create_trusted_token_issuer, **eleventh) == "ServiceQuotaExceededException"


def test_token_issuer_has_tags(center, issuer):
    center.admin.tag_resource(ResourceArn=issuer, Tags=[{"Key": "team", "Value": "a"}])
    assert center.admin.list_tags_for_resource(ResourceArn=issuer)["Tags"] == [{"Key": "team", "Value": "a"}]


def test_all_of_it_goes_with_the_instance(center, app, issuer):
    center.admin.delete_instance(InstanceArn=center.instance)
    center.clock.advance(seconds=2)
    assert code_of(center.admin.describe_application, **app) == "ResourceNotFoundException"
    gone = {"TrustedTokenIssuerArn": issuer}
    assert code_of(center.admin.describe_trusted_token_issuer, **gone) == "ResourceNotFoundException"

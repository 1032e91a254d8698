"""Somebody who is assigned to a permission set, and the way to sign in, as the tests of Identity Center use them."""

from __future__ import annotations

import re
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from botocore.exceptions import ClientError

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


class Center:
    """An instance with a user who is assigned to the permission set Reader in the account."""

    def __init__(self, aws, clock):
        self.aws, self.clock = aws, clock
        self.admin, self.people = aws("sso-admin"), aws("identitystore")
        self.oidc, self.portal = aws("sso-oidc"), aws("sso")
        self.instance = self.admin.create_instance(Name="work")["InstanceArn"]
        self.store = self.admin.describe_instance(InstanceArn=self.instance)["IdentityStoreId"]
        self.start_url = f"https://{self.store}.awsapps.com/start"

    def user(self, name="ada"):
        return self.people.create_user(
            IdentityStoreId=self.store,
            UserName=name,
            DisplayName=name.capitalize(),
            Name={"GivenName": name, "FamilyName": "x"},
        )["UserId"]

    def permission_set(self, name="Reader", **more):
        made = self.admin.create_permission_set(InstanceArn=self.instance, Name=name, **more)
        return made["PermissionSet"]["PermissionSetArn"]

    def assignment(self, permission_set, principal, kind="USER", account=None):
        return {
            "InstanceArn": self.instance,
            "PermissionSetArn": permission_set,
            "PrincipalType": kind,
            "PrincipalId": principal,
            "TargetType": "AWS_ACCOUNT",
            "TargetId": account or self.aws.account,
        }

    def assign(self, permission_set, principal, kind="USER"):
        asked = self.admin.create_account_assignment(**self.assignment(permission_set, principal, kind))
        self.clock.advance(seconds=2)
        return self.admin.describe_account_assignment_creation_status(
            InstanceArn=self.instance,
            AccountAssignmentCreationRequestId=asked["AccountAssignmentCreationStatus"]["RequestId"],
        )["AccountAssignmentCreationStatus"]

    def registered(self, **more):
        made = self.oidc.register_client(clientName="cli", clientType="public", **more)
        return {"clientId": made["clientId"], "clientSecret": made["clientSecret"]}

    def begin(self, client):
        return self.oidc.start_device_authorization(**client, startUrl=self.start_url)

    def poll(self, client, device):
        return self.oidc.create_token(**client, grantType=DEVICE, deviceCode=device["deviceCode"])

    def sign_in(self, user, **more):
        """The tokens of somebody who confirms."""
        client = self.registered(**more)
        device = self.begin(client)
        confirm(device, user)
        return client, self.poll(client, device)


def confirm(device, user, answer="allow"):
    """Fill in the form as a browser does; the page that follows."""
    form = urlopen(device["verificationUriComplete"]).read().decode()
    assert user in form
    code = re.search(r'name="user_code" value="([^"]+)"', form)[1]
    body = urlencode({"user_code": code, "user": user, "answer": answer}).encode()
    return urlopen(Request(device["verificationUriComplete"], data=body)).read().decode()


@pytest.fixture
def center(aws, clock):
    return Center(aws, clock)


def code_of(call, *args, **params):
    """The code of the error with which a call is refused."""
    with pytest.raises(ClientError) as caught:
        call(*args, **params)
    return caught.value.response["Error"]["Code"]

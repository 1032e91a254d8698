"""Delegation requests and role templates: nobody can make any, so there are none."""

import pytest

ID = "dr-0123456789abcdef"


@pytest.mark.parametrize("operation", ["get", "accept", "associate", "reject", "update"])
def test_a_delegation_request_is_not_found(iam, refused, operation):
    with refused("NoSuchEntity", f"Delegation request {ID} cannot be found."):
        getattr(iam, f"{operation}_delegation_request")(DelegationRequestId=ID)


def test_no_delegation_request_is_listed_or_made(iam, refused):
    assert iam.list_delegation_requests()["DelegationRequests"] == []
    with refused("InvalidInput", "Policy template arn:aws:iam:::delegation-template/x does not exist."):
        iam.create_delegation_request(
            Description="d",
            Permissions={"PolicyTemplateArn": "arn:aws:iam:::delegation-template/x"},
            RequestorWorkflowId="workflow",
            NotificationChannel="arn:aws:sns:us-east-1:111122223333:topic",
            SessionDuration=3600,
        )


def test_a_role_template_is_not_found(iam, refused):
    arn = "arn:aws:iam::aws:role-template/nothing"
    for operation in (iam.acquire_role, iam.get_role_template_version):
        with refused("NoSuchEntity", f"Role template {arn} cannot be found."):
            operation(TemplateArn=arn)

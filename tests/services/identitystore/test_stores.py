from __future__ import annotations

from tests.services.identitystore.conftest import refused


def test_store_is_listed_with_its_arn(aws, identitystore, store):
    arn = f"arn:aws:identitystore::{aws.account}:identitystore/{store}"
    listed = identitystore.list_identity_stores()["IdentityStores"]
    assert listed == [{"IdentityStoreId": store, "IdentityStoreArn": arn}]
    assert identitystore.describe_identity_store(IdentityStoreId=store)["IdentityStoreArn"] == arn


def test_account_without_an_instance_has_no_store(identitystore):
    assert identitystore.list_identity_stores()["IdentityStores"] == []


def test_closed_network_refuses_whoever_is_not_let_in_by_address(identitystore, store):
    closed = {"VpceAccessRequired": True}
    identitystore.update_identity_store(IdentityStoreId=store, NetworkConfiguration=closed)
    assert identitystore.describe_identity_store(IdentityStoreId=store)["NetworkConfiguration"] == closed
    with refused("AccessDeniedException"):
        identitystore.list_users(IdentityStoreId=store)
    opened = {"VpceAccessRequired": True, "ApiAllowSourceIps": ["127.0.0.0/8"]}
    identitystore.update_identity_store(IdentityStoreId=store, NetworkConfiguration=opened)
    assert identitystore.list_users(IdentityStoreId=store)["Users"] == []


def test_store_goes_with_its_instance(aws, clock, identitystore, store):
    admin = aws("sso-admin")
    admin.delete_instance(InstanceArn=admin.list_instances()["Instances"][0]["InstanceArn"])
    clock.advance(seconds=2)
    with refused("ResourceNotFoundException", ResourceType="IDENTITY_STORE"):
        identitystore.list_users(IdentityStoreId=store)

"""AWS::IAM::OIDCProvider, SAMLProvider, ServerCertificate and ServiceLinkedRole, by way of Cloud Control."""

from tests.services.iam.pki import Certified
from tests.services.iam.test_saml_providers import metadata


def test_an_oidc_provider(iam, cloud, aws):
    thumbprint = "a" * 40
    arn = cloud.create(
        "OIDCProvider",
        Url="https://token.actions.githubusercontent.com",
        ClientIdList=["sts.amazonaws.com"],
        ThumbprintList=[thumbprint],
    )
    assert arn == f"arn:aws:iam::{aws.account}:oidc-provider/token.actions.githubusercontent.com"
    cloud.update(
        "OIDCProvider", arn, ClientIdList=["other"], ThumbprintList=["b" * 40], Tags=[{"Key": "a", "Value": "1"}]
    )
    assert cloud.read("OIDCProvider", arn) == {
        "Arn": arn,
        "Url": "https://token.actions.githubusercontent.com",
        "ClientIdList": ["other"],
        "ThumbprintList": ["b" * 40],
        "Tags": [{"Key": "a", "Value": "1"}],
    }
    cloud.delete("OIDCProvider", arn)
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == []


def test_a_saml_provider(cloud):
    arn = cloud.create("SAMLProvider", Name="idp", SamlMetadataDocument=metadata())
    other = metadata(certificate=Certified("other").base64)
    cloud.update("SAMLProvider", arn, SamlMetadataDocument=other)
    assert cloud.read("SAMLProvider", arn)["SamlMetadataDocument"] == other
    assert cloud.list("SAMLProvider") == [arn]
    cloud.delete("SAMLProvider", arn)


def test_a_server_certificate(cloud):
    made = Certified("web")
    name = cloud.create("ServerCertificate", CertificateBody=made.pem, PrivateKey=made.key_pem)
    cloud.update("ServerCertificate", name, Path="/web/", Tags=[{"Key": "a", "Value": "1"}])
    found = cloud.read("ServerCertificate", name)
    assert (found["Path"], found["Tags"]) == ("/web/", [{"Key": "a", "Value": "1"}])
    assert not {"CertificateBody", "PrivateKey"} & found.keys()
    cloud.delete("ServerCertificate", name)


def test_a_service_linked_role(iam, cloud, clock):
    name = cloud.create("ServiceLinkedRole", AWSServiceName="autoscaling.amazonaws.com", Description="d")
    assert name == "AWSServiceRoleForAutoScaling"
    cloud.update("ServiceLinkedRole", name, Description="new")
    assert cloud.read("ServiceLinkedRole", name) == {
        "RoleName": name,
        "AWSServiceName": "autoscaling.amazonaws.com",
        "Description": "new",
    }
    cloud.delete("ServiceLinkedRole", name)
    clock.advance(seconds=10)
    assert iam.list_roles()["Roles"] == []

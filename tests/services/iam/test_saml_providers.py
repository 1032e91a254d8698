"""SAML providers and the documents that describe them."""

from datetime import UTC, datetime, timedelta

import pytest

from fogbank.services.iam import saml_metadata
from tests.services.iam.pki import Certified

CERTIFIED = Certified("idp.example.com")
TEMPLATE = """<?xml version="1.0" encoding="UTF-8"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example.com/saml" {attributes}>
  <md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <md:KeyDescriptor use="signing">
      <ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">
        <ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data>
      </ds:KeyInfo>
    </md:KeyDescriptor>
    <md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified</md:NameIDFormat>
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://idp.example.com/sso"/>
  </md:IDPSSODescriptor>
</md:EntityDescriptor>
<!-- {padding} -->
"""
DAY = timedelta(days=1)


def metadata(attributes="", certificate=CERTIFIED.base64):
    return TEMPLATE.format(attributes=attributes, certificate=certificate, padding="x" * 300)


@pytest.fixture
def arn(iam):
    return iam.create_saml_provider(Name="idp", SAMLMetadataDocument=metadata())["SAMLProviderArn"]


def test_a_provider_is_named_and_keeps_its_document(aws, iam, arn):
    assert arn == f"arn:aws:iam::{aws.account}:saml-provider/idp"
    provider = iam.get_saml_provider(SAMLProviderArn=arn)
    assert provider["SAMLMetadataDocument"] == metadata()
    assert len(provider["SAMLProviderUUID"]) >= 22
    assert provider["Tags"] == []
    assert "PrivateKeyList" not in provider


def test_a_document_without_an_end_is_good_for_a_hundred_years(iam, arn):
    provider = iam.get_saml_provider(SAMLProviderArn=arn)
    assert timedelta(days=36_499) < provider["ValidUntil"] - datetime.now(UTC) < timedelta(days=36_501)


def test_a_document_may_say_until_when_it_is_good(iam):
    document = metadata('validUntil="2031-02-03T04:05:06Z"')
    arn = iam.create_saml_provider(Name="idp", SAMLMetadataDocument=document)["SAMLProviderArn"]
    (listed,) = iam.list_saml_providers()["SAMLProviderList"]
    assert listed["Arn"] == arn
    assert listed["ValidUntil"] == datetime(2031, 2, 3, 4, 5, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    "document",
    [
        "x" * 1000,
        metadata().replace("EntityDescriptor", "EntitiesDescriptor"),
        metadata().replace("IDPSSODescriptor", "SPSSODescriptor"),
        metadata().replace(' entityID="https://idp.example.com/saml"', ""),
        metadata().replace("SingleSignOnService", "SingleLogoutService"),
        metadata(certificate="bm8gY2VydGlmaWNhdGU="),
        metadata(certificate="?"),
        metadata('validUntil="tomorrow"'),
        metadata().replace("<md:Entity", "<!DOCTYPE a [<!ENTITY b 'c'>]><md:Entity", 1),
    ],
)
def test_what_describes_no_identity_provider_is_refused(iam, arn, refused, document):
    with refused("InvalidInput", "Could not parse metadata"):
        iam.create_saml_provider(Name="other", SAMLMetadataDocument=document)
    with refused("InvalidInput", "Could not parse metadata"):
        iam.update_saml_provider(SAMLProviderArn=arn, SAMLMetadataDocument=document)


def test_what_a_document_says_is_read():
    parsed = saml_metadata.parse(metadata())
    assert parsed.issuer == "https://idp.example.com/saml"
    assert len(parsed.certificates) == 1


def test_a_name_is_taken_once(iam, arn, refused):
    with refused("EntityAlreadyExists"):
        iam.create_saml_provider(Name="idp", SAMLMetadataDocument=metadata())


def test_a_document_is_replaced(iam, arn):
    document = metadata('validUntil="2031-02-03T04:05:06Z"')
    assert iam.update_saml_provider(SAMLProviderArn=arn, SAMLMetadataDocument=document)["SAMLProviderArn"] == arn
    provider = iam.get_saml_provider(SAMLProviderArn=arn)
    assert provider["SAMLMetadataDocument"] == document
    assert provider["ValidUntil"].year == 2031


def test_private_keys_are_added_and_removed_and_never_shown(iam, arn, refused):
    for _ in range(2):
        iam.update_saml_provider(SAMLProviderArn=arn, AddPrivateKey=CERTIFIED.key_pem)
    with refused("LimitExceeded"):
        iam.update_saml_provider(SAMLProviderArn=arn, AddPrivateKey=CERTIFIED.key_pem)
    first, second = iam.get_saml_provider(SAMLProviderArn=arn)["PrivateKeyList"]
    assert set(first) == {"KeyId", "Timestamp"}
    iam.update_saml_provider(SAMLProviderArn=arn, RemovePrivateKey=first["KeyId"])
    assert iam.get_saml_provider(SAMLProviderArn=arn)["PrivateKeyList"] == [second]
    with refused("NoSuchEntity"):
        iam.update_saml_provider(SAMLProviderArn=arn, RemovePrivateKey=first["KeyId"])


def test_what_is_no_private_key_is_refused(iam, arn, refused):
    for key in ("no key", CERTIFIED.encrypted_key_pem, CERTIFIED.pem):
        with refused("InvalidInput", "Could not parse private key"):
            iam.update_saml_provider(SAMLProviderArn=arn, AddPrivateKey=key)


def test_required_encryption_needs_a_key(iam, arn, refused):
    with refused("InvalidInput", "A private key is required"):
        iam.update_saml_provider(SAMLProviderArn=arn, AssertionEncryptionMode="Required")
    iam.update_saml_provider(SAMLProviderArn=arn, AssertionEncryptionMode="Required", AddPrivateKey=CERTIFIED.key_pem)
    assert iam.get_saml_provider(SAMLProviderArn=arn)["AssertionEncryptionMode"] == "Required"


def test_an_update_has_to_change_something(iam, arn, refused):
    with refused("InvalidInput"):
        iam.update_saml_provider(SAMLProviderArn=arn)


def test_what_is_not_there_is_refused(iam, arn, refused):
    iam.delete_saml_provider(SAMLProviderArn=arn)
    for call in (iam.get_saml_provider, iam.delete_saml_provider, iam.list_saml_provider_tags):
        with refused("NoSuchEntity", f"Manifest not found for arn {arn}"):
            call(SAMLProviderArn=arn)
    with refused("InvalidInput"):
        iam.get_saml_provider(SAMLProviderArn="arn:aws:iam::123456789012:user/x")


def test_a_provider_has_tags(iam, arn):
    iam.tag_saml_provider(SAMLProviderArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    iam.untag_saml_provider(SAMLProviderArn=arn, TagKeys=["A"])
    assert iam.list_saml_provider_tags(SAMLProviderArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]

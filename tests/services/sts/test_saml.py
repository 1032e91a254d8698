"""AssumeRoleWithSAML: responses that a provider of the tests' own has signed."""

from __future__ import annotations

import base64
import datetime
import secrets

import pytest
from botocore import UNSIGNED
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from lxml import etree
from signxml import XMLSigner

from tests.services.sts.conftest import allow, refused, trust
from tests.services.sts.issuer import self_signed

ENTITY = "https://idp.example.com/saml"
ACTION = "sts:AssumeRoleWithSAML"
ATTRIBUTES = "https://aws.amazon.com/SAML/Attributes/"
SIGN_IN = "https://signin.aws.amazon.com/saml"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"


class Idp:
    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self_signed(self.key)

    @property
    def pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def metadata(self):
        der = base64.b64encode(self.certificate.public_bytes(serialization.Encoding.DER)).decode()
        return (
            f'<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{ENTITY}">'
            '<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
            '<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data>'
            f"<X509Certificate>{der}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>"
            '<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" '
            f'Location="{ENTITY}/sso"/></IDPSSODescriptor></EntityDescriptor>'
        ) + " " * 1000

    def response(self, role, provider, issuer=ENTITY, audience="urn:amazon:webservices", minutes=5, **attributes):
        given = {"Role": f"{role},{provider}", "RoleSessionName": "ada"} | attributes
        shown = "".join(
            f'<Attribute Name="{ATTRIBUTES}{name}"><AttributeValue>{value}</AttributeValue></Attribute>'
            for name, value in given.items()
            if value is not None
        )
        moment = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=minutes)
        until = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        return (
            '<Response xmlns="urn:oasis:names:tc:SAML:2.0:protocol" ID="_r" Version="2.0">'
            '<Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion" ID="_a" Version="2.0">'
            f'<Issuer>{issuer}</Issuer><Subject><NameID Format="{PERSISTENT}">ada-1</NameID>'
            '<SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">'
            f'<SubjectConfirmationData NotOnOrAfter="{until}" Recipient="{SIGN_IN}"/></SubjectConfirmation></Subject>'
            f'<Conditions NotOnOrAfter="{until}"><AudienceRestriction><Audience>{audience}</Audience>'
            "</AudienceRestriction></Conditions>"
            f"<AttributeStatement>{shown}</AttributeStatement></Assertion></Response>"
        )

    def sign(self, response, whole=True):
        """The response as it is sent, with a signature over all of it or over the assertion."""
        root = etree.fromstring(response)
        signer = XMLSigner(signature_algorithm="ecdsa-sha256", c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#")
        part = root if whole else root[0]
        signed = signer.sign(part, key=self.key, cert=self.pem.decode(), reference_uri=part.get("ID"))
        if not whole:
            root.replace(part, signed)
            signed = root
        return base64.b64encode(etree.tostring(signed)).decode()


@pytest.fixture(scope="module")
def idp():
    return Idp()


@pytest.fixture
def provider(aws, idp):
    return aws("iam").create_saml_provider(SAMLMetadataDocument=idp.metadata, Name="idp")["SAMLProviderArn"]


@pytest.fixture
def role(make_role, provider):
    condition = {"StringEquals": {"SAML:aud": SIGN_IN, "saml:sub_type": "persistent"}}
    trusted = trust({"Federated": provider}, [ACTION, "sts:TagSession"], Condition=condition)
    return make_role(trusted, permissions=[allow("sqs:CreateQueue", "arn:aws:sqs:*:*:${aws:PrincipalTag/team, 'all'}")])


@pytest.fixture
def assume(aws, provider):
    sts = aws("sts", signature_version=UNSIGNED)

    def assume(role, assertion, **params):
        return sts.assume_role_with_saml(RoleArn=role, PrincipalArn=provider, SAMLAssertion=assertion, **params)

    return assume


@pytest.mark.parametrize("whole", [True, False])
def test_a_signed_response_opens_the_role(aws, assume, role, provider, idp, whole):
    answer = assume(role, idp.sign(idp.response(role, provider), whole))
    assert answer["AssumedRoleUser"]["Arn"].endswith(":assumed-role/role/ada")
    assert (answer["Subject"], answer["SubjectType"]) == ("ada-1", "persistent")
    assert (answer["Issuer"], answer["Audience"]) == (ENTITY, SIGN_IN)
    assert len(base64.b64decode(answer["NameQualifier"])) == 20
    aws("sqs", credentials=answer["Credentials"]).create_queue(QueueName="all")


def test_a_response_can_bring_tags_and_a_duration(aws, assume, role, provider, idp):
    attributes = {"PrincipalTag:team": "blue", "SessionDuration": "900"}
    answer = assume(role, idp.sign(idp.response(role, provider, **attributes)))
    aws("sqs", credentials=answer["Credentials"]).create_queue(QueueName="blue")
    with refused("AccessDenied"):
        aws("sqs", credentials=answer["Credentials"]).create_queue(QueueName="all")


def test_the_pair_of_role_and_provider_may_be_in_either_order(assume, role, provider, idp):
    assume(role, idp.sign(idp.response(role, provider, Role=f"{provider},{role}")))


def test_what_was_changed_after_signing_is_refused(assume, role, provider, idp):
    signed = base64.b64decode(idp.sign(idp.response(role, provider)))
    changed = base64.b64encode(signed.replace(b"ada-1", b"bob-1")).decode()
    with refused("InvalidIdentityToken", "Response signature invalid", 400):
        assume(role, changed)


def test_what_is_not_signed_is_not_read(assume, role, provider, idp):
    plain = base64.b64encode(idp.response(role, provider).encode()).decode()
    with refused("InvalidIdentityToken", "Response signature invalid"):
        assume(role, plain)
    # a signed assertion, wrapped around by one that is not
    signed = etree.fromstring(base64.b64decode(idp.sign(idp.response("arn:x", provider), whole=False)))
    forged = etree.fromstring(idp.response(role, provider))
    forged.append(signed[0])
    with refused("InvalidIdentityToken"):
        assume(role, base64.b64encode(etree.tostring(forged)).decode())


def test_a_strangers_signature_is_refused(assume, role, provider, idp):
    with refused("InvalidIdentityToken", "Response signature invalid"):
        assume(role, Idp().sign(idp.response(role, provider)))


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"issuer": "https://other.example.com"}, "InvalidIdentityToken", "Issuer not present in specified provider"),
        ({"audience": "urn:other"}, "InvalidIdentityToken", "does not contain the required audience"),
        ({"minutes": -5}, "ExpiredTokenException", "Token must be redeemed"),
        ({"RoleSessionName": None}, "InvalidIdentityToken", "RoleSessionName is required in AuthnResponse"),
        ({"RoleSessionName": "a b"}, "InvalidIdentityToken", "must match [a-zA-Z_0-9+=,.@-]{2,64}"),
        ({"Role": "arn:aws:iam::1:role/x,y"}, "InvalidIdentityToken", "invalid SAML response"),
    ],
)
def test_what_a_response_says_is_checked(assume, role, provider, idp, changes, code, message):
    with refused(code, message, 400):
        assume(role, idp.sign(idp.response(role, provider, **changes)))


@pytest.mark.parametrize("mode", ["aes256-gcm", "aes128-cbc"])
@pytest.mark.parametrize("whole", [True, False])
def test_an_assertion_may_come_encrypted(aws, assume, role, provider, idp, mode, whole):
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    aws("iam").update_saml_provider(SAMLProviderArn=provider, AddPrivateKey=pem, AssertionEncryptionMode="Allowed")
    response = idp.response(role, provider)
    if whole:  # the signature is around what is encrypted
        sent = idp.sign(encrypted(response, key.public_key(), mode))
    else:
        signed = base64.b64decode(idp.sign(response, whole=False))
        sent = base64.b64encode(encrypted(signed, key.public_key(), mode)).decode()
    assert assume(role, sent)["Subject"] == "ada-1"


def encrypted(response, public_key, mode):
    """The response with its assertion encrypted for the key."""
    root = etree.fromstring(response)
    plain, nonce = etree.tostring(root[0]), secrets.token_bytes(16)
    key = secrets.token_bytes(int(mode[3:6]) // 8)
    if mode.endswith("gcm"):
        data = nonce[:12] + AESGCM(key).encrypt(nonce[:12], plain, None)
    else:
        fill = 16 - len(plain) % 16
        encryptor = Cipher(algorithms.AES(key), modes.CBC(nonce)).encryptor()
        data = nonce + encryptor.update(plain + bytes(fill - 1) + bytes([fill])) + encryptor.finalize()
    wrapped = public_key.encrypt(key, padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None))
    namespace = "http://www.w3.org/2001/04/xmlenc#"
    element = etree.fromstring(
        '<EncryptedAssertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion">'
        f'<EncryptedData xmlns="{namespace}"><EncryptionMethod Algorithm="{namespace}{mode}"/>'
        '<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><EncryptedKey xmlns="http://www.w3.org/2001/04/xmlenc#">'
        f"<CipherData><CipherValue>{base64.b64encode(wrapped).decode()}</CipherValue></CipherData></EncryptedKey></KeyInfo>"
        f"<CipherData><CipherValue>{base64.b64encode(data).decode()}</CipherValue></CipherData>"
        "</EncryptedData></EncryptedAssertion>"
    )
    root.replace(root[0], element)
    return etree.tostring(root)


def test_a_role_that_does_not_trust_the_provider_is_refused(assume, make_role, provider, idp):
    other = make_role(trust({"Service": "ec2.amazonaws.com"}), name="other")
    with refused("AccessDenied", f"Not authorized to perform {ACTION}", 403):
        assume(other, idp.sign(idp.response(other, provider)))


@pytest.mark.parametrize("assertion", ["not base64 !", base64.b64encode(b"<not xml").decode(), "AAAA"])
def test_what_is_no_response_is_refused(assume, role, assertion):
    with refused("InvalidIdentityToken", status=400):
        assume(role, assertion)

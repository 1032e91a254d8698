"""ACME endpoints: the API around them, and what a client gets from them."""

from __future__ import annotations

import urllib.error
import urllib.request

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.services.acm.acme_client import Client, Problem, encode, jwk_of


@pytest.fixture
def make_endpoint(acm, settle):
    def make_endpoint(**params):
        request = {
            "AuthorizationBehavior": "PRE_APPROVED",
            "CertificateAuthority": {"PublicCertificateAuthority": {}},
            **params,
        }
        arn = acm.create_acme_endpoint(**request)["AcmeEndpointArn"]
        settle()
        return arn

    return make_endpoint


@pytest.fixture
def endpoint(make_endpoint):
    return make_endpoint()


@pytest.fixture
def url(acm, endpoint):
    return acm.describe_acme_endpoint(AcmeEndpointArn=endpoint)["AcmeEndpoint"]["EndpointUrl"]


@pytest.fixture
def bind(aws, acm, endpoint):
    """Creates an external account binding and gives (key id, MAC key, ARN)."""

    def bind(**params):
        role = f"arn:aws:iam::{aws.account}:role/acme"
        made = acm.create_acme_external_account_binding(AcmeEndpointArn=endpoint, RoleArn=role, **params)
        arn = made["ExternalAccountBinding"]["AcmeExternalAccountBindingArn"]
        credentials = acm.get_acme_external_account_binding_credentials(AcmeExternalAccountBindingArn=arn)
        return credentials["KeyId"], credentials["MacKey"], arn

    return bind


@pytest.fixture
def validate(acm, endpoint, settle):
    """Lets the endpoint issue for a domain, with that scope."""

    def validate(domain="example.com", **scope):
        options = {"DnsPrevalidation": {"DomainScope": scope or {"ExactDomain": "ENABLED"}}}
        arn = acm.create_acme_domain_validation(
            AcmeEndpointArn=endpoint, DomainName=domain, PrevalidationOptions=options
        )["AcmeDomainValidationArn"]
        settle()
        return arn

    return validate


@pytest.fixture
def client(url, bind):
    client = Client(url)
    client.register(*bind()[:2], contact=["mailto:me@example.com"])
    return client


def refused_as(kind):
    return pytest.raises(Problem, match=f"acme:error:{kind}")


# -- getting a certificate


def test_a_client_gets_a_certificate_for_a_domain_that_was_proved_before(acm, client, validate, describe):
    validate("example.com", ExactDomain="ENABLED", Wildcards="ENABLED")
    order = client.order("example.com", "*.example.com")
    assert order["status"] == "ready"
    assert client.post(order["authorizations"][1])["wildcard"]
    key = ec.generate_private_key(ec.SECP256R1())
    done = client.finalize(order, "example.com", "*.example.com", key=key)
    assert done["status"] == "valid"
    leaf, *chain = x509.load_pem_x509_certificates(client.post(done["certificate"]).encode())
    assert leaf.public_key() == key.public_key()
    leaf.verify_directly_issued_by(chain[0])
    (row,) = acm.search_certificates()["Results"]
    found = describe(row["CertificateArn"])
    assert (found["Status"], found["CertificateKeyPairOrigin"]) == ("ISSUED", "ACME")
    assert found["AcmeAccountId"] == client.account.rpartition("/")[2]


def test_certificates_of_clients_are_listed_when_asked_for_and_not_deleted(acm, client, validate, refused):
    validate()
    client.finalize(client.order("example.com"), "example.com")
    includes = {"keyTypes": ["EC_prime256v1"]}
    assert acm.list_certificates(Includes=includes)["CertificateSummaryList"] == []
    (row,) = acm.list_certificates(Includes=includes, CertificateKeyPairOrigins=["ACME"])["CertificateSummaryList"]
    with refused("ValidationException"):
        acm.delete_certificate(CertificateArn=row["CertificateArn"])


@pytest.mark.parametrize(
    ("scope", "allowed", "rejected"),
    [
        ({"ExactDomain": "ENABLED"}, ["example.com"], ["www.example.com", "*.example.com", "example.org"]),
        ({"Subdomains": "ENABLED"}, ["www.example.com", "a.b.example.com"], ["example.com", "*.example.com"]),
        ({"Wildcards": "ENABLED"}, ["*.example.com"], ["example.com", "*.www.example.com", "www.example.com"]),
    ],
)
def test_an_endpoint_issues_for_the_scope_of_its_validations(client, validate, scope, allowed, rejected):
    validate("example.com", **scope)
    for name in allowed:
        assert client.order(name)["status"] == "ready"
    for name in rejected:
        with refused_as("rejectedIdentifier"):
            client.order(name)


def test_a_csr_has_the_names_of_the_order_and_a_key_that_is_allowed(client, validate):
    validate()
    order = client.order("example.com")
    with refused_as("badCSR"):
        client.finalize(order, "example.com", "www.example.com")
    with refused_as("badCSR"):
        client.finalize(order, "example.com", key=ec.generate_private_key(ec.SECP521R1()))
    assert client.post(order["finalize"].replace("finalize", "order"))["status"] == "ready"


def test_an_order_is_finalized_once(client, validate):
    validate()
    order = client.order("example.com")
    client.finalize(order, "example.com")
    with refused_as("orderNotReady"):
        client.finalize(order, "example.com")


def test_a_certificate_is_revoked_by_its_account_or_its_key(acm, url, client, validate, describe):
    validate()
    statuses = []
    for by_key in (False, True):
        key = ec.generate_private_key(ec.SECP256R1())
        done = client.finalize(client.order("example.com"), "example.com", key=key)
        leaf = x509.load_pem_x509_certificate(client.post(done["certificate"]).encode())
        revoker = Client(url, key) if by_key else client
        body = {"certificate": encode(leaf.public_bytes(serialization.Encoding.DER)), "reason": 4}
        revoker.post(client.directory["revokeCert"], body)
        with refused_as("alreadyRevoked"):
            client.post(client.directory["revokeCert"], body)
    for row in acm.search_certificates()["Results"]:
        found = describe(row["CertificateArn"])
        statuses.append((found["Status"], found["RevocationReason"]))
    assert statuses == [("REVOKED", "SUPERSEDED")] * 2


# -- accounts


def test_an_account_needs_a_binding(url, bind):
    client = Client(url)
    with refused_as("externalAccountRequired"):
        client.register()
    key_id, _, _ = bind()
    with refused_as("unauthorized"):
        client.register(key_id, encode(b"wrong" * 7))


def test_a_binding_ends_by_time_and_by_revocation(acm, url, bind, clock):
    timed = bind(Expiration={"Type": "HOURS", "Value": 1})
    revoked = bind()
    acm.revoke_acme_external_account_binding(AcmeExternalAccountBindingArn=revoked[2])
    clock.advance(hours=2)
    for key_id, mac_key, _ in (timed, revoked):
        with refused_as("unauthorized"):
            Client(url).register(key_id, mac_key)


def test_a_key_has_one_account(url, bind):
    client = Client(url)
    client.register(*bind()[:2])
    first = client.account
    again = Client(url, client.key)
    again.register(onlyReturnExisting=True)
    assert again.account == first
    with refused_as("accountDoesNotExist"):
        Client(url).register(onlyReturnExisting=True)


def test_the_api_tells_of_accounts_and_revokes_them(acm, endpoint, client, bind):
    (found,) = acm.list_acme_accounts(AcmeEndpointArn=endpoint)["AcmeAccounts"]
    assert (found["AccountUrl"], found["Status"]) == (client.account, "VALID")
    assert found["Contacts"] == ["mailto:me@example.com"]
    acm.revoke_acme_account(AcmeEndpointArn=endpoint, AccountUrl=client.account)
    described = acm.describe_acme_account(AcmeEndpointArn=endpoint, AccountUrl=client.account)["AcmeAccount"]
    assert described["Status"] == "REVOKED"
    with refused_as("unauthorized"):
        client.order("example.com")


def test_an_account_changes_its_contact_its_key_and_deactivates_itself(client):
    assert client.post(client.account, {"contact": ["mailto:you@example.com"]})["contact"] == ["mailto:you@example.com"]
    key = ec.generate_private_key(ec.SECP256R1())
    url = client.directory["keyChange"]
    inner = client.signed(url, {"account": client.account, "oldKey": client.jwk}, key, jwk=jwk_of(key))
    client.post(url, inner)
    with refused_as("unauthorized"):
        client.post(client.account)
    client.key = key
    assert client.post(client.account, {"status": "deactivated"})["status"] == "deactivated"
    with refused_as("unauthorized"):
        client.post(client.account)


# -- the protocol


def test_a_nonce_is_good_for_one_request(client):
    nonce = client.nonce()
    client.post(client.account, nonce=nonce)
    with refused_as("badNonce"):
        client.post(client.account, nonce=nonce)


def test_a_request_is_for_its_url_and_signed_as_it_says(client):
    with refused_as("unauthorized"):
        client.post(client.account, url=client.directory["newOrder"])
    with refused_as("badSignatureAlgorithm"):
        client.post(client.account, alg="none")
    with refused_as("malformed"):
        client.post(client.account, jwk=client.jwk)
    client.key = ec.generate_private_key(ec.SECP256R1())
    with refused_as("unauthorized"):
        client.post(client.account)


@pytest.mark.parametrize(
    "payload",
    [
        None,
        [],
        {"contact": 5},
        {"identifiers": 5},
        {"identifiers": [5]},
        {"csr": 5},
        {"certificate": []},
        {"protected": 1},
    ],
)
def test_whatever_a_client_sends_is_answered_with_a_problem(client, validate, payload):
    validate()
    order = client.order("example.com")
    for name in ("newOrder", "revokeCert", "keyChange"):
        with pytest.raises(Problem):
            client.post(client.directory[name], payload)
    with pytest.raises(Problem):
        client.post(order["finalize"], payload)


def test_a_body_that_is_no_jws_is_malformed(client):
    for body in (b"", b"garbage", b"[]", b'{"protected": "x", "payload": 5, "signature": ""}', b"\xff"):
        request = urllib.request.Request(client.directory["newOrder"], body, {"Content-Type": "application/jose+json"})
        with pytest.raises(urllib.error.HTTPError) as raised:
            urllib.request.urlopen(request)
        assert (raised.value.code, raised.value.headers["content-type"]) == (400, "application/problem+json")


# -- the API


def test_an_endpoint_is_described_listed_and_deleted(acm, make_endpoint, refused):
    public = {"PublicCertificateAuthority": {"AllowedKeyAlgorithms": ["RSA_2048"]}}
    arn = make_endpoint(CertificateAuthority=public, Contact="REQUIRED", Tags=[{"Key": "a", "Value": "1"}])
    found = acm.describe_acme_endpoint(AcmeEndpointArn=arn)["AcmeEndpoint"]
    assert (found["Status"], found["Contact"], found["CertificateAuthority"]) == ("ACTIVE", "REQUIRED", public)
    assert acm.list_acme_endpoints()["AcmeEndpoints"] == [found]
    acm.update_acme_endpoint(AcmeEndpointArn=arn, Contact="NOT_REQUIRED")
    assert acm.describe_acme_endpoint(AcmeEndpointArn=arn)["AcmeEndpoint"]["Contact"] == "NOT_REQUIRED"
    acm.delete_acme_endpoint(AcmeEndpointArn=arn)
    with refused("ResourceNotFoundException"):
        acm.describe_acme_endpoint(AcmeEndpointArn=arn)


def test_a_domain_validation_is_described_changed_and_deleted(acm, endpoint, validate, refused):
    arn = validate("example.com")
    found = acm.describe_acme_domain_validation(AcmeDomainValidationArn=arn)["AcmeDomainValidation"]
    details = found["PrevalidationDetails"]["DnsPrevalidation"]
    assert (found["Status"], found["DomainName"]) == ("VALID", "example.com")
    assert details["ResourceRecord"]["Type"] == "CNAME"
    scope = {"DnsPrevalidation": {"DomainScope": {"Subdomains": "ENABLED"}}}
    acm.update_acme_domain_validation(AcmeDomainValidationArn=arn, PrevalidationOptions=scope)
    (listed,) = acm.list_acme_domain_validations(AcmeEndpointArn=endpoint)["AcmeDomainValidations"]
    assert listed["PrevalidationDetails"]["DnsPrevalidation"]["DomainScope"] == {
        "ExactDomain": "ENABLED",
        "Subdomains": "ENABLED",
        "Wildcards": "DISABLED",
    }
    with refused("ConflictException"):
        validate("example.com")
    acm.delete_acme_domain_validation(AcmeDomainValidationArn=arn)
    with refused("ResourceNotFoundException"):
        acm.describe_acme_domain_validation(AcmeDomainValidationArn=arn)


def test_bindings_are_described_listed_and_deleted(acm, endpoint, bind, refused):
    _, _, arn = bind()
    found = acm.describe_acme_external_account_binding(AcmeExternalAccountBindingArn=arn)["ExternalAccountBinding"]
    assert found["AcmeEndpointArn"] == endpoint
    assert "RevokedAt" not in found and "LastUsedAt" not in found
    (listed,) = acm.list_acme_external_account_bindings(AcmeEndpointArn=endpoint)["ExternalAccountBindings"]
    assert listed["AcmeExternalAccountBindingArn"] == arn
    acm.delete_acme_external_account_binding(AcmeExternalAccountBindingArn=arn)
    with refused("ResourceNotFoundException"):
        acm.get_acme_external_account_binding_credentials(AcmeExternalAccountBindingArn=arn)


def test_acme_resources_have_tags_of_their_own(acm, endpoint, validate, bind, issued, refused):
    for arn in (endpoint, validate(), bind()[2]):
        acm.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
        acm.untag_resource(ResourceArn=arn, TagKeys=["a"])
        assert acm.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    with refused("ValidationException"):
        acm.list_tags_for_resource(ResourceArn=issued())

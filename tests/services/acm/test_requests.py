"""Requested certificates: validation, issue, what they are, how long they last."""

from __future__ import annotations

import re
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from fogbank.services.acm import limits


def test_a_requested_certificate_waits_for_the_proof_that_the_domain_is_ones_own(aws, acm, describe, request_one):
    arn = request_one("www.example.com")
    assert re.fullmatch(rf"arn:aws:acm:us-east-1:{aws.account}:certificate/[0-9a-f-]{{36}}", arn)
    found = describe(arn)
    assert (found["Status"], found["Type"]) == ("PENDING_VALIDATION", "AMAZON_ISSUED")
    (option,) = found["DomainValidationOptions"]
    assert option["ValidationStatus"] == "PENDING_VALIDATION"
    record = option["ResourceRecord"]
    assert re.fullmatch(r"_[0-9a-f]{32}\.www\.example\.com\.", record["Name"])
    assert re.fullmatch(r"_[0-9a-f]{32}\.[a-z]{10}\.acm-validations\.aws\.", record["Value"])
    assert record["Type"] == "CNAME"


def test_a_domain_and_its_wildcard_are_proved_by_the_same_record(describe, request_one):
    found = describe(request_one("example.com", SubjectAlternativeNames=["*.example.com", "example.org"]))
    records = [option["ResourceRecord"]["Name"] for option in found["DomainValidationOptions"]]
    assert records[0] == records[1] != records[2]


def test_a_certificate_is_issued_when_its_domains_are_proved(acm, describe, issued):
    found = describe(issued("example.com", SubjectAlternativeNames=["*.example.com"]))
    assert found["Status"] == "ISSUED"
    assert found["DomainValidationOptions"][0]["ValidationStatus"] == "SUCCESS"
    assert found["SubjectAlternativeNames"] == ["example.com", "*.example.com"]
    assert (found["Subject"], found["Issuer"]) == ("CN=example.com", "Fogbank")
    assert found["InUseBy"] == []
    assert found["RenewalEligibility"] == "INELIGIBLE"
    assert {usage["Name"] for usage in found["KeyUsages"]} == {"DIGITAL_SIGNATURE", "KEY_ENCIPHERMENT"}
    assert found["ExtendedKeyUsages"][0] == {"Name": "TLS_WEB_SERVER_AUTHENTICATION", "OID": "1.3.6.1.5.5.7.3.1"}
    assert re.fullmatch("([0-9a-f]{2}:)+[0-9a-f]{2}", found["Serial"])


def test_an_issued_certificate_is_a_real_one_with_its_chain(acm, issued):
    arn = issued("example.com", SubjectAlternativeNames=["*.example.com"])
    answer = acm.get_certificate(CertificateArn=arn)
    leaf = x509.load_pem_x509_certificate(answer["Certificate"].encode())
    issuer, root = x509.load_pem_x509_certificates(answer["CertificateChain"].encode())
    leaf.verify_directly_issued_by(issuer)
    issuer.verify_directly_issued_by(root)
    root.verify_directly_issued_by(root)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["example.com", "*.example.com"]


def test_the_root_of_the_chain_is_there_to_be_trusted(fogbank_server, acm, issued):
    chain = acm.get_certificate(CertificateArn=issued())["CertificateChain"]
    with urllib.request.urlopen(f"{fogbank_server.endpoint}/_fogbank/ca.pem") as answer:
        assert chain.endswith(answer.read().decode())


def test_a_certificate_lasts_for_198_days(describe, issued):
    found = describe(issued())
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    assert found["NotBefore"] == today
    assert found["NotAfter"] == today + timedelta(days=limits.VALID_DAYS, seconds=-1)


def test_the_default_key_is_rsa_with_2048_bits(describe, issued):
    arn = issued(KeyAlgorithm="RSA_2048")
    assert describe(arn)["KeyAlgorithm"] == "RSA-2048"


@pytest.mark.parametrize("algorithm", ["RSA_1024", "RSA_4096", "EC_secp521r1"])
def test_a_public_certificate_has_no_key_of_another_kind(request_one, refused, algorithm):
    with refused("ValidationException"):
        request_one(KeyAlgorithm=algorithm)


def test_before_its_issue_there_is_nothing_to_get(acm, request_one, refused):
    with refused("RequestInProgressException"):
        acm.get_certificate(CertificateArn=request_one())


def test_a_token_stands_for_one_certificate_for_an_hour(request_one, clock):
    first = request_one(IdempotencyToken="token")
    assert request_one(IdempotencyToken="token") == first
    clock.advance(hours=2)
    assert request_one(IdempotencyToken="token") != first


def test_the_first_name_has_64_characters_at_most_and_others_253(describe, request_one, refused):
    long = ".".join(["a" * 60] * 3 + ["com"])
    with refused("InvalidParameterException"):
        request_one(long)
    assert long in describe(request_one(SubjectAlternativeNames=[long]))["SubjectAlternativeNames"]


def test_a_certificate_that_is_not_there_is_not_found(aws, acm, refused):
    with refused("ResourceNotFoundException", "Could not find certificate"):
        acm.describe_certificate(
            CertificateArn=f"arn:aws:acm:us-east-1:{aws.account}:certificate/11111111-1111-1111-1111-111111111111"
        )


def test_certificates_of_two_regions_never_meet(aws, request_one):
    arn = request_one()
    other = aws("acm", region="eu-west-1")
    with pytest.raises(other.exceptions.ResourceNotFoundException):
        other.describe_certificate(CertificateArn=arn)


def test_a_deleted_certificate_is_gone(acm, issued, refused):
    arn = issued()
    acm.delete_certificate(CertificateArn=arn)
    with refused("ResourceNotFoundException"):
        acm.get_certificate(CertificateArn=arn)


# -- by email


def test_a_domain_is_proved_by_email_to_its_mailboxes(acm, describe, request_one, settle):
    arn = request_one(
        "www.example.com",
        ValidationMethod="EMAIL",
        DomainValidationOptions=[{"DomainName": "www.example.com", "ValidationDomain": "example.com"}],
    )
    (option,) = describe(arn)["DomainValidationOptions"]
    assert option["ValidationDomain"] == "example.com"
    assert "postmaster@example.com" in option["ValidationEmails"]
    acm.resend_validation_email(CertificateArn=arn, Domain="www.example.com", ValidationDomain="www.example.com")
    assert describe(arn)["DomainValidationOptions"][0]["ValidationDomain"] == "www.example.com"
    settle()
    assert describe(arn)["Status"] == "ISSUED"


def test_the_email_goes_to_the_domain_or_one_above_it(acm, request_one, refused):
    option = {"DomainName": "www.example.com", "ValidationDomain": "example.org"}
    with refused("InvalidDomainValidationOptionsException"):
        request_one("www.example.com", ValidationMethod="EMAIL", DomainValidationOptions=[option])


def test_no_email_is_sent_for_a_domain_that_is_proved_by_dns(acm, request_one, refused):
    with refused("InvalidStateException"):
        acm.resend_validation_email(CertificateArn=request_one(), Domain="example.com", ValidationDomain="example.com")


def test_validation_moves_from_email_to_dns(acm, describe, issued, settle):
    arn = issued(ValidationMethod="EMAIL")
    acm.update_certificate_options(CertificateArn=arn, Options={"ValidationMethod": "DNS"})
    assert describe(arn)["UpdateSummary"]["Status"] == "PENDING_DOMAIN_VALIDATION"
    (row,) = acm.list_certificate_domain_validations(CertificateArn=arn)["DomainValidationSummaryList"]
    assert row["ActiveValidationConfiguration"]["ValidationMethod"] == "EMAIL"
    requested = row["RequestedValidationConfiguration"]["ValidationChallenge"]["DnsValidationChallenge"]
    assert requested["ResourceRecord"]["Type"] == "CNAME"
    settle()
    found = describe(arn)
    assert found["UpdateSummary"]["Status"] == "SUCCESS"
    assert found["DomainValidationOptions"][0]["ValidationMethod"] == "DNS"


def test_validation_moves_in_no_other_direction(acm, issued, refused):
    with refused("InvalidStateException"):
        acm.update_certificate_options(CertificateArn=issued(), Options={"ValidationMethod": "EMAIL"})


# -- exporting and revoking


def test_an_exportable_certificate_is_exported_with_its_key_under_a_passphrase(acm, describe, issued):
    arn = issued(Options={"Export": "ENABLED"})
    answer = acm.export_certificate(CertificateArn=arn, Passphrase=b"s3cret!")
    key = load_pem_private_key(answer["PrivateKey"].encode(), b"s3cret!")
    leaf = x509.load_pem_x509_certificate(answer["Certificate"].encode())
    assert key.public_key() == leaf.public_key()
    assert "BEGIN ENCRYPTED PRIVATE KEY" in answer["PrivateKey"]
    assert describe(arn)["RenewalEligibility"] == "ELIGIBLE"


def test_other_public_certificates_are_not_exported(acm, issued, refused):
    with refused("ValidationException"):
        acm.export_certificate(CertificateArn=issued(), Passphrase=b"s3cret!")


@pytest.mark.parametrize("passphrase", [b"with#hash", b"100%", "ümlaut".encode()])
def test_a_passphrase_has_plain_characters(acm, issued, refused, passphrase):
    with refused("ValidationException"):
        acm.export_certificate(CertificateArn=issued(Options={"Export": "ENABLED"}), Passphrase=passphrase)


def test_whether_a_certificate_is_exportable_is_settled_by_its_request(acm, issued, refused):
    with refused("ValidationException", "You cannot update the value of Export"):
        acm.update_certificate_options(CertificateArn=issued(), Options={"Export": "ENABLED"})


def test_an_exported_certificate_is_revoked_for_ever(acm, describe, issued, refused):
    arn = issued(Options={"Export": "ENABLED"})
    acm.export_certificate(CertificateArn=arn, Passphrase=b"s3cret!")
    acm.revoke_certificate(CertificateArn=arn, RevocationReason="KEY_COMPROMISE")
    found = describe(arn)
    assert (found["Status"], found["RevocationReason"]) == ("REVOKED", "KEY_COMPROMISE")
    assert found["RevokedAt"]
    with refused("ConflictException"):
        acm.revoke_certificate(CertificateArn=arn, RevocationReason="KEY_COMPROMISE")


def test_what_was_not_exported_is_not_revoked(acm, issued, refused):
    with refused("ValidationException"):
        acm.revoke_certificate(CertificateArn=issued(), RevocationReason="UNSPECIFIED")


# -- by the clock


def test_a_certificate_that_nobody_uses_expires(describe, issued, settle):
    arn = issued()
    settle(days=limits.VALID_DAYS - 2)
    assert describe(arn)["Status"] == "ISSUED"
    settle(days=3)
    assert describe(arn)["Status"] == "EXPIRED"


def test_an_exported_certificate_is_renewed_in_time_with_a_new_key(acm, describe, issued, settle):
    arn = issued(Options={"Export": "ENABLED"})
    before = acm.export_certificate(CertificateArn=arn, Passphrase=b"s3cret!")["Certificate"]
    settle(days=limits.VALID_DAYS - limits.RENEWED_DAYS_BEFORE + 1)
    after = describe(arn)
    assert (after["Status"], after["RenewalSummary"]["RenewalStatus"]) == ("ISSUED", "SUCCESS")
    old = x509.load_pem_x509_certificate(before.encode())
    new = x509.load_pem_x509_certificate(acm.get_certificate(CertificateArn=arn)["Certificate"].encode())
    assert new.not_valid_after_utc > old.not_valid_after_utc
    assert new.public_key() != old.public_key()


def test_a_certificate_in_use_is_renewed_and_not_deleted(fogbank_server, aws, acm, describe, issued, settle, refused):
    arn = issued()
    balancer = f"arn:aws:elasticloadbalancing:us-east-1:{aws.account}:loadbalancer/app/web/1"
    uses(fogbank_server, aws, "use", arn, balancer)
    assert describe(arn)["InUseBy"] == [balancer]
    with refused("ResourceInUseException"):
        acm.delete_certificate(CertificateArn=arn)
    settle(days=limits.VALID_DAYS + 1)
    assert describe(arn)["Status"] == "ISSUED"
    uses(fogbank_server, aws, "release", arn, balancer)
    acm.delete_certificate(CertificateArn=arn)


def test_services_get_the_key_of_a_certificate(fogbank_server, aws, issued):
    material = uses(fogbank_server, aws, "material", issued())
    leaf = x509.load_pem_x509_certificate(material.certificate.encode())
    assert material.key.public_key() == leaf.public_key()
    assert material.names == ("example.com",)


def uses(server, aws, method, *args):
    """What a service asks of ACM, in a transaction."""
    from fogbank.certificates.directory import certificates

    app = server.app
    ctx = app.system_context("acm", aws.account, "us-east-1")
    return server.call(ctx.transact(getattr(certificates(app), method), ctx, *args))


def test_only_private_certificates_are_renewed_on_demand(acm, issued, refused):
    with refused("ValidationException", "not eligible for renewal"):
        acm.renew_certificate(CertificateArn=issued())


def test_the_account_says_when_it_is_warned(acm):
    assert acm.get_account_configuration()["ExpiryEvents"] == {"DaysBeforeExpiry": 45}
    acm.put_account_configuration(IdempotencyToken="t", ExpiryEvents={"DaysBeforeExpiry": 10})
    assert acm.get_account_configuration()["ExpiryEvents"] == {"DaysBeforeExpiry": 10}


# -- tags


def test_tags_are_added_replaced_and_removed(acm, request_one):
    arn = request_one(Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    acm.add_tags_to_certificate(CertificateArn=arn, Tags=[{"Key": "b", "Value": "3"}, {"Key": "c"}])
    acm.remove_tags_from_certificate(CertificateArn=arn, Tags=[{"Key": "a"}, {"Key": "b", "Value": "2"}])
    assert acm.list_tags_for_certificate(CertificateArn=arn)["Tags"] == [
        {"Key": "b", "Value": "3"},
        {"Key": "c", "Value": ""},
    ]


def test_a_certificate_has_fifty_tags(acm, request_one, refused):
    arn = request_one(Tags=[{"Key": f"k{number}"} for number in range(50)])
    with refused("TooManyTagsException"):
        acm.add_tags_to_certificate(CertificateArn=arn, Tags=[{"Key": "one more"}])

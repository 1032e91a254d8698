"""Listing and searching certificates."""

from __future__ import annotations

import pytest


@pytest.fixture
def several(acm, issuer, request_one, settle):
    """Three certificates by name: issued with an EC key, pending with an RSA key, imported."""
    found = {"ec": request_one("ec.example")}
    settle()
    found["exportable"] = request_one("export.example", Options={"Export": "ENABLED"})
    settle()
    certificate, key = issuer.issue("imported.example")
    found["imported"] = acm.import_certificate(Certificate=certificate, PrivateKey=key, CertificateChain=issuer.pem)[
        "CertificateArn"
    ]
    settle()
    found["pending"] = request_one("rsa.example", KeyAlgorithm="RSA_2048", ValidationMethod="EMAIL")
    return found


@pytest.fixture
def listed(acm):
    def listed(**params):
        return [row["DomainName"] for row in acm.list_certificates(**params)["CertificateSummaryList"]]

    return listed


EC = {"keyTypes": ["EC_prime256v1"]}


def test_without_a_filter_rsa_keys_are_listed(several, listed):
    assert listed() == ["rsa.example"]
    assert listed(Includes=EC) == ["ec.example", "export.example", "imported.example"]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"CertificateStatuses": ["ISSUED"]}, []),
        ({"CertificateStatuses": ["ISSUED"], "Includes": EC}, ["ec.example", "export.example", "imported.example"]),
        ({"Includes": {**EC, "exportOption": "ENABLED"}}, ["export.example"]),
        ({"Includes": {**EC, "extendedKeyUsage": ["TLS_WEB_SERVER_AUTHENTICATION"]}}, ["ec.example", "export.example"]),
        ({"Includes": {**EC, "keyUsage": ["CERTIFICATE_SIGNING"]}}, []),
        ({"Includes": EC, "CertificateKeyPairOrigins": ["CUSTOMER_PROVIDED"]}, ["imported.example"]),
        (
            {"Includes": EC, "SortBy": "CREATED_AT", "SortOrder": "DESCENDING"},
            ["imported.example", "export.example", "ec.example"],
        ),
    ],
)
def test_filters_let_through_what_they_describe(several, listed, params, expected):
    assert listed(**params) == expected


def test_a_summary_tells_the_essentials(acm, several):
    (row,) = acm.list_certificates()["CertificateSummaryList"]
    assert row["CertificateArn"] == several["pending"]
    assert (row["Status"], row["Type"], row["KeyAlgorithm"]) == ("PENDING_VALIDATION", "AMAZON_ISSUED", "RSA-2048")
    assert row["SubjectAlternativeNameSummaries"] == ["rsa.example"]
    assert (row["InUse"], row["Exported"], row["HasAdditionalSubjectAlternativeNames"]) == (False, False, False)


def test_the_pages_are_the_list(acm, several, listed):
    pages = acm.get_paginator("list_certificates").paginate(Includes=EC, PaginationConfig={"PageSize": 2})
    rows = [[row["DomainName"] for row in page["CertificateSummaryList"]] for page in pages]
    assert rows == [["ec.example", "export.example"], ["imported.example"]]


def test_a_token_that_nobody_gave_out_is_refused(acm, refused):
    with refused("InvalidArgsException"):
        acm.list_certificates(NextToken="garbage")


def test_an_order_has_a_direction(acm, refused):
    with refused("ValidationException"):
        acm.list_certificates(SortBy="CREATED_AT")


# -- searching


@pytest.fixture
def found(acm):
    """The domains of the certificates that a statement is true of, in the order of their names."""

    def found(statement=None, **params):
        request = {"FilterStatement": statement} if statement else {}
        rows = acm.search_certificates(**request, **{"SortBy": "COMMON_NAME", "SortOrder": "ASCENDING", **params})[
            "Results"
        ]
        return [row["X509Attributes"]["SubjectAlternativeNames"][0]["DnsName"] for row in rows]

    return found


def metadata(**filters):
    return {"Filter": {"AcmCertificateMetadataFilter": filters}}


def attribute(**filters):
    return {"Filter": {"X509AttributeFilter": filters}}


def named(value, operator="CONTAINS"):
    return attribute(SubjectAlternativeName={"DnsName": {"Value": value, "ComparisonOperator": operator}})


def test_a_search_without_a_statement_finds_everything(several, found):
    assert found() == ["ec.example", "export.example", "imported.example", "rsa.example"]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (metadata(Type="IMPORTED"), ["imported.example"]),
        (metadata(Status="PENDING_VALIDATION"), ["rsa.example"]),
        (metadata(ExportOption="ENABLED"), ["export.example"]),
        (metadata(InUse=True), []),
        (metadata(ValidationMethod="EMAIL"), ["rsa.example"]),
        (attribute(KeyAlgorithm="RSA_2048"), ["rsa.example"]),
        (attribute(KeyUsage="DIGITAL_SIGNATURE"), ["ec.example", "export.example"]),
        (named("RT"), ["export.example", "imported.example"]),
        (named("ec.example", "EQUALS"), ["ec.example"]),
        (
            attribute(Subject={"CommonName": {"Value": "export", "ComparisonOperator": "CONTAINS"}}),
            ["export.example"],
        ),
        (attribute(NotAfter={"Start": 4e9}), []),
        ({"Not": metadata(Status="ISSUED")}, ["rsa.example"]),
        ({"And": [metadata(Status="ISSUED"), named("e")]}, ["ec.example", "export.example", "imported.example"]),
        (
            {"Or": [named("rsa"), {"And": [named("ec."), metadata(Type="AMAZON_ISSUED")]}]},
            ["ec.example", "rsa.example"],
        ),
    ],
)
def test_a_search_finds_what_its_statement_is_true_of(several, found, statement, expected):
    assert found(statement) == expected


def test_a_search_finds_a_certificate_by_its_arn_and_serial_number(acm, several, found):
    assert found({"Filter": {"CertificateArn": several["ec"]}}) == ["ec.example"]
    serial = acm.describe_certificate(CertificateArn=several["ec"])["Certificate"]["Serial"]
    assert found(attribute(SerialNumber=serial)) == ["ec.example"]


def test_a_result_tells_subject_issuer_and_metadata(acm, several):
    (row,) = acm.search_certificates(FilterStatement=metadata(Type="IMPORTED"))["Results"]
    assert row["X509Attributes"]["Subject"] == {"CommonName": "imported.example"}
    assert row["X509Attributes"]["Issuer"] == {"CommonName": "Test CA"}
    assert row["CertificateMetadata"]["AcmCertificateMetadata"]["Status"] == "ISSUED"


@pytest.mark.parametrize(
    "statement", [{}, {"Filter": {}}, {"And": [metadata(Type="IMPORTED")], "Not": metadata(Type="IMPORTED")}]
)
def test_a_statement_says_one_thing(aws, acm, refused, statement):
    raw = aws("acm", parameter_validation=False)
    with refused("ValidationException"):
        raw.search_certificates(FilterStatement=statement)


def test_results_come_in_pages(acm, several):
    pages = acm.get_paginator("search_certificates").paginate(PaginationConfig={"PageSize": 3})
    assert [len(page["Results"]) for page in pages] == [3, 1]

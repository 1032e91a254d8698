"""Grants: permissions on a key, given and taken back one by one."""

import pytest

GRANTEE = "arn:aws:iam::{account}:role/grantee"


@pytest.fixture
def grantee(make_role):
    """A role without any permission of its own, and a client of its session."""
    return make_role(name="grantee")


@pytest.fixture
def grant(kms, key, grantee):
    def make(*operations, by=None, **params):
        params = {"GranteePrincipal": grantee[0], **params}
        return (by or kms).create_grant(KeyId=key, Operations=list(operations), **params)

    return make


def test_a_grant_lets_its_grantee_do_what_it_names(kms, key, grantee, grant, refused):
    _, session = grantee
    with refused("AccessDeniedException"):
        session.encrypt(KeyId=key, Plaintext=b"x")
    grant("Encrypt")
    blob = session.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    with refused("AccessDeniedException"):
        session.decrypt(CiphertextBlob=blob)


def test_a_revoked_grant_is_over(kms, key, grantee, grant, refused):
    _, session = grantee
    made = grant("Encrypt")
    assert session.encrypt(KeyId=key, Plaintext=b"x")
    kms.revoke_grant(KeyId=key, GrantId=made["GrantId"])
    with refused("AccessDeniedException"):
        session.encrypt(KeyId=key, Plaintext=b"x")
    assert kms.list_grants(KeyId=key)["Grants"] == []


def test_a_grant_cannot_overcome_a_denial(kms, key, grantee, grant, key_policy, refused):
    _, session = grantee
    grant("Encrypt")
    denied = {"Effect": "Deny", "Principal": {"AWS": grantee[0]}, "Action": "kms:Encrypt", "Resource": "*"}
    kms.put_key_policy(KeyId=key, Policy=key_policy(denied, root=False))
    with refused("AccessDeniedException", "explicit deny"):
        session.encrypt(KeyId=key, Plaintext=b"x")


def test_a_grant_reaches_into_another_account(aws, kms, make_key, make_user, refused):
    arn, user = make_user(account="555555555555")
    key = make_key()["Arn"]
    with refused("AccessDeniedException", "because the resource does not exist in this Region"):
        user.encrypt(KeyId=key, Plaintext=b"x")
    kms.create_grant(KeyId=key, GranteePrincipal=arn, Operations=["Encrypt"])
    assert user.encrypt(KeyId=key, Plaintext=b"x")["KeyId"] == key


def test_a_grant_to_an_account_leaves_it_to_that_account(kms, make_key, make_user, refused):
    other = "666666666666"
    _, allowed = make_user("kms:Encrypt", name="allowed", account=other)
    _, not_allowed = make_user(name="not-allowed", account=other)
    key = make_key()["Arn"]
    kms.create_grant(KeyId=key, GranteePrincipal=f"arn:aws:iam::{other}:root", Operations=["Encrypt"])
    assert allowed.encrypt(KeyId=key, Plaintext=b"x")
    with refused("AccessDeniedException"):
        not_allowed.encrypt(KeyId=key, Plaintext=b"x")


# -- constraints


@pytest.mark.parametrize(
    ("kind", "fits", "does_not"),
    [
        ("EncryptionContextEquals", {"a": "1"}, {"a": "1", "b": "2"}),
        ("EncryptionContextSubset", {"a": "1", "b": "2"}, {"b": "2"}),
        ("EncryptionContextSubset", {"a": "1"}, {"A": "1"}),
    ],
)
def test_a_constraint_binds_the_grant_to_a_context(key, grantee, grant, refused, kind, fits, does_not):
    _, session = grantee
    grant("Encrypt", "DescribeKey", Constraints={kind: {"a": "1"}})
    assert session.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=fits)
    assert session.describe_key(KeyId=key)
    for context in (does_not, {}):
        with refused("AccessDeniedException"):
            session.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=context)


def test_constraints_have_their_limits(make_key, kms, grant, grantee, refused):
    with refused("ValidationException", "8 pairs"):
        grant("Encrypt", Constraints={"EncryptionContextSubset": {str(number): "x" for number in range(9)}})
    with refused("ValidationException", "384"):
        grant("Encrypt", Constraints={"EncryptionContextEquals": {"a": "x" * 400}})
    both = {"EncryptionContextEquals": {"a": "1"}, "EncryptionContextSubset": {"a": "1"}}
    with refused("ValidationException"):
        grant("Encrypt", Constraints=both)
    assert grant("Encrypt", Constraints={**both, "EncryptionContextSubset": {}})
    signing = make_key("ECC_NIST_P256", "SIGN_VERIFY")["KeyId"]
    with refused("ValidationException", "encryption context"):
        kms.create_grant(
            KeyId=signing,
            GranteePrincipal=grantee[0],
            Operations=["Sign"],
            Constraints={"EncryptionContextEquals": {"a": "1"}},
        )


def test_a_grant_has_only_operations_of_its_key(kms, make_key, grant, grantee, refused):
    with refused("ValidationException", "Sign"):
        grant("Encrypt", "Sign")
    mac = make_key("HMAC_256", "GENERATE_VERIFY_MAC")["KeyId"]
    with refused("ValidationException", "Encrypt"):
        kms.create_grant(KeyId=mac, GranteePrincipal=grantee[0], Operations=["Encrypt"])
    assert kms.create_grant(KeyId=mac, GranteePrincipal=grantee[0], Operations=["GenerateMac", "VerifyMac"])


def test_a_principal_that_is_not_there_gets_no_grant(aws, grant, refused):
    for name in (GRANTEE.format(account="777777777777"), f"arn:aws:iam::{aws.account}:role/none", "somebody"):
        with refused("InvalidArnException", "ARN does not refer to a valid principal"):
            grant("Encrypt", GranteePrincipal=name)


def test_a_service_gets_a_grant_for_one_resource_and_somebody_to_retire_it(aws, kms, key, refused):
    given = {"KeyId": key, "Operations": ["Decrypt"], "GranteeServicePrincipal": "logs.us-east-1.amazonaws.com"}
    with refused("ValidationException", "SourceArn"):
        kms.create_grant(**given)
    source = f"arn:aws:logs:us-east-1:{aws.account}:log-group:a"
    kms.create_grant(**given, Constraints={"SourceArn": source}, RetiringServicePrincipal="logs.amazonaws.com")
    (entry,) = kms.list_grants(KeyId=key)["Grants"]
    assert entry["GranteeServicePrincipal"] == "logs.us-east-1.amazonaws.com"
    assert entry["RetiringServicePrincipal"] == "logs.amazonaws.com"
    assert entry["Constraints"] == {"SourceArn": source}


# -- tokens, names, dry runs


def test_a_grant_with_a_name_is_given_once(grant):
    first, again, other = grant("Encrypt", Name="one"), grant("Encrypt", Name="one"), grant("Encrypt", Name="two")
    assert first["GrantId"] == again["GrantId"]
    assert first["GrantToken"] != again["GrantToken"]
    assert other["GrantId"] != first["GrantId"]
    assert grant("Encrypt")["GrantId"] != grant("Encrypt")["GrantId"]


def test_a_token_is_taken_and_a_wrong_one_refused(key, grantee, grant, refused):
    _, session = grantee
    token = grant("Encrypt")["GrantToken"]
    assert session.encrypt(KeyId=key, Plaintext=b"x", GrantTokens=[token])
    with refused("InvalidGrantTokenException"):
        session.encrypt(KeyId=key, Plaintext=b"x", GrantTokens=["nonsense"])


def test_a_dry_run_gives_nothing(kms, key, grant, refused):
    with refused("DryRunOperationException"):
        grant("Encrypt", DryRun=True)
    assert kms.list_grants(KeyId=key)["Grants"] == []


def test_a_key_that_cannot_be_used_is_not_granted(kms, key, grant, refused):
    kms.disable_key(KeyId=key)
    with refused("DisabledException"):
        grant("Encrypt")


# -- grants by grantees


def test_a_grantee_passes_on_no_more_than_it_has(kms, key, grantee, grant, make_user, refused):
    _, session = grantee
    grant("Encrypt", "CreateGrant", Constraints={"EncryptionContextSubset": {"a": "1"}})
    arn, user = make_user()
    narrower = {"Constraints": {"EncryptionContextEquals": {"a": "1", "b": "2"}}, "GranteePrincipal": arn}
    assert grant("Encrypt", by=session, **narrower)
    assert user.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"a": "1", "b": "2"})
    with refused("AccessDeniedException"):
        grant("Encrypt", by=session, GranteePrincipal=arn)
    with refused("AccessDeniedException"):
        grant("Decrypt", by=session, **narrower)


def test_grants_for_services_can_be_told_from_others(make_key, make_user, key_policy, refused):
    _, user = make_user("kms:*")
    condition = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    statement = {"Effect": "Allow", "Principal": "*", "Action": "kms:CreateGrant", "Resource": "*"}
    key = make_key(Policy=key_policy({**statement, "Condition": condition}))["KeyId"]
    with refused("AccessDeniedException"):
        user.create_grant(KeyId=key, GranteePrincipal=GRANTEE.format(account="1" * 12), Operations=["Encrypt"])


# -- listing


def test_grants_are_listed_with_all_their_terms(aws, kms, make_key, key, grantee, grant):
    made = grant(
        "Encrypt",
        "Decrypt",
        Name="terms",
        RetiringPrincipal=f"arn:aws:iam::{aws.account}:root",
        Constraints={"EncryptionContextEquals": {"a": "1"}},
    )
    (entry,) = kms.list_grants(KeyId=key)["Grants"]
    assert entry.pop("CreationDate")
    assert entry == {
        "KeyId": f"arn:aws:kms:us-east-1:{aws.account}:key/{key}",
        "GrantId": made["GrantId"],
        "Name": "terms",
        "GranteePrincipal": grantee[0],
        "RetiringPrincipal": f"arn:aws:iam::{aws.account}:root",
        "IssuingAccount": f"arn:aws:iam::{aws.account}:root",
        "Operations": ["Encrypt", "Decrypt"],
        "Constraints": {"EncryptionContextEquals": {"a": "1"}},
    }


def test_grants_are_listed_page_by_page_and_by_grantee(kms, key, grantee, grant, make_user):
    arn, _ = make_user()
    mine = {grant("Encrypt")["GrantId"] for _ in range(5)}
    other = grant("Encrypt", GranteePrincipal=arn)["GrantId"]
    pages = list(kms.get_paginator("list_grants").paginate(KeyId=key, PaginationConfig={"PageSize": 4}))
    assert {entry["GrantId"] for page in pages for entry in page["Grants"]} == {*mine, other}
    assert len(pages) == 2
    assert [entry["GrantId"] for entry in kms.list_grants(KeyId=key, GranteePrincipal=arn)["Grants"]] == [other]
    assert [entry["GrantId"] for entry in kms.list_grants(KeyId=key, GrantId=other)["Grants"]] == [other]


def test_what_a_principal_may_retire_is_listed_page_by_page(kms, make_key, grantee, make_user, refused):
    arn, _ = make_user(name="retirer")
    made = set()
    for _ in range(3):
        key = make_key()["KeyId"]
        given = {"GranteePrincipal": grantee[0], "RetiringPrincipal": arn, "Operations": ["Encrypt"]}
        made.add(kms.create_grant(KeyId=key, **given)["GrantId"])
    found, marker = set(), {}
    while True:
        page = kms.list_retirable_grants(RetiringPrincipal=arn, Limit=2, **marker)
        found |= {entry["GrantId"] for entry in page["Grants"]}
        if not page["Truncated"]:
            break
        marker = {"Marker": page["NextMarker"]}
    assert found == made
    with refused("ValidationException"):
        kms.list_retirable_grants()


# -- ending


def test_a_grant_is_retired_by_whom_it_names(aws, kms, key, grantee, grant, make_user, refused):
    arn, retirer = make_user(name="retirer")
    _, other = make_user(name="other")
    made = grant("Encrypt", RetiringPrincipal=arn)
    key_arn = kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"]
    with refused("AccessDeniedException", "kms:RetireGrant"):
        other.retire_grant(KeyId=key_arn, GrantId=made["GrantId"])
    with refused("AccessDeniedException"):
        grantee[1].retire_grant(GrantToken=made["GrantToken"])
    retirer.retire_grant(KeyId=key_arn, GrantId=made["GrantId"])
    assert kms.list_grants(KeyId=key)["Grants"] == []
    assert kms.list_retirable_grants(RetiringPrincipal=arn)["Grants"] == []


def test_a_grant_is_retired_by_its_grantee_if_it_says_so(kms, key, grantee, grant):
    made = grant("Encrypt", "RetireGrant")
    grantee[1].retire_grant(GrantToken=made["GrantToken"])
    assert kms.list_grants(KeyId=key)["Grants"] == []


def test_a_grant_is_retired_by_the_account_that_gave_it(kms, key, grant, refused):
    made = grant("Encrypt")
    with refused("DryRunOperationException"):
        kms.retire_grant(GrantToken=made["GrantToken"], DryRun=True)
    kms.retire_grant(GrantToken=made["GrantToken"])
    with refused("NotFoundException", f"Grant ID {made['GrantId']} not found"):
        kms.retire_grant(GrantToken=made["GrantToken"])


def test_grants_that_are_not_there_cannot_be_ended(kms, key, refused):
    with refused("NotFoundException"):
        kms.revoke_grant(KeyId=key, GrantId="0" * 64)
    with refused("InvalidGrantIdException"):
        kms.revoke_grant(KeyId=key, GrantId="short")
    with refused("InvalidGrantTokenException"):
        kms.retire_grant(GrantToken="nonsense")
    with refused("ValidationException"):
        kms.retire_grant(GrantId="0" * 64)

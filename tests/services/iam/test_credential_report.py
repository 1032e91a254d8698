"""The credential report."""

import csv
import io
import time

import pytest

from tests.services.iam.pki import Certified


@pytest.fixture
def report(iam):
    """Has a report made and gives its lines by user."""

    def report():
        deadline = time.monotonic() + 5
        while iam.generate_credential_report()["State"] != "COMPLETE":
            assert time.monotonic() < deadline
        content = iam.get_credential_report()["Content"].decode()
        return {line["user"]: line for line in csv.DictReader(io.StringIO(content))}

    return report


def test_there_is_no_report_until_one_is_asked_for(iam, refused):
    with refused("ReportNotPresent"):
        iam.get_credential_report()


def test_a_first_report_is_started(iam):
    assert iam.generate_credential_report()["State"] == "STARTED"


def test_an_account_without_users_has_its_root(aws, report):
    lines = report()
    assert list(lines) == ["<root_account>"]
    root = lines["<root_account>"]
    assert root["arn"] == f"arn:aws:iam::{aws.account}:root"
    assert root["password_enabled"] == root["password_last_changed"] == "not_supported"
    assert root["access_key_1_active"] == "false"
    assert root["access_key_1_last_used_date"] == "N/A"


def test_the_columns_are_awss(iam, report):
    report()
    header = iam.get_credential_report()["Content"].decode().splitlines()[0]
    assert header == (
        "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,"
        "password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,"
        "access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,"
        "access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,"
        "cert_1_last_rotated,cert_2_active,cert_2_last_rotated,additional_credentials_info"
    )


def test_a_users_password_is_told_with_its_rotation(iam, make_user, report):
    made = make_user()
    iam.update_account_password_policy(MaxPasswordAge=1)
    created = iam.create_login_profile(UserName="user", Password="a-password")["LoginProfile"]["CreateDate"]
    line = report()["user"]
    assert line["arn"] == made["Arn"]
    assert line["user_creation_time"] == made["CreateDate"].isoformat()
    assert line["password_enabled"] == "true"
    assert line["password_last_used"] == "no_information"
    assert line["password_last_changed"] == created.isoformat()
    assert line["password_next_rotation"] > line["password_last_changed"]


def test_a_user_without_a_password_has_nothing_to_tell_of_it(make_user, report):
    make_user()
    line = report()["user"]
    assert line["password_enabled"] == "false"
    assert line["password_last_used"] == line["password_last_changed"] == line["password_next_rotation"] == "N/A"


def test_keys_and_certificates_are_told(aws, iam, make_user, report):
    make_user()
    key = iam.create_access_key(UserName="user")["AccessKey"]
    other = iam.create_access_key(UserName="user")["AccessKey"]["AccessKeyId"]
    iam.update_access_key(UserName="user", AccessKeyId=other, Status="Inactive")
    iam.upload_signing_certificate(UserName="user", CertificateBody=Certified("user").pem)
    with pytest.raises(iam.exceptions.ClientError):
        aws("sqs", region="eu-west-1", credentials=key).list_queues()
    line = report()["user"]
    active = {number: line[f"access_key_{number}_active"] for number in (1, 2)}
    assert sorted(active.values()) == ["false", "true"]
    used = next(number for number, value in active.items() if value == "true")
    assert line[f"access_key_{used}_last_used_service"] == "sqs"
    assert line[f"access_key_{used}_last_used_region"] == "eu-west-1"
    assert (line["cert_1_active"], line["cert_2_active"]) == ("true", "false")


def test_a_report_is_good_for_four_hours(iam, make_user, report, clock, refused):
    report()
    make_user()
    assert list(report()) == ["<root_account>"]
    clock.advance(hours=4)
    with refused("ReportExpired"):
        iam.get_credential_report()
    assert list(report()) == ["<root_account>", "user"]

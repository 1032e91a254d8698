"""An SDK with an sso-session profile, in a process of its own: the token cache's place is fixed when botocore is imported."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

PROFILE = """\
[sso-session work]
sso_start_url = {start_url}
sso_region = us-east-1
sso_registration_scopes = sso:account:access

[profile reader]
sso_session = work
sso_account_id = {account}
sso_role_name = Reader
region = us-east-1
"""
WHO_AM_I = "import boto3; print(boto3.Session(profile_name='reader').client('sts').get_caller_identity()['Arn'])"


@pytest.fixture
def home(center, tmp_path):
    """A home directory as `aws sso login` leaves it, with an access token that lasts for so many seconds."""
    user = center.user()
    center.assign(center.permission_set(), user)
    client, tokens = center.sign_in(user, scopes=["sso:account:access"])

    def home(seconds):
        (tmp_path / ".aws/sso/cache").mkdir(parents=True)
        profile = PROFILE.format(start_url=center.start_url, account=center.aws.account)
        (tmp_path / ".aws/config").write_text(profile)
        now = datetime.now(UTC)
        cached = {
            "startUrl": center.start_url,
            "region": "us-east-1",
            "accessToken": tokens["accessToken"],
            "refreshToken": tokens["refreshToken"],
            "expiresAt": f"{now + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}",
            "registrationExpiresAt": f"{now + timedelta(days=90):%Y-%m-%dT%H:%M:%SZ}",
            **client,
        }
        name = hashlib.sha1(b"work").hexdigest()
        (tmp_path / f".aws/sso/cache/{name}.json").write_text(json.dumps(cached))
        return tmp_path

    return home


def who_am_i(home, endpoint):
    environment = {"HOME": str(home), "AWS_ENDPOINT_URL": endpoint, "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [sys.executable, "-c", WHO_AM_I], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_profile_has_the_credentials_of_its_role(center, home):
    assert ":assumed-role/AWSReservedSSO_Reader_" in who_am_i(home(3600), center.aws.endpoint)


def test_profile_refreshes_a_token_that_is_about_to_end(center, home):
    assert ":assumed-role/AWSReservedSSO_Reader_" in who_am_i(home(30), center.aws.endpoint)

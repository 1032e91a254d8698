"""Secrets, versions and refusals, as the tests of Secrets Manager use them."""

from __future__ import annotations

from contextlib import contextmanager

import pytest


@pytest.fixture
def sm(aws):
    return aws("secretsmanager")


@pytest.fixture
def make(sm):
    """Creates a secret and gives its ARN: `make("db", SecretString="x")`."""

    def make(name="db", **params):
        return sm.create_secret(Name=name, **params)["ARN"]

    return make


@pytest.fixture
def stages(sm):
    """Which labels each version has, for those that have any."""

    def stages(secret="db"):
        found = sm.describe_secret(SecretId=secret).get("VersionIdsToStages", {})
        return {version: sorted(labels) for version, labels in found.items()}

    return stages


@pytest.fixture
def version():
    """A version id that tells its number: `version(1)`."""
    return lambda number: f"{number:032x}"


@pytest.fixture
def put(sm, version):
    """Puts the value `v<number>` as version number so-and-so: `put(2)`, `put(2, "AWSPENDING")`."""

    def put(number, *labels, secret="db", **params):
        if labels:
            params["VersionStages"] = list(labels)
        token = version(number)
        return sm.put_secret_value(SecretId=secret, ClientRequestToken=token, SecretString=f"v{number}", **params)

    return put


@pytest.fixture
def refused(sm):
    """`with refused(code, message):` what is inside is refused with that code and with that sentence, or a part of it."""

    @contextmanager
    def refused(code, message=""):
        with pytest.raises(sm.exceptions.ClientError) as raised:
            yield
        error = raised.value.response["Error"]
        assert (error["Code"], error["Message"]) == (code, error["Message"])
        assert message in error["Message"]

    return refused

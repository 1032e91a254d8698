"""Clients, policies and refusals, as the tests of Access Analyzer use them."""

from __future__ import annotations

import json
from contextlib import contextmanager

import pytest


@pytest.fixture
def analyzer_client(aws):
    return aws("accessanalyzer")


@pytest.fixture
def refused(analyzer_client):
    """`with refused(code, message):` what is inside is refused with that code and with that sentence, or a part of it."""

    @contextmanager
    def refused(code, message=""):
        with pytest.raises(analyzer_client.exceptions.ClientError) as raised:
            yield
        error = raised.value.response["Error"]
        assert error["Code"] == code, error
        assert message in error["Message"]

    return refused


@pytest.fixture
def policy():
    """A policy of these statements as JSON."""

    def policy(*statements, version="2012-10-17"):
        return json.dumps({"Version": version, "Statement": list(statements)})

    return policy

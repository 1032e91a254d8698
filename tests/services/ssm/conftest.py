"""Parameters and refusals, as the tests of Parameter Store use them."""

from __future__ import annotations

from contextlib import contextmanager

import pytest


@pytest.fixture
def ssm(aws):
    return aws("ssm")


@pytest.fixture
def put(ssm):
    """Creates a String parameter, or overwrites one: `put("/a/b", "x")`. Gives its version."""

    def put(name="/app/db", value="x", **params):
        if "Tags" not in params and "Overwrite" not in params:
            params["Overwrite"] = True
        return ssm.put_parameter(Name=name, Value=value, **{"Type": "String", **params})["Version"]

    return put


@pytest.fixture
def get(ssm):
    return lambda name="/app/db", **params: ssm.get_parameter(Name=name, **params)["Parameter"]


@pytest.fixture
def described(ssm):
    """The description of one parameter."""

    def described(name="/app/db"):
        filters = [{"Key": "Name", "Values": [name]}]
        found = ssm.describe_parameters(ParameterFilters=filters)["Parameters"]
        return found[0] if found else None

    return described


@pytest.fixture
def refused(ssm):
    """`with refused(code, message):` what is inside is refused with that code and with that sentence, or a part of it."""

    @contextmanager
    def refused(code, message=""):
        with pytest.raises(ssm.exceptions.ClientError) as raised:
            yield
        error = raised.value.response["Error"]
        assert error["Code"] == code
        assert message in error.get("Message", "")

    return refused

"""Clients and tables of the tests of DynamoDB."""

from __future__ import annotations

import pytest

from tests.services.dynamodb.helpers import attributes, schema


@pytest.fixture
def ddb(aws):
    return aws("dynamodb")


@pytest.fixture
def raw(aws):
    """A client that sends whatever it is given."""
    return aws("dynamodb", parameter_validation=False)


@pytest.fixture
def make_table(ddb):
    """Creates an on-demand table that is ready, and gives its name."""

    def make(name="things", keys=("pk",), types=None, **more):
        types = types or dict.fromkeys(keys, "S")
        ddb.create_table(
            TableName=name,
            KeySchema=schema(*keys),
            AttributeDefinitions=attributes(**types),
            **{"BillingMode": "PAY_PER_REQUEST", **more},
        )
        ddb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 0.02, "MaxAttempts": 200})
        return name

    return make


@pytest.fixture
def table(make_table):
    """A table of items by `pk`."""
    return make_table()


@pytest.fixture
def ordered(make_table):
    """A table of items by `pk` and the number `sk`."""
    return make_table("ordered", ("pk", "sk"), {"pk": "S", "sk": "N"})

"""Registries, schemas and refusals, as the tests of the Schema Registry use them."""

from __future__ import annotations

import json
from contextlib import contextmanager

import pytest


@pytest.fixture
def schemas(aws):
    return aws("schemas")


@pytest.fixture
def events(aws):
    return aws("events")


@pytest.fixture
def refused(schemas):
    """`with refused(code, message):` what is inside is refused with that code and with that sentence, or a part of it."""

    @contextmanager
    def refused(code, message=""):
        with pytest.raises(schemas.exceptions.ClientError) as raised:
            yield
        error = raised.value.response["Error"]
        assert error["Code"] == code
        assert message in error["Message"]

    return refused


def order(**properties):
    """An OpenAPI document of an order with these properties."""
    component = {"type": "object", "properties": properties or {"id": {"type": "string"}}}
    info = {"version": "1.0.0", "title": "Order"}
    return json.dumps({"openapi": "3.0.0", "info": info, "paths": {}, "components": {"schemas": {"Order": component}}})


@pytest.fixture
def schema(schemas):
    """Makes a schema in the registry `shop`, which is there."""
    schemas.create_registry(RegistryName="shop")

    def schema(name="shop@Order", content=None, kind="OpenApi3", **options):
        return schemas.create_schema(
            RegistryName="shop", SchemaName=name, Type=kind, Content=content or order(), **options
        )

    return schema

"""Definitions, values and refusals, as the tests of DynamoDB write them."""

from __future__ import annotations

from contextlib import contextmanager, suppress

import pytest
from botocore.exceptions import ClientError, WaiterError


def schema(*names):
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", "RANGE"), strict=False)]


def attributes(**types):
    return [{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()]


def index(name, *keys, projection="ALL", **more):
    """An index definition; `projection` may be a list of attributes to include."""
    if isinstance(projection, list):
        described = {"ProjectionType": "INCLUDE", "NonKeyAttributes": projection}
    else:
        described = {"ProjectionType": projection}
    return {"IndexName": name, "KeySchema": schema(*keys), "Projection": described, **more}


class Refused:
    """What a refused request was answered."""

    code = ""
    message = ""
    response: dict


@contextmanager
def refusal(code="ValidationException", message=None):
    """The request inside is refused with this code and exactly this message."""
    refused = Refused()
    with pytest.raises(ClientError) as caught:
        yield refused
    refused.response = caught.value.response
    refused.code, refused.message = refused.response["Error"]["Code"], refused.response["Error"]["Message"]
    assert refused.code == code, refused.message
    if message is not None:
        assert refused.message == message


def s(text):
    return {"S": text}


def n(number):
    return {"N": str(number)}


def wait_until_over(client, waiter, **job):
    """Until it is completed, or has failed."""
    with suppress(WaiterError):
        client.get_waiter(waiter).wait(**job, WaiterConfig={"Delay": 0.02, "MaxAttempts": 1500})

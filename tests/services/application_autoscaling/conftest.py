"""A provisioned table that may be scaled, and refusals, as the tests of Application Auto Scaling use them."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError

WRITES = {
    "ServiceNamespace": "dynamodb",
    "ResourceId": "table/things",
    "ScalableDimension": "dynamodb:table:WriteCapacityUnits",
}
READS = {**WRITES, "ScalableDimension": "dynamodb:table:ReadCapacityUnits"}
FIVE = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}


def tracking(target=50.0, metric="DynamoDBWriteCapacityUtilization", **more):
    """The configuration of a policy that keeps utilisation there."""
    return {"TargetValue": target, "PredefinedMetricSpecification": {"PredefinedMetricType": metric}, **more}


@pytest.fixture
def scaling(aws):
    return aws("application-autoscaling")


@pytest.fixture
def ddb(aws):
    return aws("dynamodb")


@pytest.fixture
def refused():
    """`with refused(code, message):` what is inside is refused with that code and with that sentence, or a part of it."""

    @contextmanager
    def refused(code="ValidationException", message=""):
        with pytest.raises(ClientError) as raised:
            yield
        error = raised.value.response["Error"]
        assert error["Code"] == code, error
        assert message in error["Message"]

    return refused


@pytest.fixture
def table(ddb):
    """A table of five units each, `things`, with an index on the same key."""
    key = [{"AttributeName": "pk", "KeyType": "HASH"}]
    index = {"IndexName": "again", "KeySchema": key, "Projection": {"ProjectionType": "KEYS_ONLY"}}
    ddb.create_table(
        TableName="things",
        KeySchema=key,
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PROVISIONED",
        ProvisionedThroughput=FIVE,
        GlobalSecondaryIndexes=[{**index, "ProvisionedThroughput": FIVE}],
    )
    ddb.get_waiter("table_exists").wait(TableName="things", WaiterConfig={"Delay": 0.02, "MaxAttempts": 500})
    return "things"


@pytest.fixture
def target(scaling, table):
    """The table's writes as a scalable target from 1 to 100. Gives its ARN."""
    return scaling.register_scalable_target(**WRITES, MinCapacity=1, MaxCapacity=100)["ScalableTargetARN"]


@pytest.fixture
def put_policy(scaling, target):
    """Puts a policy of target tracking on the table's writes."""

    def put(name="p", config=None, **more):
        config = config or tracking(**more)
        return scaling.put_scaling_policy(
            **WRITES,
            PolicyName=name,
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=config,
        )

    return put


@pytest.fixture
def writes(ddb):
    """The table's write capacity, now."""
    return lambda: ddb.describe_table(TableName="things")["Table"]["ProvisionedThroughput"]["WriteCapacityUnits"]


@pytest.fixture
def activities(scaling):
    """The activities of the namespace, the latest first."""

    def activities(**options):
        return scaling.describe_scaling_activities(ServiceNamespace="dynamodb", **options)["ScalingActivities"]

    return activities

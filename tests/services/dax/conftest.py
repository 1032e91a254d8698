"""Clusters of the tests of DAX, and clients of them."""

from __future__ import annotations

import json
import time

import pytest

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "dax.amazonaws.com"}, "Action": "sts:AssumeRole"},
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"},
    ],
}


def allowing(*actions):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]})


@pytest.fixture
def dax(aws):
    return aws("dax")


@pytest.fixture
def role(aws):
    """A role that DAX may take, and that may do anything with DynamoDB; its ARN."""
    iam = aws("iam")
    arn = iam.create_role(RoleName="dax", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    iam.put_role_policy(RoleName="dax", PolicyName="tables", PolicyDocument=allowing("dynamodb:*"))
    return arn


@pytest.fixture
def until_available(dax):
    """Waits for a cluster, and gives it."""

    def wait(name):
        for _ in range(500):
            (cluster,) = dax.describe_clusters(ClusterNames=[name])["Clusters"]
            if cluster["Status"] == "available":
                return cluster
            time.sleep(0.01)
        raise AssertionError(cluster)

    return wait


@pytest.fixture
def make_cluster(dax, role, until_available):
    """Creates a cluster, and gives it as it is when it is available."""

    def make(name="fast", factor=1, **more):
        given = {"NodeType": "dax.t3.small", "ReplicationFactor": factor, "IamRoleArn": role, **more}
        dax.create_cluster(ClusterName=name, **given)
        return until_available(name)

    made = make
    yield made
    for cluster in dax.describe_clusters()["Clusters"]:
        if cluster["Status"] == "available":
            dax.delete_cluster(ClusterName=cluster["ClusterName"])


@pytest.fixture
def ddb(aws):
    return aws("dynamodb")


@pytest.fixture
def table(ddb):
    ddb.create_table(
        TableName="things",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "N"},
        ],
    )
    ddb.get_waiter("table_exists").wait(TableName="things", WaiterConfig={"Delay": 0.02, "MaxAttempts": 1500})
    return "things"


@pytest.fixture
def connect(aws):
    """Makes AWS's own DAX client of a cluster, as the root of the account or with the keys that are given."""
    amazondax = pytest.importorskip("amazondax")
    import botocore.session

    opened = []

    def client(cluster, credentials=None):
        keys = credentials or {"AccessKeyId": aws.account, "SecretAccessKey": "test"}
        made = amazondax.AmazonDaxClient(
            botocore.session.get_session(),
            region_name="us-east-1",
            endpoint_url=cluster["ClusterDiscoveryEndpoint"]["URL"],
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys.get("SessionToken"),
        )
        opened.append(made)
        return made

    yield client
    for made in opened:
        made.close()


@pytest.fixture
def fast(make_cluster, connect, table):
    """A client of a new cluster."""
    return connect(make_cluster())

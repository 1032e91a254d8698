"""Clusters and their nodes: creation, changes, deletion, tags."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from tests.services.dax.conftest import TRUST, allowing


@pytest.fixture
def refused(dax):
    def refused(operation, **params):
        with pytest.raises(ClientError) as caught:
            getattr(dax, operation)(**params)
        return caught.value.response["Error"]["Code"]

    return refused


@pytest.fixture
def given(role):
    return {"ClusterName": "fast", "NodeType": "dax.r5.large", "ReplicationFactor": 1, "IamRoleArn": role}


def test_a_cluster_is_created_and_becomes_available(dax, given, until_available, aws):
    made = dax.create_cluster(**{**given, "ClusterName": "Fast", "Description": "d"})["Cluster"]
    assert made["Status"] == "creating"
    assert made["Nodes"][0]["NodeStatus"] == "creating"
    cluster = until_available("fast")
    assert cluster["ClusterName"] == "fast"
    assert cluster["ClusterArn"] == f"arn:aws:dax:us-east-1:{aws.account}:cache/fast"
    assert cluster["ActiveNodes"] == cluster["TotalNodes"] == 1
    endpoint = cluster["ClusterDiscoveryEndpoint"]
    assert endpoint["URL"] == f"dax://{endpoint['Address']}:{endpoint['Port']}"
    assert cluster["ParameterGroup"]["ParameterGroupName"] == "default.dax1.0"
    assert cluster["SSEDescription"] == {"Status": "DISABLED"}
    dax.delete_cluster(ClusterName="fast")


@pytest.mark.parametrize("name", ["1fast", "fast-", "fa--st", "a" * 21, "fa_st", "x\n"])
def test_names_that_are_not_valid_are_refused(refused, given, name):
    assert refused("create_cluster", **{**given, "ClusterName": name}) == "InvalidParameterValueException"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"NodeType": "dax.r1.huge"}, "InvalidParameterValueException"),
        ({"ReplicationFactor": 0}, "InvalidParameterValueException"),
        ({"ReplicationFactor": 12}, "NodeQuotaForClusterExceededFault"),
        ({"IamRoleArn": "nobody"}, "InvalidParameterValueException"),
        ({"SubnetGroupName": "missing"}, "SubnetGroupNotFoundFault"),
        ({"ParameterGroupName": "missing"}, "ParameterGroupNotFoundFault"),
        ({"AvailabilityZones": ["us-east-1a", "us-east-1b"]}, "InvalidParameterCombinationException"),
        ({"PreferredMaintenanceWindow": "now"}, "InvalidParameterValueException"),
        ({"Tags": [{"Key": "aws:x", "Value": ""}]}, "InvalidParameterValueException"),
        ({"NetworkType": "ipv6"}, "InvalidParameterValueException"),
    ],
)
def test_creation_is_refused(refused, given, change, code):
    assert refused("create_cluster", **{**given, **change}) == code


def test_a_name_is_taken_once(make_cluster, refused, given):
    make_cluster()
    assert refused("create_cluster", **{**given, "ClusterName": "FAST"}) == "ClusterAlreadyExistsFault"


def test_who_may_not_pass_the_role_makes_no_cluster(aws, given):
    iam = aws("iam")
    arn = iam.create_role(RoleName="maker", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    iam.put_role_policy(RoleName="maker", PolicyName="dax", PolicyDocument=allowing("dax:*"))
    session = aws("sts").assume_role(RoleArn=arn, RoleSessionName="me")["Credentials"]
    with pytest.raises(ClientError, match="iam:PassRole"):
        aws("dax", credentials=session).create_cluster(**given)


def test_a_cluster_that_is_not_there_is_not_found(refused):
    for operation in ("delete_cluster", "update_cluster"):
        assert refused(operation, ClusterName="missing") == "ClusterNotFoundFault"
    assert refused("describe_clusters", ClusterNames=["missing"]) == "ClusterNotFoundFault"


def test_clusters_are_listed_in_pages(dax, refused, make_cluster):
    for number in range(21):
        make_cluster(f"c{number:02}")
    first = dax.describe_clusters(MaxResults=20)
    second = dax.describe_clusters(MaxResults=20, NextToken=first["NextToken"])
    names = [cluster["ClusterName"] for cluster in first["Clusters"] + second["Clusters"]]
    assert names == [f"c{number:02}" for number in range(21)]
    assert refused("describe_clusters", MaxResults=19) == "InvalidParameterValueException"
    assert refused("describe_clusters", NextToken="x") == "InvalidParameterValueException"


def test_nodes_are_added_and_removed(dax, make_cluster, until_available, refused, clock):
    make_cluster()
    grown = dax.increase_replication_factor(ClusterName="fast", NewReplicationFactor=3)["Cluster"]
    assert grown["Status"] == "modifying"
    assert refused("delete_cluster", ClusterName="fast") == "InvalidClusterStateFault"
    clock.advance(seconds=2)
    assert [node["NodeId"] for node in until_available("fast")["Nodes"]] == ["fast-a", "fast-b", "fast-c"]
    shrunk = dax.decrease_replication_factor(ClusterName="fast", NewReplicationFactor=2, NodeIdsToRemove=["fast-b"])
    assert shrunk["Cluster"]["NodeIdsToRemove"] == ["fast-b"]
    clock.advance(seconds=2)
    assert [node["NodeId"] for node in until_available("fast")["Nodes"]] == ["fast-a", "fast-c"]


def test_numbers_of_nodes_that_make_no_sense_are_refused(make_cluster, refused):
    make_cluster(factor=2)
    grow, shrink = "increase_replication_factor", "decrease_replication_factor"
    assert refused(grow, ClusterName="fast", NewReplicationFactor=2) == "InvalidParameterValueException"
    assert refused(grow, ClusterName="fast", NewReplicationFactor=12) == "NodeQuotaForClusterExceededFault"
    assert refused(shrink, ClusterName="fast", NewReplicationFactor=0) == "InvalidParameterValueException"
    missing = {"ClusterName": "fast", "NewReplicationFactor": 1, "NodeIdsToRemove": ["fast-z"]}
    assert refused(shrink, **missing) == "NodeNotFoundFault"
    assert refused("reboot_node", ClusterName="fast", NodeId="fast-z") == "NodeNotFoundFault"


def test_a_cluster_is_changed(dax, make_cluster, until_available, refused, clock):
    make_cluster()
    dax.create_parameter_group(ParameterGroupName="mine")
    changes = {"Description": "new", "PreferredMaintenanceWindow": "mon:01:00-mon:02:00", "ParameterGroupName": "mine"}
    dax.update_cluster(ClusterName="fast", **changes)
    clock.advance(seconds=2)
    cluster = until_available("fast")
    assert cluster["Description"] == "new"
    assert cluster["ParameterGroup"]["ParameterGroupName"] == "mine"
    assert refused("update_cluster", ClusterName="fast") == "InvalidParameterCombinationException"
    assert refused("delete_parameter_group", ParameterGroupName="mine") == "InvalidParameterGroupStateFault"


def test_a_cluster_with_another_description_stays_available(dax, make_cluster):
    make_cluster()
    dax.update_cluster(ClusterName="fast", Description="new")
    grown = dax.increase_replication_factor(ClusterName="fast", NewReplicationFactor=2)["Cluster"]
    assert grown["Description"] == "new"


def test_a_deleted_cluster_is_gone_after_a_while(dax, make_cluster, refused, clock):
    make_cluster()
    assert dax.delete_cluster(ClusterName="fast")["Cluster"]["Status"] == "deleting"
    clock.advance(seconds=2)
    assert refused("describe_clusters", ClusterNames=["fast"]) == "ClusterNotFoundFault"


def test_tags_are_put_listed_and_removed(dax, make_cluster, refused):
    arn = make_cluster(Tags=[{"Key": "a", "Value": "1"}])["ClusterArn"]
    dax.tag_resource(ResourceName=arn, Tags=[{"Key": "b", "Value": "2"}])
    assert dax.list_tags(ResourceName=arn)["Tags"] == [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    assert dax.untag_resource(ResourceName=arn, TagKeys=["a"])["Tags"] == [{"Key": "b", "Value": "2"}]
    assert refused("untag_resource", ResourceName=arn, TagKeys=["a"]) == "TagNotFoundFault"
    assert refused("list_tags", ResourceName="arn:aws:s3:::x") == "InvalidARNFault"
    assert refused("list_tags", ResourceName=arn + "er") == "ClusterNotFoundFault"
    many = [{"Key": str(number), "Value": ""} for number in range(50)]
    assert refused("tag_resource", ResourceName=arn, Tags=many) == "TagQuotaPerResourceExceeded"


def test_events_tell_what_happened(dax, make_cluster, refused, clock):
    make_cluster()
    dax.create_parameter_group(ParameterGroupName="mine")
    seen = [(event["SourceName"], event["SourceType"], event["Message"]) for event in dax.describe_events()["Events"]]
    assert seen == [("fast", "CLUSTER", "Cluster created."), ("mine", "PARAMETER_GROUP", "Parameter group created.")]
    assert len(dax.describe_events(SourceType="CLUSTER")["Events"]) == 1
    assert dax.describe_events(SourceName="other")["Events"] == []
    clock.advance(hours=2)
    assert dax.describe_events()["Events"] == []
    assert len(dax.describe_events(Duration=180)["Events"]) == 2
    assert refused("describe_events", Duration=0) == "InvalidParameterValueException"


def test_a_topic_hears_of_events(dax, aws, make_cluster, clock):
    topic = aws("sns").create_topic(Name="t")["TopicArn"]
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:{aws.account}:q"
    allowed = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({"Statement": [allowed]})})
    aws("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    policy = {
        "Effect": "Allow",
        "Principal": {"Service": "dax.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": topic,
    }
    document = json.dumps({"Statement": [policy]})
    aws("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=document)
    make_cluster(NotificationTopicArn=topic)
    clock.advance(seconds=1)
    (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"]
    assert json.loads(json.loads(message["Body"])["Message"])["DAX:Event"] == "Cluster created."


def test_cloudformation_makes_groups_and_clusters(aws, role, dax, until_available, clock):
    control = aws("cloudcontrol")

    def create(kind, **properties):
        control.create_resource(TypeName=f"AWS::DAX::{kind}", DesiredState=json.dumps(properties))
        clock.advance(seconds=5)

    create("ParameterGroup", ParameterGroupName="p", ParameterNameValues={"query-ttl-millis": 5})
    create("SubnetGroup", SubnetGroupName="s", SubnetIds=["subnet-12345678"])
    more = {"ParameterGroupName": "p", "SubnetGroupName": "s", "Tags": {"a": "b"}}
    create("Cluster", ClusterName="c", NodeType="dax.r5.large", ReplicationFactor=1, IAMRoleARN=role, **more)
    cluster = until_available("c")
    read = control.get_resource(TypeName="AWS::DAX::Cluster", Identifier="c")["ResourceDescription"]["Properties"]
    properties = json.loads(read)
    assert properties["ClusterDiscoveryEndpointURL"] == cluster["ClusterDiscoveryEndpoint"]["URL"]
    assert properties["Tags"] == {"a": "b"} and properties["SubnetGroupName"] == "s"
    dax.delete_cluster(ClusterName="c")

"""Groups, resource policies, and tags of groups and sampling rules."""

import json

import pytest
from botocore.exceptions import ClientError


def test_a_group_is_made_changed_and_deleted(xray, refused):
    made = xray.create_group(GroupName="slow", FilterExpression="responsetime > 5")["Group"]
    assert ":group/slow/" in made["GroupARN"]
    assert made["InsightsConfiguration"] == {"InsightsEnabled": False, "NotificationsEnabled": False}
    insights = {"InsightsEnabled": True, "NotificationsEnabled": True}
    changed = xray.update_group(GroupARN=made["GroupARN"], InsightsConfiguration=insights)["Group"]
    assert changed == {**made, "InsightsConfiguration": insights} == xray.get_group(GroupName="slow")["Group"]
    assert [each["GroupName"] for each in xray.get_groups()["Groups"]] == ["Default", "slow"]
    xray.delete_group(GroupName="slow")
    with refused(message="Group not found"):
        xray.get_group(GroupARN=made["GroupARN"])


def test_groups_that_cannot_be_are_refused(xray, refused):
    xray.create_group(GroupName="g")
    with refused(message="already exists"):
        xray.create_group(GroupName="g")
    with refused(message="Default"):
        xray.create_group(GroupName="Default")
    with refused(message="Invalid filter expression"):
        xray.create_group(GroupName="h", FilterExpression="nonsense")
    with refused(message="insights"):
        xray.update_group(GroupName="g", InsightsConfiguration={"NotificationsEnabled": True})
    with refused(message="not both"):
        xray.get_group()
    with refused(message="Default"):
        xray.delete_group(GroupName="Default")


def test_there_are_at_most_25_groups(xray, refused):
    for number in range(25):
        xray.create_group(GroupName=f"g{number}")
    with refused(message="maximum number of groups"):
        xray.create_group(GroupName="another")


def test_tags_of_groups_and_rules(xray, refused):
    arn = xray.create_group(GroupName="g", Tags=[{"Key": "a", "Value": "1"}])["Group"]["GroupARN"]
    xray.tag_resource(ResourceARN=arn, Tags=[{"Key": "b", "Value": "2"}])
    xray.untag_resource(ResourceARN=arn, TagKeys=["a", "unknown"])
    assert xray.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    with refused("ResourceNotFoundException"):
        xray.list_tags_for_resource(ResourceARN=arn + "x")
    with refused("TooManyTagsException"):
        xray.tag_resource(ResourceARN=arn, Tags=[{"Key": str(n), "Value": ""} for n in range(51)])
    with refused(message="aws:"):
        xray.tag_resource(ResourceARN=arn, Tags=[{"Key": "aws:x", "Value": ""}])


# -- resource policies


def policy(effect="Allow", action="xray:PutTraceSegments", principal="*"):
    statement = {"Effect": effect, "Principal": principal, "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_policies_have_revisions(xray, refused):
    put = xray.put_resource_policy
    assert put(PolicyName="p", PolicyDocument=policy())["ResourcePolicy"]["PolicyRevisionId"] == "1"
    with refused("InvalidPolicyRevisionIdException"):
        put(PolicyName="p", PolicyDocument=policy(), PolicyRevisionId="0")
    put(PolicyName="p", PolicyDocument=policy(), PolicyRevisionId="1")
    (found,) = xray.list_resource_policies()["ResourcePolicies"]
    assert (found["PolicyName"], found["PolicyRevisionId"], found["PolicyDocument"]) == ("p", "2", policy())
    with refused("InvalidPolicyRevisionIdException"):
        xray.delete_resource_policy(PolicyName="p", PolicyRevisionId="1")
    xray.delete_resource_policy(PolicyName="p")
    with refused(message="does not exist"):
        xray.delete_resource_policy(PolicyName="p")


def test_policies_that_cannot_be_are_refused(xray, refused):
    put = xray.put_resource_policy
    with refused("MalformedPolicyDocumentException"):
        put(PolicyName="p", PolicyDocument="{}")
    with refused("PolicySizeLimitExceededException"):
        put(PolicyName="p", PolicyDocument=" " * 6000)
    locking = policy("Deny", "xray:*")
    with refused("LockoutPreventionException"):
        put(PolicyName="p", PolicyDocument=locking)
    put(PolicyName="p", PolicyDocument=locking, BypassPolicyLockoutCheck=True)
    for number in range(4):
        put(PolicyName=f"p{number}", PolicyDocument=policy())
    with refused("PolicyCountLimitExceededException"):
        put(PolicyName="another", PolicyDocument=policy())


def test_a_policy_forbids_sending(aws, xray, traces):
    user = aws("iam").create_user(UserName="u")["User"]["Arn"]
    everything = json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    )
    aws("iam").put_user_policy(UserName="u", PolicyName="p", PolicyDocument=everything)
    key = aws("iam").create_access_key(UserName="u")["AccessKey"]
    own = aws("xray", credentials=key)
    document = json.dumps({"trace_id": "1-58406520-a006649127e371903a2de979", **traces.segment()})
    own.put_trace_segments(TraceSegmentDocuments=[document])
    xray.put_resource_policy(PolicyName="p", PolicyDocument=policy("Deny", principal={"AWS": user}))
    with pytest.raises(ClientError, match="explicit deny"):
        own.put_trace_segments(TraceSegmentDocuments=[document])

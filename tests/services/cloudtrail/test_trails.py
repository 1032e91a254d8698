"""Trails: making, changing, finding and deleting them."""

import json

import pytest
from botocore.exceptions import ClientError


def code(error):
    return error.value.response["Error"]["Code"]


def test_a_trail_is_shown_as_it_was_made(aws, trail, bucket):
    made = trail.create_trail(Name="main", S3BucketName=bucket.name, S3KeyPrefix="logs")
    assert made["TrailARN"] == f"arn:aws:cloudtrail:us-east-1:{aws.account}:trail/main"
    found = trail.get_trail(Name="main")["Trail"]
    assert found == {
        "Name": "main",
        "S3BucketName": bucket.name,
        "S3KeyPrefix": "logs",
        "IncludeGlobalServiceEvents": True,
        "IsMultiRegionTrail": False,
        "HomeRegion": "us-east-1",
        "TrailARN": made["TrailARN"],
        "LogFileValidationEnabled": False,
        "HasCustomEventSelectors": False,
        "HasInsightSelectors": False,
        "IsOrganizationTrail": False,
    }
    assert not trail.get_trail_status(Name="main")["IsLogging"]
    assert trail.describe_trails()["trailList"] == [found]
    assert trail.list_trails()["Trails"] == [
        {"TrailARN": made["TrailARN"], "Name": "main", "HomeRegion": "us-east-1"},
    ]


@pytest.mark.parametrize("name", ["ab", "-main", "main.", "two..dots", "not a name", "192.168.1.1", "x" * 129])
def test_bad_names_are_refused(trail, bucket, name):
    with pytest.raises(ClientError) as error:
        trail.create_trail(Name=name, S3BucketName=bucket.name)
    assert code(error) == "InvalidTrailNameException"


def test_the_bucket_has_to_be_there_and_to_let_cloudtrail_in(aws, trail):
    with pytest.raises(ClientError) as error:
        trail.create_trail(Name="main", S3BucketName=f"none-{aws.account}")
    assert code(error) == "S3BucketDoesNotExistException"
    aws("s3").create_bucket(Bucket=f"closed-{aws.account}")
    with pytest.raises(ClientError) as error:
        trail.create_trail(Name="main", S3BucketName=f"closed-{aws.account}")
    assert code(error) == "InsufficientS3BucketPolicyException"
    assert trail.list_trails()["Trails"] == []


def test_the_topic_has_to_let_cloudtrail_in(trail, bucket):
    with pytest.raises(ClientError) as error:
        trail.create_trail(Name="main", S3BucketName=bucket.name, SnsTopicName="none")
    assert code(error) == "InsufficientSnsTopicPolicyException"


def test_a_log_group_needs_a_role(aws, trail, bucket):
    arn = f"arn:aws:logs:us-east-1:{aws.account}:log-group:trail:*"
    with pytest.raises(ClientError) as error:
        trail.create_trail(Name="main", S3BucketName=bucket.name, CloudWatchLogsLogGroupArn=arn)
    assert code(error) == "InvalidCloudWatchLogsRoleArnException"


def test_names_are_taken_and_there_are_five_at_most(trail, logging, bucket):
    for number in range(5):
        logging(f"trail{number}")
    for name, expected in (
        ("trail0", "TrailAlreadyExistsException"),
        ("more", "MaximumNumberOfTrailsExceededException"),
    ):
        with pytest.raises(ClientError) as error:
            trail.create_trail(Name=name, S3BucketName=bucket.name)
        assert code(error) == expected


def test_what_is_not_given_stays(trail, logging):
    logging(S3KeyPrefix="logs")
    changed = trail.update_trail(Name="main", EnableLogFileValidation=True)
    assert (changed["S3KeyPrefix"], changed["LogFileValidationEnabled"]) == ("logs", True)
    assert "S3KeyPrefix" not in trail.update_trail(Name="main", S3KeyPrefix="")
    assert trail.get_trail_status(Name="main")["IsLogging"]


def test_a_trail_of_all_regions_is_seen_in_all_and_changed_at_home(aws, trail, logging):
    arn = logging(IsMultiRegionTrail=True)
    abroad = aws("cloudtrail", "eu-west-1")
    assert abroad.get_trail(Name="main")["Trail"]["HomeRegion"] == "us-east-1"
    assert abroad.describe_trails(includeShadowTrails=False)["trailList"] == []
    with pytest.raises(ClientError) as error:
        abroad.stop_logging(Name=arn)
    assert code(error) == "InvalidHomeRegionException"


def test_who_deletes_a_trail_finds_it_no_more(trail, logging):
    logging()
    trail.delete_trail(Name="main")
    with pytest.raises(ClientError) as error:
        trail.get_trail_status(Name="main")
    assert code(error) == "TrailNotFoundException"


def test_tags_come_and_go(trail, bucket):
    made = trail.create_trail(Name="main", S3BucketName=bucket.name, TagsList=[{"Key": "a", "Value": "1"}])
    arn = made["TrailARN"]
    trail.add_tags(ResourceId=arn, TagsList=[{"Key": "b", "Value": "2"}])
    trail.remove_tags(ResourceId=arn, TagsList=[{"Key": "a"}])
    assert trail.list_tags(ResourceIdList=[arn])["ResourceTagList"] == [
        {"ResourceId": arn, "TagsList": [{"Key": "b", "Value": "2"}]}
    ]
    with pytest.raises(ClientError) as error:
        trail.add_tags(ResourceId=arn, TagsList=[{"Key": "aws:x", "Value": "1"}])
    assert code(error) == "InvalidTagParameterException"


# -- selectors


def test_a_trail_selects_management_events_unless_told_otherwise(trail, logging):
    logging()
    (selector,) = trail.get_event_selectors(TrailName="main")["EventSelectors"]
    assert (selector["ReadWriteType"], selector["IncludeManagementEvents"]) == ("All", True)
    advanced = [{"Name": "all", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}]
    trail.put_event_selectors(TrailName="main", AdvancedEventSelectors=advanced)
    found = trail.get_event_selectors(TrailName="main")
    assert (found["AdvancedEventSelectors"], "EventSelectors" in found) == (advanced, False)
    assert trail.get_trail(Name="main")["Trail"]["HasCustomEventSelectors"]


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"EventSelectors": [{"DataResources": [{"Type": "AWS::Nothing", "Values": ["arn:aws:s3"]}]}]},
        {"EventSelectors": [{"ExcludeManagementEventSources": ["s3.amazonaws.com"]}]},
        {"AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventName", "Equals": ["x"]}]}]},
        {"AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}]}]},
        {"AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "bogus", "Equals": ["x"]}]}]},
    ],
)
def test_bad_selectors_are_refused(trail, logging, request_):
    logging()
    with pytest.raises(ClientError) as error:
        trail.put_event_selectors(TrailName="main", **request_)
    assert code(error) == "InvalidEventSelectorsException"


def test_templates_make_trails(aws, trail, bucket):
    template = {
        "Resources": {
            "T": {
                "Type": "AWS::CloudTrail::Trail",
                "Properties": {"S3BucketName": bucket.name, "IsLogging": True, "EventSelectors": []},
            }
        },
        "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["T", "Arn"]}}},
    }
    cloudformation = aws("cloudformation")
    cloudformation.create_stack(StackName="s", TemplateBody=json.dumps(template))
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName="s", WaiterConfig={"Delay": 0.02, "MaxAttempts": 1500}
    )
    (output,) = cloudformation.describe_stacks(StackName="s")["Stacks"][0]["Outputs"]
    assert trail.get_trail_status(Name=output["OutputValue"])["IsLogging"]

"""AWS::S3::Bucket and AWS::S3::BucketPolicy, through Cloud Control."""

from __future__ import annotations

import json

import pytest

BUCKET = "AWS::S3::Bucket"
POLICY = "AWS::S3::BucketPolicy"
TAGS = [{"Key": "team", "Value": "a"}]


@pytest.fixture
def control(aws):
    return aws("cloudcontrol")


@pytest.fixture
def make(control, clock):
    """Creates a resource and gives the last event of its request."""

    def make(kind=BUCKET, **properties):
        event = control.create_resource(TypeName=kind, DesiredState=json.dumps(properties))["ProgressEvent"]
        return outcome(control, clock, event)

    return make


@pytest.fixture
def change(control, clock):
    def change(name, *patch, kind=BUCKET):
        event = control.update_resource(TypeName=kind, Identifier=name, PatchDocument=json.dumps(patch))
        return outcome(control, clock, event["ProgressEvent"])

    return change


@pytest.fixture
def read(control):
    def read(name, kind=BUCKET):
        found = control.get_resource(TypeName=kind, Identifier=name)["ResourceDescription"]
        return json.loads(found["Properties"])

    return read


def outcome(control, clock, event):
    clock.advance(seconds=5)
    return control.get_resource_request_status(RequestToken=event["RequestToken"])["ProgressEvent"]


def documents(name):
    """A value for each configuration that needs nothing else, as a template has it."""
    destination = {"BucketArn": f"arn:aws:s3:::{name}", "Format": "CSV", "Prefix": "to"}
    return {
        "VersioningConfiguration": {"Status": "Enabled"},
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]},
        "PublicAccessBlockConfiguration": {
            "BlockPublicAcls": False,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": False,
            "RestrictPublicBuckets": True,
        },
        "CorsConfiguration": {
            "CorsRules": [
                {
                    "Id": "c",
                    "AllowedHeaders": ["*"],
                    "AllowedMethods": ["GET", "PUT"],
                    "AllowedOrigins": ["https://a.example"],
                    "ExposedHeaders": ["etag"],
                    "MaxAge": 60,
                }
            ]
        },
        "WebsiteConfiguration": {
            "IndexDocument": "index.html",
            "ErrorDocument": "error.html",
            "RoutingRules": [
                {
                    "RoutingRuleCondition": {"KeyPrefixEquals": "old/"},
                    "RedirectRule": {"ReplaceKeyPrefixWith": "new/"},
                }
            ],
        },
        "AccelerateConfiguration": {"AccelerationStatus": "Enabled"},
        "LoggingConfiguration": {"DestinationBucketName": name, "LogFilePrefix": "logs/"},
        "LifecycleConfiguration": {
            "TransitionDefaultMinimumObjectSize": "varies_by_storage_class",
            "Rules": [
                {
                    "Id": "days",
                    "Status": "Enabled",
                    "Prefix": "a/",
                    "TagFilters": TAGS,
                    "ObjectSizeGreaterThan": "5",
                    "ExpirationInDays": 400,
                    "Transitions": [
                        {"StorageClass": "STANDARD_IA", "TransitionInDays": 30},
                        {"StorageClass": "GLACIER", "TransitionInDays": 90},
                    ],
                    "NoncurrentVersionTransitions": [
                        {"StorageClass": "GLACIER", "TransitionInDays": 10, "NewerNoncurrentVersions": 2}
                    ],
                    "NoncurrentVersionExpiration": {"NoncurrentDays": 20, "NewerNoncurrentVersions": 2},
                },
                {
                    "Id": "dates",
                    "Status": "Disabled",
                    "Prefix": "b/",
                    "ExpirationDate": "2040-01-02T00:00:00Z",
                    "Transitions": [{"StorageClass": "GLACIER", "TransitionDate": "2040-01-01T00:00:00Z"}],
                },
                {"Id": "markers", "Status": "Enabled", "ExpiredObjectDeleteMarker": True},
                {"Id": "uploads", "Status": "Enabled", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 3}},
            ],
        },
        "AnalyticsConfigurations": [
            {
                "Id": "an",
                "Prefix": "p/",
                "StorageClassAnalysis": {"DataExport": {"OutputSchemaVersion": "V_1", "Destination": destination}},
            }
        ],
        "IntelligentTieringConfigurations": [
            {
                "Id": "it",
                "Status": "Enabled",
                "Prefix": "p/",
                "TagFilters": TAGS,
                "Tierings": [{"AccessTier": "ARCHIVE_ACCESS", "Days": 90}],
            }
        ],
        "InventoryConfigurations": [
            {
                "Id": "inv",
                "Enabled": True,
                "IncludedObjectVersions": "All",
                "OptionalFields": ["Size", "ETag"],
                "Prefix": "p/",
                "ScheduleFrequency": "Daily",
                "Destination": destination,
            }
        ],
        "MetricsConfigurations": [{"Id": "all"}, {"Id": "some", "TagFilters": TAGS}],
        "Tags": TAGS,
    }


@pytest.mark.parametrize("member", sorted(documents("x")))
def test_a_configuration_is_read_as_it_was_given(make, read, change, new_name, member):
    name = new_name()
    make(BucketName=name)
    document = documents(name)[member]
    event = change(name, {"op": "add", "path": f"/{member}", "value": document})
    assert event["OperationStatus"] == "SUCCESS", event
    assert read(name)[member] == document


def test_a_bucket_has_what_its_template_says_from_the_beginning(make, read, new_name):
    name = new_name()
    assert make(BucketName=name)["OperationStatus"] == "SUCCESS"
    other = new_name()
    wanted = documents(name)
    event = make(BucketName=other, **wanted)
    assert event["OperationStatus"] == "SUCCESS", event
    found = read(other)
    assert {member: found[member] for member in wanted} == wanted


@pytest.mark.parametrize(
    "member", sorted(documents("x").keys() - {"VersioningConfiguration", "AccelerateConfiguration"})
)
def test_what_a_template_does_not_say_any_more_is_as_in_a_new_bucket(make, read, change, new_name, member):
    name = new_name()
    make(BucketName=name, **{member: documents(name)[member]})
    event = change(name, {"op": "remove", "path": f"/{member}"})
    assert event["OperationStatus"] == "SUCCESS", event
    assert member not in read(name)


def test_versions_that_a_template_says_no_more_are_suspended(make, read, change, new_name):
    name = make(BucketName=new_name(), VersioningConfiguration={"Status": "Enabled"})["Identifier"]
    change(name, {"op": "remove", "path": "/VersioningConfiguration"})
    assert read(name)["VersioningConfiguration"] == {"Status": "Suspended"}


def test_a_bucket_knows_its_names(aws, control, clock, new_name):
    name = new_name()
    frankfurt = aws("cloudcontrol", region="eu-central-1")
    state = json.dumps({"BucketName": name})
    outcome(frankfurt, clock, frankfurt.create_resource(TypeName=BUCKET, DesiredState=state)["ProgressEvent"])
    found = frankfurt.get_resource(TypeName=BUCKET, Identifier=name)["ResourceDescription"]["Properties"]
    assert json.loads(found) | {
        "Arn": f"arn:aws:s3:::{name}",
        "DomainName": f"{name}.s3.amazonaws.com",
        "DualStackDomainName": f"{name}.s3.dualstack.eu-central-1.amazonaws.com",
        "RegionalDomainName": f"{name}.s3.eu-central-1.amazonaws.com",
        "WebsiteURL": f"http://{name}.s3-website.eu-central-1.amazonaws.com",
    } == json.loads(found)
    assert aws("s3", region="eu-central-1").get_bucket_location(Bucket=name)["LocationConstraint"] == "eu-central-1"
    assert [each["Identifier"] for each in frankfurt.list_resources(TypeName=BUCKET)["ResourceDescriptions"]] == [name]
    assert control.list_resources(TypeName=BUCKET)["ResourceDescriptions"] == []


def test_a_website_in_an_old_region_has_a_dash_in_its_name(make, read, new_name):
    name = make(BucketName=new_name())["Identifier"]
    assert read(name)["WebsiteURL"] == f"http://{name}.s3-website-us-east-1.amazonaws.com"


def test_a_bucket_without_a_name_gets_one(make, s3):
    event = make()
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == [event["Identifier"]]


def test_the_key_that_encrypts_is_told(make, read, aws, new_name):
    key = aws("kms").create_key()["KeyMetadata"]["Arn"]
    rule = {
        "BucketKeyEnabled": True,
        "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key},
    }
    name = make(BucketName=new_name(), BucketEncryption={"ServerSideEncryptionConfiguration": [rule]})["Identifier"]
    found = read(name)["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]
    assert {member: found[member] for member in rule} == rule


def test_tags_decide_where_a_template_says_so_and_can_be_changed(make, read, change, s3, new_name):
    name = make(BucketName=new_name(), AbacStatus="Enabled", Tags=TAGS)["Identifier"]
    assert s3.get_bucket_abac(Bucket=name)["AbacStatus"] == {"Status": "Enabled"}
    event = change(name, {"op": "replace", "path": "/Tags", "value": [{"Key": "other", "Value": "b"}]})
    assert event["OperationStatus"] == "SUCCESS", event
    assert read(name)["Tags"] == [{"Key": "other", "Value": "b"}]


def test_a_lock_is_from_the_beginning_and_has_a_default(make, read, s3, new_name):
    lock = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 3}}}
    name = make(BucketName=new_name(), ObjectLockEnabled=True, ObjectLockConfiguration=lock)["Identifier"]
    assert read(name)["ObjectLockConfiguration"] == lock
    assert read(name)["ObjectLockEnabled"] is True
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"


def test_events_go_where_a_template_says(make, read, aws, new_name):
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName="told")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "*", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    wanted = {
        "EventBridgeConfiguration": {"EventBridgeEnabled": True},
        "QueueConfigurations": [
            {
                "Queue": arn,
                "Event": "s3:ObjectCreated:*",
                "Filter": {"S3Key": {"Rules": [{"Name": "Prefix", "Value": "in/"}]}},
            },
            {"Queue": arn, "Event": "s3:ObjectRemoved:*"},
        ],
    }
    event = make(BucketName=new_name(), NotificationConfiguration=wanted)
    assert event["OperationStatus"] == "SUCCESS", event
    assert read(event["Identifier"])["NotificationConfiguration"] == wanted


def test_an_event_that_may_not_be_told_fails_the_bucket(make, s3, aws, new_name):
    name = new_name()
    configuration = {"Queue": f"arn:aws:sqs:us-east-1:{aws.account}:none", "Event": "s3:ObjectCreated:*"}
    event = make(BucketName=name, NotificationConfiguration={"QueueConfigurations": [configuration]})
    assert (event["OperationStatus"], event["ErrorCode"]) == ("FAILED", "InvalidRequest")
    assert s3.list_buckets()["Buckets"] == []


def test_replication_is_read_as_it_was_given(make, read, aws, new_name):
    target = make(BucketName=new_name(), VersioningConfiguration={"Status": "Enabled"})["Identifier"]
    trust = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = aws("iam").create_role(
        RoleName="replicator", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )["Role"]["Arn"]
    wanted = {
        "Role": role,
        "Rules": [
            {
                "Id": "r",
                "Status": "Enabled",
                "Priority": 1,
                "Filter": {"And": {"Prefix": "a/", "TagFilters": TAGS}},
                "DeleteMarkerReplication": {"Status": "Disabled"},
                "Destination": {"Bucket": f"arn:aws:s3:::{target}", "StorageClass": "STANDARD_IA"},
            }
        ],
    }
    event = make(BucketName=new_name(), VersioningConfiguration={"Status": "Enabled"}, ReplicationConfiguration=wanted)
    assert event["OperationStatus"] == "SUCCESS", event
    assert read(event["Identifier"])["ReplicationConfiguration"] == wanted


def test_older_members_of_lifecycle_rules_are_read_in_the_present_form(make, read, new_name):
    rule = {
        "Id": "r",
        "Status": "Enabled",
        "NoncurrentVersionExpirationInDays": 40,
        "NoncurrentVersionTransition": {"StorageClass": "GLACIER", "TransitionInDays": 1},
        "Transition": {"StorageClass": "Glacier", "TransitionInDays": 2},
    }
    name = make(BucketName=new_name(), LifecycleConfiguration={"Rules": [rule]})["Identifier"]
    assert read(name)["LifecycleConfiguration"]["Rules"] == [
        {
            "Id": "r",
            "Status": "Enabled",
            "Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 2}],
            "NoncurrentVersionExpiration": {"NoncurrentDays": 40},
            "NoncurrentVersionTransitions": [{"StorageClass": "GLACIER", "TransitionInDays": 1}],
        }
    ]


def test_a_canned_list_is_set_once_public_access_is_not_blocked(make, s3, new_name):
    event = make(
        BucketName=new_name(),
        AccessControl="PublicRead",
        OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]},
        PublicAccessBlockConfiguration={"BlockPublicAcls": False},
    )
    assert event["OperationStatus"] == "SUCCESS", event
    grants = s3.get_bucket_acl(Bucket=event["Identifier"])["Grants"]
    assert [grant["Permission"] for grant in grants] == ["FULL_CONTROL", "READ"]


def test_a_bucket_that_is_not_empty_is_not_deleted(control, clock, make, s3, put, new_name):
    name = make(BucketName=new_name())["Identifier"]
    put(name, "key")
    event = control.delete_resource(TypeName=BUCKET, Identifier=name)["ProgressEvent"]
    assert outcome(control, clock, event)["OperationStatus"] == "FAILED"
    s3.delete_object(Bucket=name, Key="key")
    event = control.delete_resource(TypeName=BUCKET, Identifier=name)["ProgressEvent"]
    assert outcome(control, clock, event)["OperationStatus"] == "SUCCESS"


def test_a_bucket_that_is_there_is_not_made_again(make, new_name):
    name = new_name()
    make(BucketName=name)
    event = make(BucketName=name)
    assert (event["OperationStatus"], event["ErrorCode"]) == ("FAILED", "AlreadyExists")


def policy(name, action):
    statement = {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": action,
        "Resource": f"arn:aws:s3:::{name}/*",
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def test_a_policy_of_a_bucket_is_made_changed_and_taken_away(control, clock, make, read, change, s3, bucket):
    first, second = policy(bucket, "s3:GetObject"), policy(bucket, "s3:PutObject")
    assert make(POLICY, Bucket=bucket, PolicyDocument=first)["Identifier"] == bucket
    assert read(bucket, POLICY) == {"Bucket": bucket, "PolicyDocument": first}
    change(bucket, {"op": "replace", "path": "/PolicyDocument", "value": second}, kind=POLICY)
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]) == second
    listed = control.list_resources(TypeName=POLICY)["ResourceDescriptions"]
    assert [each["Identifier"] for each in listed] == [bucket]
    event = control.delete_resource(TypeName=POLICY, Identifier=bucket)["ProgressEvent"]
    assert outcome(control, clock, event)["OperationStatus"] == "SUCCESS"
    assert control.list_resources(TypeName=POLICY)["ResourceDescriptions"] == []


def test_metadata_tables_are_made_and_changed_in_place(make, change, read, s3):
    pytest.importorskip("pyiceberg")
    journal = {"RecordExpiration": {"Expiration": "DISABLED"}}
    name = make(MetadataConfiguration={"JournalTableConfiguration": journal})["Identifier"]
    found = read(name)["MetadataConfiguration"]
    assert found["Destination"]["TableBucketType"] == "aws"
    assert found["JournalTableConfiguration"]["TableName"] == "journal"
    inventory = {"ConfigurationState": "ENABLED"}
    path = "/MetadataConfiguration/InventoryTableConfiguration"
    change(name, {"op": "add", "path": path, "value": inventory})
    assert read(name)["MetadataConfiguration"]["InventoryTableConfiguration"]["TableName"] == "inventory"
    change(name, {"op": "remove", "path": "/MetadataConfiguration"})
    assert "MetadataConfiguration" not in read(name)


def test_metadata_table_in_a_bucket_of_the_customers(make, read, aws):
    pytest.importorskip("pyiceberg")
    arn = aws("s3tables").create_table_bucket(name="own-tables")["arn"]
    destination = {"TableBucketArn": arn, "TableName": "events"}
    name = make(MetadataTableConfiguration={"S3TablesDestination": destination})["Identifier"]
    found = read(name)["MetadataTableConfiguration"]["S3TablesDestination"]
    assert (found["TableName"], found["TableNamespace"]) == ("events", "aws_s3_metadata")

"""Creating, finding, listing and deleting buckets."""

import pytest


def test_bucket_of_us_east_1_has_no_location(s3, bucket):
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] is None
    assert s3.head_bucket(Bucket=bucket)["BucketRegion"] == "us-east-1"


def test_create_answers_with_the_location(s3, new_name):
    name = new_name()
    assert s3.create_bucket(Bucket=name)["Location"] == f"/{name}"


def test_location_constraint_puts_the_bucket_into_its_region(aws, new_name):
    name = new_name()
    there = aws("s3", region="eu-west-1")
    there.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert there.get_bucket_location(Bucket=name)["LocationConstraint"] == "eu-west-1"
    assert there.head_bucket(Bucket=name)["BucketRegion"] == "eu-west-1"


def test_us_east_1_creates_buckets_of_other_regions(s3, new_name):
    name = new_name()
    answer = s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    assert answer["Location"] == f"http://{name}.s3.amazonaws.com/"
    assert s3.head_bucket(Bucket=name)["BucketRegion"] == "eu-central-1"


@pytest.mark.parametrize("region", ["US", "auto", "aws-global"])
def test_signed_for_no_region_means_us_east_1(raw, s3, new_name, region):
    name = new_name()
    assert raw("PUT", f"/{name}", region=region).status == 200
    assert s3.head_bucket(Bucket=name)["BucketRegion"] == "us-east-1"


def test_eu_stands_for_eu_west_1(s3, new_name):
    name = new_name()
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "EU"})
    assert s3.head_bucket(Bucket=name)["BucketRegion"] == "eu-west-1"


def test_other_regions_want_a_location_constraint(refused, aws, new_name):
    message = (
        "The unspecified location constraint is incompatible for the region specific endpoint this request was sent to."
    )
    with refused("IllegalLocationConstraintException", 400, Message=message):
        aws("s3", region="eu-west-1").create_bucket(Bucket=new_name())


def test_other_regions_create_no_buckets_elsewhere(refused, aws, new_name):
    with refused("IllegalLocationConstraintException", 400):
        aws("s3", region="eu-west-1").create_bucket(
            Bucket=new_name(), CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )


@pytest.mark.parametrize("region", ["us-east-1", "mars-north-1"])
def test_location_constraint_has_to_be_one(refused, s3, new_name, region):
    with refused("InvalidLocationConstraint", 400):
        s3.create_bucket(Bucket=new_name(), CreateBucketConfiguration={"LocationConstraint": region})


@pytest.mark.parametrize("name", ["ab", "Upper-Case", "dots..twice", "1.2.3.4", "xn--abc", "abc-s3alias"])
def test_name_has_to_follow_the_rules(raw, name):
    response = raw("PUT", f"/{name}")
    assert response.refusal == (400, "InvalidBucketName")
    assert response.error["BucketName"] == name


def test_name_of_the_own_regional_namespace(refused, aws, s3):
    name = f"mine-{aws.account}-us-east-1-an"
    with refused("InvalidBucketName", 400):
        s3.create_bucket(Bucket=name)
    s3.create_bucket(Bucket=name, BucketNamespace="account-regional")
    assert s3.head_bucket(Bucket=name)


def test_creating_the_own_bucket_again_is_fine_in_us_east_1(s3, bucket, put, get):
    put(bucket, "kept")
    s3.create_bucket(Bucket=bucket)
    assert get(bucket, "kept") == b"x"


def test_creating_the_own_bucket_again_is_refused_elsewhere(refused, aws, new_name):
    name, there = new_name(), aws("s3", region="eu-west-1")
    where = {"LocationConstraint": "eu-west-1"}
    there.create_bucket(Bucket=name, CreateBucketConfiguration=where)
    with refused("BucketAlreadyOwnedByYou", 409, BucketName=name):
        there.create_bucket(Bucket=name, CreateBucketConfiguration=where)


def test_names_are_shared_by_all_accounts(refused, aws, bucket):
    with refused("BucketAlreadyExists", 409, BucketName=bucket):
        aws("s3", account="999988887777").create_bucket(Bucket=bucket)


def test_name_is_free_again_after_the_delete(aws, s3, bucket):
    s3.delete_bucket(Bucket=bucket)
    other = aws("s3", account="999988887777")
    other.create_bucket(Bucket=bucket)
    other.delete_bucket(Bucket=bucket)


def test_tags_at_creation(s3, new_name):
    name = new_name()
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"Tags": [{"Key": "a", "Value": "b"}]})
    assert s3.get_bucket_tagging(Bucket=name)["TagSet"] == [{"Key": "a", "Value": "b"}]


# -- finding


@pytest.mark.parametrize(
    "call",
    [
        lambda s3, name: s3.list_objects_v2(Bucket=name),
        lambda s3, name: s3.get_object(Bucket=name, Key="k"),
        lambda s3, name: s3.put_object(Bucket=name, Key="k", Body=b"x"),
        lambda s3, name: s3.put_object(Bucket=name, Key="k", Body=b"x" * 300_000),
        lambda s3, name: s3.delete_bucket(Bucket=name),
        lambda s3, name: s3.get_bucket_cors(Bucket=name),
        lambda s3, name: s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"}),
    ],
)
def test_missing_bucket_is_not_found(refused, s3, new_name, call):
    name = new_name()
    with refused("NoSuchBucket", 404, BucketName=name, Message="The specified bucket does not exist"):
        call(s3, name)


def test_head_of_a_missing_bucket_has_no_body(raw):
    response = raw("HEAD", "/nobody-has-this-bucket")
    assert (response.status, response.body) == (404, b"")


def test_name_that_could_never_be_is_invalid(raw):
    response = raw("GET", "/a")
    assert response.refusal == (400, "InvalidBucketName")


def test_expected_owner_has_to_be_the_owner(refused, aws, s3, bucket):
    assert s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=aws.account)
    with refused("AccessDenied", 403):
        s3.list_objects_v2(Bucket=bucket, ExpectedBucketOwner="111122223333")
    with refused("InvalidBucketOwnerAWSAccountID", 400):
        s3.list_objects_v2(Bucket=bucket, ExpectedBucketOwner="me")


# -- listing


def test_buckets_of_the_account_by_name(s3, make_bucket):
    made = [make_bucket() for _ in range(3)]
    answer = s3.list_buckets()
    assert [entry["Name"] for entry in answer["Buckets"]] == sorted(made)
    assert len(answer["Owner"]["ID"]) == 64
    assert "BucketRegion" not in answer["Buckets"][0]


def test_other_accounts_see_their_own(aws, bucket):
    names = [entry["Name"] for entry in aws("s3", account="111122223333").list_buckets()["Buckets"]]
    assert bucket not in names


def test_pages_of_buckets(s3, make_bucket):
    made = sorted(make_bucket() for _ in range(5))
    pages = list(s3.get_paginator("list_buckets").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["Buckets"]) for page in pages] == [2, 2, 1]
    assert [entry["Name"] for page in pages for entry in page["Buckets"]] == made
    assert pages[0]["Buckets"][0]["BucketRegion"] == "us-east-1"


def test_prefix_and_region_select_buckets(s3, make_bucket, new_name):
    here = make_bucket()
    there = new_name()
    s3.create_bucket(Bucket=there, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert [entry["Name"] for entry in s3.list_buckets(BucketRegion="eu-west-1")["Buckets"]] == [there]
    answer = s3.list_buckets(Prefix=here)
    assert [entry["Name"] for entry in answer["Buckets"]] == [here]
    assert answer["Prefix"] == here


@pytest.mark.parametrize("most", [0, 10_001])
def test_page_size_has_bounds(raw, most):
    assert raw("GET", f"/?max-buckets={most}").refusal == (400, "InvalidArgument")


def test_token_that_we_did_not_give_is_refused(refused, s3):
    with refused("InvalidArgument", 400, Message="The continuation token provided is incorrect"):
        s3.list_buckets(ContinuationToken="garbage")


# -- deleting


def test_deleted_bucket_is_gone(refused, s3, bucket):
    s3.delete_bucket(Bucket=bucket)
    with refused("NoSuchBucket", 404):
        s3.list_objects_v2(Bucket=bucket)
    assert bucket not in [entry["Name"] for entry in s3.list_buckets()["Buckets"]]


def test_bucket_with_an_object_stays(refused, s3, bucket, put):
    put(bucket, "k")
    with refused("BucketNotEmpty", 409, BucketName=bucket, Message="The bucket you tried to delete is not empty"):
        s3.delete_bucket(Bucket=bucket)


def test_bucket_with_only_a_delete_marker_stays(refused, s3, versioned):
    s3.delete_object(Bucket=versioned, Key="k")
    with refused("BucketNotEmpty", 409):
        s3.delete_bucket(Bucket=versioned)


def test_uploads_under_way_go_with_their_bucket(s3, bucket, new_name):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    s3.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=1, Body=b"x")
    s3.delete_bucket(Bucket=bucket)
    s3.create_bucket(Bucket=bucket)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_configurations_go_with_their_bucket(refused, s3, bucket):
    rules = [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": rules})
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.delete_bucket(Bucket=bucket)
    s3.create_bucket(Bucket=bucket)
    with refused("NoSuchCORSConfiguration", 404):
        s3.get_bucket_cors(Bucket=bucket)
    with refused("NoSuchTagSet", 404):
        s3.get_bucket_tagging(Bucket=bucket)


# -- tags of buckets


def test_bucket_tags_are_replaced_and_deleted(refused, s3, bucket):
    for tags in ({"a": "1", "b": "2"}, {"c": ""}):
        tag_set = [{"Key": key, "Value": value} for key, value in tags.items()]
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tag_set})
        assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == tag_set
    s3.delete_bucket_tagging(Bucket=bucket)
    with refused("NoSuchTagSet", 404, Message="The TagSet does not exist"):
        s3.get_bucket_tagging(Bucket=bucket)


def test_bucket_has_at_most_fifty_tags(refused, s3, bucket):
    with refused("BadRequest", 400):
        s3.put_bucket_tagging(
            Bucket=bucket, Tagging={"TagSet": [{"Key": str(number), "Value": ""} for number in range(51)]}
        )


# -- encryption


def test_kms_key_needs_kms(refused, s3, bucket):
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256", "KMSMasterKeyID": "k"}}
    with refused("InvalidArgument", 400):
        s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})


def test_who_may_not_look_at_a_bucket_is_told_its_region(s3, bucket, fogbank_server):
    from http.client import HTTPConnection

    connection = HTTPConnection("127.0.0.1", fogbank_server.port, timeout=10)
    connection.request("HEAD", f"/{bucket}")
    answer = connection.getresponse()
    connection.close()
    assert (answer.status, answer.headers["x-amz-bucket-region"]) == (403, "us-east-1")

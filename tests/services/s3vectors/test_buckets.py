"""Vector buckets, their policies, encryption and tags."""

import json

import pytest


def test_a_bucket_is_described_by_name_and_by_arn(s3vectors, aws, bucket):
    found = s3vectors.get_vector_bucket(vectorBucketName=bucket)["vectorBucket"]
    arn = f"arn:aws:s3vectors:us-east-1:{aws.account}:bucket/media"
    assert found["vectorBucketArn"] == arn
    assert found["encryptionConfiguration"] == {"sseType": "AES256"}
    assert found["defaultIndexMode"] in ("CLASSIC", "ENHANCED")
    assert s3vectors.get_vector_bucket(vectorBucketArn=arn)["vectorBucket"] == found


def test_a_name_is_taken_once_per_account_and_region(s3vectors, aws, bucket, refused):
    with refused("ConflictException", 409, "already exists"):
        s3vectors.create_vector_bucket(vectorBucketName=bucket)
    aws("s3vectors", region="eu-west-1").create_vector_bucket(vectorBucketName=bucket)


@pytest.mark.parametrize("name", ["Upper", "under_score", "-begins", "ends-"])
def test_a_name_of_other_characters_is_refused(s3vectors, refused, name):
    with refused("ValidationException", 400):
        s3vectors.create_vector_bucket(vectorBucketName=name)


def test_a_bucket_is_named_in_one_way(s3vectors, bucket, refused):
    with refused("ValidationException", 400, "either"):
        s3vectors.get_vector_bucket()


def test_buckets_are_listed_page_by_page(s3vectors):
    for name in ("aaa", "abb", "bbb", "abc"):
        s3vectors.create_vector_bucket(vectorBucketName=name)
    pages = s3vectors.get_paginator("list_vector_buckets").paginate(prefix="a", PaginationConfig={"PageSize": 2})
    assert [[each["vectorBucketName"] for each in page["vectorBuckets"]] for page in pages] == [["aaa", "abb"], ["abc"]]


def test_a_token_that_was_not_given_out_is_refused(s3vectors, refused):
    with refused("ValidationException", 400, "token"):
        s3vectors.list_vector_buckets(nextToken="nonsense")


def test_a_bucket_with_indexes_stays(s3vectors, bucket, index, refused):
    with refused("ConflictException", 409, "not empty"):
        s3vectors.delete_vector_bucket(vectorBucketName=bucket)
    s3vectors.delete_index(**index)
    s3vectors.delete_vector_bucket(vectorBucketName=bucket)
    with refused("NotFoundException", 404):
        s3vectors.get_vector_bucket(vectorBucketName=bucket)


def test_a_policy_lets_others_in(s3vectors, aws, bucket, index, refused):
    other = aws("s3vectors", account="222233334444")
    arn = s3vectors.get_index(**index)["index"]["indexArn"]
    with refused("AccessDeniedException", 403):
        other.get_index(indexArn=arn)
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "222233334444"},
        "Action": "s3vectors:GetIndex",
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    s3vectors.put_vector_bucket_policy(vectorBucketName=bucket, policy=policy)
    assert json.loads(s3vectors.get_vector_bucket_policy(vectorBucketName=bucket)["policy"]) == json.loads(policy)
    assert other.get_index(indexArn=arn)["index"]["indexArn"] == arn
    s3vectors.delete_vector_bucket_policy(vectorBucketName=bucket)
    with refused("NotFoundException", 404, "policy"):
        s3vectors.get_vector_bucket_policy(vectorBucketName=bucket)


def test_a_policy_that_is_none_is_refused(s3vectors, bucket, refused):
    with refused("ValidationException", 400, "Invalid policy"):
        s3vectors.put_vector_bucket_policy(vectorBucketName=bucket, policy="{}")


def test_tags_come_and_go(s3vectors, index, refused):
    arn = s3vectors.get_index(**index)["index"]["indexArn"]
    s3vectors.tag_resource(resourceArn=arn, tags={"a": "1", "b": "2"})
    s3vectors.untag_resource(resourceArn=arn, tagKeys=["a", "none"])
    assert s3vectors.list_tags_for_resource(resourceArn=arn)["tags"] == {"b": "2"}
    with refused("ValidationException", 400):
        s3vectors.tag_resource(resourceArn=arn, tags={"aws:x": "1"})
    with refused("NotFoundException", 404):
        s3vectors.list_tags_for_resource(resourceArn=f"{arn}x")


def test_vectors_under_a_disabled_key_are_out_of_reach(s3vectors, aws, refused):
    kms = aws("kms")
    key = kms.create_key()["KeyMetadata"]
    encryption = {"sseType": "aws:kms", "kmsKeyArn": key["Arn"]}
    s3vectors.create_vector_bucket(vectorBucketName="secret", encryptionConfiguration=encryption)
    index = {"vectorBucketName": "secret", "indexName": "vectors"}
    s3vectors.create_index(**index, dataType="float32", dimension=1, distanceMetric="euclidean")
    assert s3vectors.get_index(**index)["index"]["encryptionConfiguration"] == encryption
    s3vectors.put_vectors(**index, vectors=[{"key": "k", "data": {"float32": [1]}}])
    kms.disable_key(KeyId=key["KeyId"])
    with refused("KmsDisabledException", 400):
        s3vectors.get_vectors(**index, keys=["k"])


def test_a_key_belongs_to_kms_encryption(s3vectors, refused):
    arn = "arn:aws:kms:us-east-1:111122223333:key/none"
    with refused("ValidationException", 400, "only with sseType aws:kms"):
        s3vectors.create_vector_bucket(
            vectorBucketName="secret", encryptionConfiguration={"sseType": "AES256", "kmsKeyArn": arn}
        )


def test_new_buckets_have_no_classic_indexes(s3vectors, bucket, clock, refused):
    clock.advance(days=400)  # after September 30, 2026, whatever the day is
    s3vectors.create_vector_bucket(vectorBucketName="later")
    assert s3vectors.get_vector_bucket(vectorBucketName="later")["vectorBucket"]["defaultIndexMode"] == "ENHANCED"
    with refused("ValidationException", 400, "September 30, 2026"):
        s3vectors.put_vector_bucket_default_index_mode(vectorBucketName="later", defaultIndexMode="CLASSIC")

"""Annotations of objects."""

import hashlib
import json

import pytest

KMS_RULE = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}


@pytest.fixture
def annotate(s3):
    def annotate(bucket, name, text=b"text", key="k", **params):
        return s3.put_object_annotation(Bucket=bucket, Key=key, AnnotationName=name, AnnotationPayload=text, **params)

    return annotate


@pytest.fixture
def text_of(s3):
    def text_of(bucket, name, key="k", **params):
        return s3.get_object_annotation(Bucket=bucket, Key=key, AnnotationName=name, **params)[
            "AnnotationPayload"
        ].read()

    return text_of


@pytest.fixture
def names_of(s3):
    def names_of(bucket, key="k", **params):
        answer = s3.list_object_annotations(Bucket=bucket, Key=key, **params)
        return [entry["AnnotationName"] for entry in answer.get("Annotations", [])]

    return names_of


def test_text_comes_back(s3, bucket, put, annotate, text_of):
    put(bucket, "k")
    answer = annotate(bucket, "labels/one", "grün".encode())
    assert (answer["Key"], answer["AnnotationName"]) == ("k", "labels/one")
    assert answer["ETag"] == f'"{hashlib.md5("grün".encode()).hexdigest()}"'
    assert answer["ServerSideEncryption"] == "AES256"
    assert text_of(bucket, "labels/one").decode() == "grün"


def test_object_stays_as_it_is(s3, bucket, put, annotate):
    put(bucket, "k")
    before = s3.head_object(Bucket=bucket, Key="k")
    annotate(bucket, "n")
    after = s3.head_object(Bucket=bucket, Key="k")
    assert (before["ETag"], before["LastModified"]) == (after["ETag"], after["LastModified"])


@pytest.mark.parametrize("size", [1, 1024 * 1024])
def test_text_may_have_up_to_a_mebibyte(bucket, put, annotate, text_of, size):
    put(bucket, "k")
    annotate(bucket, "n", b"x" * size)
    assert text_of(bucket, "n") == b"x" * size


def test_larger_text_is_refused(refused, bucket, put, annotate):
    put(bucket, "k")
    with refused("EntityTooLarge", 400):
        annotate(bucket, "n", b"x" * (1024 * 1024 + 1))


@pytest.mark.parametrize("name", ["aws:x", "AWS", "s3-x", "S3"])
def test_reserved_names_are_refused(refused, bucket, put, annotate, name):
    put(bucket, "k")
    with refused("InvalidAnnotationName", 400, Message="The annotation name you provided is invalid."):
        annotate(bucket, name)


def test_long_names_are_refused(refused, bucket, put, annotate):
    put(bucket, "k")
    annotate(bucket, "n" * 512)
    with refused("AnnotationNameTooLong", 400):
        annotate(bucket, "ü" * 257)


def test_what_is_no_text_is_refused(refused, bucket, put, annotate):
    put(bucket, "k")
    with refused("UnsupportedMediaType", 415):
        annotate(bucket, "n", b"\xff\xfe")


def test_missing_object_and_annotation(refused, bucket, put, annotate, text_of):
    with refused("NoSuchKey", 404):
        annotate(bucket, "n")
    put(bucket, "k")
    with refused("NoSuchAnnotation", 404, Message="The specified annotation does not exist on this object."):
        text_of(bucket, "n")


def test_object_has_to_be_the_one_that_is_meant(refused, s3, bucket, put, annotate, names_of):
    put(bucket, "k")
    etag = s3.head_object(Bucket=bucket, Key="k")["ETag"]
    annotate(bucket, "n", ObjectIfMatch=etag)
    with refused("PreconditionFailed", 412):
        annotate(bucket, "m", ObjectIfMatch='"other"')
    with refused("PreconditionFailed", 412):
        s3.delete_object_annotation(Bucket=bucket, Key="k", AnnotationName="n", ObjectIfMatch='"other"')
    assert names_of(bucket) == ["n"]


def test_pages_of_annotations_make_the_whole(s3, bucket, put, annotate, names_of):
    put(bucket, "k")
    names = [f"a/{number}" for number in range(5)] + ["b"]
    for name in names:
        annotate(bucket, name)
    first = s3.list_object_annotations(Bucket=bucket, Key="k", MaxAnnotationResults=4)
    assert (first["AnnotationCount"], first["Annotations"][0]["Size"]) == (4, 4)
    rest = names_of(bucket, ContinuationToken=first["NextContinuationToken"])
    assert [entry["AnnotationName"] for entry in first["Annotations"]] + rest == names
    assert names_of(bucket, AnnotationPrefix="a/") == names[:5]


def test_bad_token_is_refused(refused, bucket, put, names_of):
    put(bucket, "k")
    with refused("InvalidArgument", 400):
        names_of(bucket, ContinuationToken="garbage")


def test_annotation_is_replaced_and_deleted(s3, bucket, put, annotate, text_of, names_of):
    put(bucket, "k")
    annotate(bucket, "n", b"long " * 20_000)
    annotate(bucket, "n", b"short")
    assert text_of(bucket, "n") == b"short"
    s3.delete_object_annotation(Bucket=bucket, Key="k", AnnotationName="n")
    s3.delete_object_annotation(Bucket=bucket, Key="k", AnnotationName="n")
    assert names_of(bucket) == []


def test_thousand_are_the_most(monkeypatch, refused, bucket, put, annotate):
    monkeypatch.setattr("fogbank.services.s3.limits.ANNOTATIONS", 2)
    put(bucket, "k")
    annotate(bucket, "a")
    annotate(bucket, "b")
    annotate(bucket, "b")
    with refused("AnnotationLimitExceeded", 400):
        annotate(bucket, "c")


def test_each_version_has_its_own(s3, versioned, put, annotate, text_of, names_of):
    first = put(versioned, "k")
    annotate(versioned, "n", b"one")
    put(versioned, "k")
    assert names_of(versioned) == []
    assert text_of(versioned, "n", VersionId=first) == b"one"
    assert annotate(versioned, "m", VersionId=first)["ObjectVersionId"] == first


def test_overwriting_takes_them_away(bucket, put, annotate, names_of):
    put(bucket, "k")
    annotate(bucket, "n")
    put(bucket, "k")
    assert names_of(bucket) == []


def test_they_come_along_with_copies(s3, bucket, put, annotate, text_of, names_of):
    put(bucket, "k")
    annotate(bucket, "n", b"one")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/k")
    assert text_of(bucket, "n", "copy") == b"one"
    s3.copy_object(Bucket=bucket, Key="k", CopySource=f"{bucket}/k", StorageClass="STANDARD_IA")
    assert text_of(bucket, "n") == b"one"
    s3.copy_object(Bucket=bucket, Key="bare", CopySource=f"{bucket}/k", AnnotationDirective="EXCLUDE")
    assert names_of(bucket, "bare") == []


def test_they_are_encrypted_as_the_object_is(s3, aws, bucket, put, annotate, text_of):
    put(bucket, "k", ServerSideEncryption="aws:kms")
    assert annotate(bucket, "n", b"secret")["ServerSideEncryption"] == "aws:kms"
    assert text_of(bucket, "n") == b"secret"


def test_customers_keys_have_none(refused, s3, bucket, put, annotate):
    rule = {"BlockedEncryptionTypes": {"EncryptionType": ["NONE"]}}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    put(bucket, "k", SSECustomerAlgorithm="AES256", SSECustomerKey="k" * 32)
    with refused("InvalidRequest", 400):
        annotate(bucket, "n")


def test_checksums_are_verified_and_given_back(refused, s3, bucket, put, annotate):
    put(bucket, "k")
    good = annotate(bucket, "n", ChecksumAlgorithm="SHA256")["ChecksumSHA256"]
    found = s3.get_object_annotation(Bucket=bucket, Key="k", AnnotationName="n", ChecksumMode="ENABLED")
    assert found["ChecksumSHA256"] == good
    with refused("BadDigest", 400):
        annotate(bucket, "n", b"other", ChecksumSHA256=good)


def test_locked_versions_keep_theirs(refused, s3, make_bucket, put, annotate):
    name = make_bucket(ObjectLockEnabledForBucket=True)
    put(name, "k", ObjectLockLegalHoldStatus="ON")
    annotate(name, "n")
    with refused("AccessDenied", 403):
        s3.delete_object_annotation(Bucket=name, Key="k", AnnotationName="n")


def test_queues_hear_of_them(s3, aws, bucket, put, annotate):
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName="heard")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sqs:*", "Resource": arn}
        ],
    }
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    put(bucket, "k")
    wanted = {"QueueArn": arn, "Events": ["s3:ObjectAnnotation:*"]}
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [wanted]}, SkipDestinationValidation=True
    )
    annotate(bucket, "n")
    s3.delete_object_annotation(Bucket=bucket, Key="k", AnnotationName="n")
    heard = []
    while len(heard) < 2:
        answer = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5, MaxNumberOfMessages=10)
        bodies = [json.loads(message["Body"]) for message in answer["Messages"]]
        heard += [record["eventName"] for body in bodies for record in body.get("Records", [])]
    assert sorted(heard) == ["ObjectAnnotation:Delete", "ObjectAnnotation:Put"]

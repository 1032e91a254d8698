"""Tags of objects."""

import pytest


def tag_set(**tags):
    return {"TagSet": [{"Key": key, "Value": value} for key, value in tags.items()]}


def tags_of(s3, bucket, key, **params):
    return {tag["Key"]: tag["Value"] for tag in s3.get_object_tagging(Bucket=bucket, Key=key, **params)["TagSet"]}


def test_tags_come_with_the_object_and_are_counted(s3, bucket, put):
    put(bucket, "k", Tagging="colour=blue&note=a%20b%2Bc&empty=")
    assert tags_of(s3, bucket, "k") == {"colour": "blue", "note": "a b+c", "empty": ""}
    assert s3.head_object(Bucket=bucket, Key="k")["TagCount"] == 3


def test_tags_are_replaced_and_deleted(s3, bucket, put, get):
    put(bucket, "k", Tagging="a=1")
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging=tag_set(b="2", c="3"))
    assert tags_of(s3, bucket, "k") == {"b": "2", "c": "3"}
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    assert tags_of(s3, bucket, "k") == {}
    assert "TagCount" not in s3.head_object(Bucket=bucket, Key="k")
    assert get(bucket, "k") == b"x"


def test_tags_belong_to_a_version(s3, versioned, put):
    first, second = put(versioned, "k"), put(versioned, "k")
    answer = s3.put_object_tagging(Bucket=versioned, Key="k", VersionId=first, Tagging=tag_set(a="1"))
    assert answer["VersionId"] == first
    assert tags_of(s3, versioned, "k", VersionId=first) == {"a": "1"}
    assert tags_of(s3, versioned, "k") == {}
    assert s3.get_object_tagging(Bucket=versioned, Key="k")["VersionId"] == second


def test_missing_object_has_no_tags(refused, s3, bucket):
    with refused("NoSuchKey", 404):
        s3.get_object_tagging(Bucket=bucket, Key="k")


@pytest.mark.parametrize(
    ("code", "tags"),
    [
        ("BadRequest", {f"k{number}": "" for number in range(11)}),
        ("InvalidTag", {"k" * 129: "x"}),
        ("InvalidTag", {"k": "x" * 257}),
        ("InvalidTag", {"k!": "x"}),
        ("InvalidTag", {"k": "x;y"}),
        ("InvalidTag", {"aws:k": "x"}),
    ],
)
def test_tags_have_rules(refused, s3, bucket, put, code, tags):
    put(bucket, "k", Tagging="a=1")
    with refused(code, 400):
        s3.put_object_tagging(Bucket=bucket, Key="k", Tagging=tag_set(**tags))
    assert tags_of(s3, bucket, "k") == {"a": "1"}


def test_key_comes_once(refused, s3, bucket, put):
    put(bucket, "k")
    doubled = {"TagSet": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]}
    with refused("InvalidTag", 400, Message="Cannot provide multiple Tags with the same key"):
        s3.put_object_tagging(Bucket=bucket, Key="k", Tagging=doubled)


@pytest.mark.parametrize("header", ["a=1&a=2", "=1"])
def test_header_has_to_be_a_query(refused, put, bucket, header):
    with refused("InvalidArgument", 400, ArgumentName="x-amz-tagging"):
        put(bucket, "k", Tagging=header)

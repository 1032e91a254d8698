"""Names of buckets and keys."""

import pytest

from fogbank.kernel.errors import AWSError
from fogbank.services.s3.bucket import names


@pytest.mark.parametrize("name", ["abc", "a-b.c", "1bucket1", "a" * 63, "my.bucket", "192.168.5.4a", "xn-bucket"])
def test_valid_bucket_names(name):
    assert names.is_bucket_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "ab",
        "a" * 64,
        "Bucket",
        "under_score",
        "-abc",
        "abc-",
        ".abc",
        "abc.",
        "a..b",
        "192.168.5.4",
        "xn--bucket",
        "sthree-bucket",
        "amzn-s3-demo-bucket",
        "bucket-s3alias",
        "bucket--ol-s3",
        "bucket.mrap",
        "bucket--x-s3",
        "bucket--table-s3",
        "bücket",
        "abc\n",
    ],
)
def test_invalid_bucket_names(name):
    assert not names.is_bucket_name(name)


def test_account_regional_name_ends_with_account_and_region():
    assert names.is_account_regional("mine-111122223333-eu-west-1-an", "111122223333", "eu-west-1")
    assert not names.is_account_regional("mine-111122223333-us-east-1-an", "111122223333", "eu-west-1")
    assert not names.is_account_regional("-111122223333-eu-west-1-an", "111122223333", "eu-west-1")


@pytest.mark.parametrize("key", ["a" * 1024, "é" * 512, "𝄞" * 256])
def test_key_of_1024_bytes_is_taken(key):
    names.check_key(key)


@pytest.mark.parametrize("key", ["a" * 1025, "é" * 513, "𝄞" * 257])
def test_longer_key_is_refused(key):
    with pytest.raises(AWSError, match="KeyTooLongError") as caught:
        names.check_key(key)
    assert caught.value.members["MaxSizeAllowed"] == "1024"

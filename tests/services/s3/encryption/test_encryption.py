"""Encryption at rest: under the server's key, keys of KMS, keys of the customer."""

import asyncio
import contextlib
import hashlib
import json
import os
from base64 import b64encode

import pytest
from botocore.exceptions import ClientError

from fogbank.storage.blobs import BlobMissing
from fogbank.testing import Clients, server

SMALL, MEDIUM, LARGE = b"plain and small ", b"plain and medium " * 300, b"plain and large " * 20_000
BODIES = {"small": SMALL, "medium": MEDIUM, "large": LARGE, "empty": b""}
PART = b"plain part of five MiB" * 240_000
KEY = os.urandom(32)


def customer(key=KEY, prefix=""):
    """The parameters that go with a customer's key."""
    return {f"{prefix}SSECustomerAlgorithm": "AES256", f"{prefix}SSECustomerKey": key}


def rule(algorithm=None, key=None, bucket_key=None, blocked=None):
    wanted = {"SSEAlgorithm": algorithm, "KMSMasterKeyID": key}
    found = {
        "ApplyServerSideEncryptionByDefault": {name: value for name, value in wanted.items() if value} or None,
        "BucketKeyEnabled": bucket_key,
        "BlockedEncryptionTypes": None if blocked is None else {"EncryptionType": blocked},
    }
    return {"Rules": [{name: value for name, value in found.items() if value is not None}]}


@pytest.fixture
def kms(aws):
    return aws("kms")


@pytest.fixture
def key(kms):
    """The ARN of a key of KMS."""
    return kms.create_key()["KeyMetadata"]["Arn"]


@pytest.fixture
def open_bucket(make_bucket, s3):
    """A bucket that takes keys of the customer."""
    name = make_bucket()
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration=rule(blocked=["NONE"]))
    return name


@pytest.fixture
def on_disk(fogbank_server):
    """Gives everything that is kept: all rows and all blobs of objects."""
    app = fogbank_server.app

    async def rows():
        async with app.store.snapshot() as pairs:
            kept = await asyncio.to_thread(list, pairs)
        return b"".join([value for _, value in kept])

    def read():
        found = fogbank_server.call(rows())
        for name in [name for shelf in app.blobs.shelves() for name in app.blobs.contents(shelf)]:
            with contextlib.suppress(BlobMissing):  # others' objects may go meanwhile
                found += app.blobs.read(name)
        return found

    return read


@pytest.fixture
def user(aws):
    """Gives clients of a user who may do these things."""

    def make(*actions, service="s3"):
        iam = aws("iam")
        iam.create_user(UserName="user")
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName="user", PolicyName="p", PolicyDocument=policy)
        return aws(service, credentials=iam.create_access_key(UserName="user")["AccessKey"])

    return make


def how(kind, key):
    """Parameters of a write that asks for a kind of encryption, and of a read of it."""
    if kind == "SSE-C":
        return customer(), customer()
    if kind == "AES256":
        return {"ServerSideEncryption": "AES256"}, {}
    return {"ServerSideEncryption": kind, "SSEKMSKeyId": key}, {}


KINDS = ["AES256", "aws:kms", "aws:kms:dsse", "SSE-C"]


# -- all kinds


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("kind", KINDS)
def test_bytes_come_back_and_do_not_lie_there_in_the_clear(s3, open_bucket, key, on_disk, kind, body):
    write, read = how(kind, key)
    body = body and os.urandom(8).hex().encode() + body
    s3.put_object(Bucket=open_bucket, Key="k", Body=body, **write)
    assert s3.get_object(Bucket=open_bucket, Key="k", **read)["Body"].read() == body
    assert not body or body[:24] not in on_disk()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("first", "last"), [(0, 0), (65_535, 65_536), (70_000, 200_001), (131_072, 196_607), (319_999, 319_999)]
)
def test_any_range_can_be_read(s3, open_bucket, key, kind, first, last):
    write, read = how(kind, key)
    s3.put_object(Bucket=open_bucket, Key="k", Body=LARGE, **write)
    answer = s3.get_object(Bucket=open_bucket, Key="k", Range=f"bytes={first}-{last}", **read)
    assert answer["Body"].read() == LARGE[first : last + 1]


@pytest.mark.parametrize("kind", KINDS)
def test_an_upload_in_parts_is_encrypted_too(s3, open_bucket, key, on_disk, upload, kind):
    write, read = how(kind, key)
    needle = os.urandom(12).hex().encode()
    upload(open_bucket, "k", [needle + PART, b"the end " + needle], part=read, **write)
    whole = needle + PART + b"the end " + needle
    assert s3.get_object(Bucket=open_bucket, Key="k", **read)["Body"].read() == whole
    at = len(needle + PART)
    answer = s3.get_object(Bucket=open_bucket, Key="k", Range=f"bytes={at - 5}-{at + 9}", **read)
    assert answer["Body"].read() == whole[at - 5 : at + 10]
    assert needle not in on_disk()


@pytest.mark.parametrize("there", KINDS)
@pytest.mark.parametrize("here", KINDS)
@pytest.mark.parametrize("body", [SMALL, LARGE], ids=["small", "large"])
def test_a_copy_may_be_encrypted_otherwise(s3, open_bucket, key, here, there, body):
    write, _ = how(here, key)
    s3.put_object(Bucket=open_bucket, Key="source", Body=body, **write)
    of_source = customer(prefix="CopySource") if here == "SSE-C" else {}
    write, read = how(there, key)
    s3.copy_object(Bucket=open_bucket, Key="copy", CopySource=f"{open_bucket}/source", **of_source, **write)
    s3.delete_object(Bucket=open_bucket, Key="source")
    answer = s3.get_object(Bucket=open_bucket, Key="copy", **read)
    assert answer["Body"].read() == body
    assert answer.get("ServerSideEncryption", "SSE-C") == there


def test_parts_can_be_copied_from_any_kind(s3, open_bucket, key):
    s3.put_object(Bucket=open_bucket, Key="source", Body=LARGE, **customer())
    begun = s3.create_multipart_upload(Bucket=open_bucket, Key="k", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    target = {"Bucket": open_bucket, "Key": "k", "UploadId": begun["UploadId"]}
    source = {"CopySource": f"{open_bucket}/source", "CopySourceRange": "bytes=100-200000"}
    part = s3.upload_part_copy(PartNumber=1, **target, **source, **customer(prefix="CopySource"))
    listed = {"Parts": [{"PartNumber": 1, "ETag": part["CopyPartResult"]["ETag"]}]}
    s3.complete_multipart_upload(**target, MultipartUpload=listed)
    assert s3.get_object(Bucket=open_bucket, Key="k")["Body"].read() == LARGE[100:200_001]


@pytest.mark.parametrize("kind", KINDS)
def test_the_etag_is_the_md5_only_under_the_servers_key(s3, open_bucket, key, kind):
    etag = s3.put_object(Bucket=open_bucket, Key="k", Body=SMALL, **how(kind, key)[0])["ETag"].strip('"')
    assert (etag == hashlib.md5(SMALL).hexdigest()) == (kind == "AES256")


def test_damage_is_noticed(fogbank_server, s3, bucket, files):
    there = files()
    s3.put_object(Bucket=bucket, Key="k", Body=LARGE)
    (blob,) = files() - there
    path = fogbank_server.app.blobs.path(blob)
    with open(path, "r+b") as file:
        file.seek(100_000)
        file.write(b"?")
    assert s3.get_object(Bucket=bucket, Key="k", Range="bytes=0-9")["Body"].read() == LARGE[:10]
    with pytest.raises(Exception):  # noqa: B017  the answer breaks off, or is InternalFailure
        s3.get_object(Bucket=bucket, Key="k")["Body"].read()


# -- keys of KMS


def test_the_key_is_answered_by_its_arn_whatever_it_was_called(kms, s3, bucket, key):
    kms.create_alias(AliasName="alias/mine", TargetKeyId=key)
    for name in (key, key.rpartition("/")[2], "alias/mine", key.replace(key.rpartition(":")[2], "alias/mine")):
        answer = s3.put_object(Bucket=bucket, Key="k", Body=SMALL, ServerSideEncryption="aws:kms", SSEKMSKeyId=name)
        assert answer["SSEKMSKeyId"] == key
    assert s3.head_object(Bucket=bucket, Key="k")["SSEKMSKeyId"] == key


def test_without_a_key_it_is_the_one_that_aws_manages(kms, s3, bucket):
    answer = s3.put_object(Bucket=bucket, Key="k", Body=SMALL, ServerSideEncryption="aws:kms")
    described = kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]
    assert answer["SSEKMSKeyId"] == described["Arn"] and described["KeyManager"] == "AWS"


def test_a_key_that_is_not_there_is_refused(aws, refused, s3, bucket):
    arn = f"arn:aws:kms:us-east-1:{aws.account}:key/00000000-0000-0000-0000-000000000000"
    with refused("KMS.NotFoundException", 400, Message=f"Key '{arn}' does not exist"):
        s3.put_object(Bucket=bucket, Key="k", Body=SMALL, ServerSideEncryption="aws:kms", SSEKMSKeyId=arn)


def test_a_disabled_key_is_refused_for_writing_and_reading(kms, refused, s3, bucket, key):
    wanted = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    s3.put_object(Bucket=bucket, Key="k", Body=SMALL, **wanted)
    kms.disable_key(KeyId=key)
    with refused("KMS.DisabledException", 400, Message=f"{key} is disabled."):
        s3.get_object(Bucket=bucket, Key="k")
    with refused("KMS.DisabledException", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=SMALL, **wanted)
    assert s3.head_object(Bucket=bucket, Key="k")["ContentLength"] == len(SMALL)
    kms.enable_key(KeyId=key)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == SMALL


def test_a_key_that_will_be_deleted_is_refused(kms, refused, s3, bucket, key):
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    with refused("KMS.KMSInvalidStateException", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=SMALL, ServerSideEncryption="aws:kms", SSEKMSKeyId=key)


def test_a_large_body_is_refused_before_it_is_read(refused, s3, bucket, key, kms, files):
    there = files()
    kms.disable_key(KeyId=key)
    with refused("KMS.DisabledException", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=LARGE, ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    assert files() == there


def test_who_may_not_use_the_key_may_not_read_the_object(refused, s3, bucket, key, user):
    s3.put_object(Bucket=bucket, Key="k", Body=SMALL, ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    reader = user("s3:GetObject")
    with refused("AccessDenied", 403) as caught:
        reader.get_object(Bucket=bucket, Key="k")
    assert "is not authorized to perform: kms:Decrypt on resource" in caught.value.response["Error"]["Message"]
    assert reader.head_object(Bucket=bucket, Key="k")["ContentLength"] == len(SMALL)
    with pytest.raises(ClientError):
        reader.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")


def test_who_may_use_the_key_may_read_and_write(s3, bucket, key, user):
    writer = user("s3:GetObject", "s3:PutObject", "kms:Decrypt", "kms:GenerateDataKey")
    writer.put_object(Bucket=bucket, Key="k", Body=SMALL, ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    assert writer.get_object(Bucket=bucket, Key="k")["Body"].read() == SMALL


def test_the_key_of_another_account_needs_both_accounts(aws, refused, s3, bucket):
    other = str(int(aws.account) ^ 1).zfill(12)
    theirs = aws("kms", account=other)
    key = theirs.create_key()["KeyMetadata"]["Arn"]
    wanted = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    with refused("AccessDenied", 403):
        s3.put_object(Bucket=bucket, Key="k", Body=SMALL, **wanted)
    policy = json.loads(theirs.get_key_policy(KeyId=key)["Policy"])
    policy["Statement"].append(
        {"Effect": "Allow", "Principal": {"AWS": aws.account}, "Action": "kms:*", "Resource": "*"}
    )
    theirs.put_key_policy(KeyId=key, Policy=json.dumps(policy))
    assert s3.put_object(Bucket=bucket, Key="k", Body=SMALL, **wanted)["SSEKMSKeyId"] == key
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == SMALL


def test_kms_is_told_which_object_it_is_about(aws, refused, s3, bucket, kms, user):
    arn = f"arn:aws:s3:::{bucket}/right"
    allowed = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{aws.account}:user/user"},
        "Action": "kms:GenerateDataKey",
        "Resource": "*",
        "Condition": {
            "StringEquals": {"kms:EncryptionContext:aws:s3:arn": arn, "kms:ViaService": "s3.us-east-1.amazonaws.com"}
        },
    }
    writer = user("s3:PutObject")
    root = {"Effect": "Allow", "Principal": {"AWS": aws.account}, "Action": "kms:*", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [root, allowed]}
    key = kms.create_key(Policy=json.dumps(policy))["KeyMetadata"]["Arn"]
    wanted = {"Bucket": bucket, "Body": SMALL, "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    writer.put_object(Key="right", **wanted)
    with refused("AccessDenied", 403):
        writer.put_object(Key="wrong", **wanted)


def test_a_context_of_the_writers_own_goes_with_the_object(s3, bucket, key):
    context = b64encode(json.dumps({"project": "fog"}).encode()).decode()
    wanted = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key, "SSEKMSEncryptionContext": context}
    answer = s3.put_object(Bucket=bucket, Key="k", Body=SMALL, **wanted)
    assert answer["SSEKMSEncryptionContext"] == context
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == SMALL


def test_a_context_that_is_no_map_is_refused(refused, s3, bucket, key):
    for context in ("not base64!", b64encode(b"[1]").decode()):
        with refused("InvalidArgument", 400, ArgumentName="x-amz-server-side-encryption-context"):
            s3.put_object(
                Bucket=bucket,
                Key="k",
                Body=SMALL,
                ServerSideEncryption="aws:kms",
                SSEKMSKeyId=key,
                SSEKMSEncryptionContext=context,
            )


def test_kms_is_not_asked_for_anonymous_readers(raw, s3, bucket, key):
    s3.delete_public_access_block(Bucket=bucket)
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    s3.put_object(Bucket=bucket, Key="k", Body=SMALL, ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    answer = raw("GET", f"/{bucket}/k", signed=False)
    assert answer.refusal == (400, "InvalidArgument")
    assert "require AWS Signature Version 4" in answer.error["Message"]


# -- bucket keys


@pytest.fixture
def with_bucket_key(s3, make_bucket, key):
    name = make_bucket()
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration=rule("aws:kms", key=key, bucket_key=True))
    return name


def test_with_a_bucket_key_kms_is_asked_once_for_many_objects(kms, s3, with_bucket_key, key, clock):
    answer = s3.put_object(Bucket=with_bucket_key, Key="a", Body=SMALL)
    assert (answer["SSEKMSKeyId"], answer["BucketKeyEnabled"]) == (key, True)
    kms.disable_key(KeyId=key)  # the bucket's key goes on for a while
    s3.put_object(Bucket=with_bucket_key, Key="b", Body=LARGE)
    assert s3.get_object(Bucket=with_bucket_key, Key="b")["Body"].read() == LARGE
    clock.advance(seconds=301)
    with pytest.raises(ClientError, match="is disabled"):
        s3.get_object(Bucket=with_bucket_key, Key="b")
    with pytest.raises(ClientError, match="is disabled"):
        s3.put_object(Bucket=with_bucket_key, Key="c", Body=SMALL)
    kms.enable_key(KeyId=key)
    assert s3.get_object(Bucket=with_bucket_key, Key="b")["Body"].read() == LARGE


def test_a_bucket_key_is_no_way_round_the_keys_policy(refused, s3, with_bucket_key, user):
    s3.put_object(Bucket=with_bucket_key, Key="k", Body=SMALL)
    assert s3.get_object(Bucket=with_bucket_key, Key="k")["Body"].read() == SMALL
    with refused("AccessDenied", 403):
        user("s3:GetObject").get_object(Bucket=with_bucket_key, Key="k")


def test_an_object_can_do_without_the_bucket_key(s3, with_bucket_key):
    answer = s3.put_object(Bucket=with_bucket_key, Key="k", Body=SMALL, BucketKeyEnabled=False)
    assert "BucketKeyEnabled" not in answer


# -- keys of the customer


def test_new_buckets_do_not_take_customers_keys(refused, s3, bucket):
    with refused("AccessDenied", 403) as caught:
        s3.put_object(Bucket=bucket, Key="k", Body=SMALL, **customer())
    assert (
        "has blocked upload requests that specify Server Side Encryption" in caught.value.response["Error"]["Message"]
    )
    for request in (s3.create_multipart_upload, lambda **other: s3.put_object(Body=LARGE, **other)):
        with refused("AccessDenied", 403):
            request(Bucket=bucket, Key="k", **customer())


def test_blocking_does_not_concern_what_is_there(s3, open_bucket):
    s3.put_object(Bucket=open_bucket, Key="k", Body=SMALL, **customer())
    s3.put_bucket_encryption(Bucket=open_bucket, ServerSideEncryptionConfiguration=rule(blocked=["SSE-C"]))
    assert s3.get_object(Bucket=open_bucket, Key="k", **customer())["Body"].read() == SMALL


def test_the_customers_key_is_needed_again(refused, s3, open_bucket):
    s3.put_object(Bucket=open_bucket, Key="k", Body=SMALL, **customer())
    for read in (s3.get_object, lambda **where: s3.get_object_attributes(ObjectAttributes=["ETag"], **where)):
        with refused("InvalidRequest", 400) as caught:
            read(Bucket=open_bucket, Key="k")
    assert caught.value.response["Error"]["Message"].startswith("The object was stored using a form of Server Side")
    with pytest.raises(ClientError, match="400"):
        s3.head_object(Bucket=open_bucket, Key="k")
    with refused("InvalidRequest", 400):
        s3.copy_object(Bucket=open_bucket, Key="copy", CopySource=f"{open_bucket}/k")


@pytest.mark.parametrize("body", [SMALL, LARGE, b""], ids=["small", "large", "empty"])
def test_another_key_opens_nothing(refused, s3, open_bucket, body):
    s3.put_object(Bucket=open_bucket, Key="k", Body=body, **customer())
    with refused("AccessDenied", 403):
        s3.get_object(Bucket=open_bucket, Key="k", **customer(bytes(32)))
    with pytest.raises(ClientError, match="403"):
        s3.head_object(Bucket=open_bucket, Key="k", **customer(bytes(32)))


def test_a_key_for_an_object_without_one_is_refused(refused, s3, bucket, put):
    put(bucket, "k")
    with refused("InvalidRequest", 400, Message="The encryption parameters are not applicable to this object."):
        s3.get_object(Bucket=bucket, Key="k", **customer())


def test_the_answer_names_the_md5_of_the_key_and_no_other_encryption(s3, open_bucket):
    s3.put_object(Bucket=open_bucket, Key="k", Body=SMALL, **customer())
    answer = s3.head_object(Bucket=open_bucket, Key="k", **customer())
    assert answer["SSECustomerAlgorithm"] == "AES256"
    assert answer["SSECustomerKeyMD5"] == b64encode(hashlib.md5(KEY).digest()).decode()
    assert "ServerSideEncryption" not in answer


HEADER = "x-amz-server-side-encryption-customer"
WHOLE = {
    f"{HEADER}-algorithm": "AES256",
    f"{HEADER}-key": b64encode(KEY).decode(),
    f"{HEADER}-key-md5": b64encode(hashlib.md5(KEY).digest()).decode(),
}


@pytest.mark.parametrize(
    ("changed", "code", "words"),
    [
        ({f"{HEADER}-algorithm": None}, "InvalidArgument", "must provide a valid encryption algorithm"),
        ({f"{HEADER}-algorithm": "AES128"}, "InvalidEncryptionAlgorithmError", "Supported value: AES256"),
        ({f"{HEADER}-key": None}, "InvalidArgument", "must provide an appropriate secret key"),
        ({f"{HEADER}-key": b64encode(b"short").decode()}, "InvalidArgument", "The secret key was invalid"),
        ({f"{HEADER}-key-md5": None}, "InvalidArgument", "must provide the client calculated MD5"),
        ({f"{HEADER}-key-md5": b64encode(bytes(16)).decode()}, "InvalidArgument", "did not match the hash"),
        ({"x-amz-server-side-encryption": "AES256"}, "InvalidArgument", "is incompatible with the encryption method"),
    ],
)
def test_a_customers_key_has_to_be_complete(raw, open_bucket, changed, code, words):
    headers = {name: value for name, value in {**WHOLE, **changed}.items() if value is not None}
    answer = raw("PUT", f"/{open_bucket}/k", b"x", headers)
    assert answer.refusal == (400, code)
    assert words in answer.error["Message"]


def test_parts_need_the_key_of_their_upload(refused, s3, open_bucket):
    begun = s3.create_multipart_upload(Bucket=open_bucket, Key="k", **customer())
    part = {"Bucket": open_bucket, "Key": "k", "UploadId": begun["UploadId"], "PartNumber": 1, "Body": b"x"}
    with refused("InvalidRequest", 400) as caught:
        s3.upload_part(**part)
    assert "Subsequent part requests must include the appropriate" in caught.value.response["Error"]["Message"]
    with refused("InvalidRequest", 400) as caught:
        s3.upload_part(**part, **customer(bytes(32)))
    assert "did not match the ones used originally" in caught.value.response["Error"]["Message"]


# -- what buckets say


def test_a_new_bucket_has_the_servers_key_and_blocks_customers_keys(s3, bucket):
    (found,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert found == {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
        "BucketKeyEnabled": False,
        "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]},
    }


def test_new_buckets_of_some_regions_take_customers_keys(aws, new_name):
    s3, name = aws("s3", "me-south-1"), new_name()
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "me-south-1"})
    (found,) = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    assert "BlockedEncryptionTypes" not in found
    assert s3.put_object(Bucket=name, Key="k", Body=SMALL, **customer())["SSECustomerAlgorithm"] == "AES256"


def test_a_default_without_a_word_about_customers_keys_leaves_them_as_they_are(s3, open_bucket):
    s3.put_bucket_encryption(Bucket=open_bucket, ServerSideEncryptionConfiguration=rule("AES256"))
    (found,) = s3.get_bucket_encryption(Bucket=open_bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert found["BlockedEncryptionTypes"] == {"EncryptionType": ["NONE"]}


def test_a_default_holds_for_objects_that_ask_for_nothing_else(s3, make_bucket, key):
    name = make_bucket()
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration=rule("aws:kms:dsse", key=key))
    assert s3.put_object(Bucket=name, Key="a", Body=LARGE)["ServerSideEncryption"] == "aws:kms:dsse"
    assert s3.get_object(Bucket=name, Key="a")["Body"].read() == LARGE
    assert s3.put_object(Bucket=name, Key="b", ServerSideEncryption="AES256")["ServerSideEncryption"] == "AES256"


def test_deleting_the_default_brings_back_what_buckets_begin_with(s3, open_bucket):
    s3.delete_bucket_encryption(Bucket=open_bucket)
    (found,) = s3.get_bucket_encryption(Bucket=open_bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert found["BlockedEncryptionTypes"] == {"EncryptionType": ["SSE-C"]}


def test_blocking_everything_and_nothing_is_refused(refused, s3, bucket):
    with refused("MalformedXML", 400):
        s3.put_bucket_encryption(
            Bucket=bucket, ServerSideEncryptionConfiguration=rule("AES256", blocked=["NONE", "SSE-C"])
        )


# -- changing an object's encryption


def update(s3, bucket, arn, **params):
    wanted = {"SSEKMS": {"KMSKeyArn": arn, **params}}
    return s3.update_object_encryption(Bucket=bucket, Key="k", ObjectEncryption=wanted)


@pytest.mark.parametrize("body", [SMALL, LARGE], ids=["small", "large"])
def test_an_object_can_be_put_under_a_key_of_kms(kms, s3, bucket, key, body):
    s3.put_object(Bucket=bucket, Key="k", Body=body)
    before = s3.head_object(Bucket=bucket, Key="k")
    update(s3, bucket, key, BucketKeyEnabled=True)
    after = s3.head_object(Bucket=bucket, Key="k")
    assert (after["SSEKMSKeyId"], after["BucketKeyEnabled"]) == (key, True)
    assert (after["ETag"], after["LastModified"]) == (before["ETag"], before["LastModified"])
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == body
    other = kms.create_key()["KeyMetadata"]["Arn"]
    update(s3, bucket, other)
    kms.disable_key(KeyId=key)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == body


def test_what_cannot_be_put_under_another_key_is_refused(aws, refused, s3, open_bucket, key):
    s3.put_object(Bucket=open_bucket, Key="k", Body=SMALL, **customer())
    with refused("InvalidRequest", 400):
        update(s3, open_bucket, key)
    s3.put_object(Bucket=open_bucket, Key="k", Body=SMALL)
    with refused("AccessDenied", 403):
        update(s3, open_bucket, f"arn:aws:kms:us-east-1:999999999999:{key.rpartition(':')[2]}")
    with refused("KMS.NotFoundException", 400):
        update(s3, open_bucket, key.rpartition("/")[0] + "/00000000-0000-0000-0000-000000000000")


# -- without encryption at rest


def test_it_can_be_left_undone_and_taken_up_later(tmp_path):
    def lies_there(needle):
        return any(needle in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())

    needle = os.urandom(12).hex().encode()
    with server(data_dir=tmp_path, encrypt_at_rest=False) as running:
        s3 = Clients(running.endpoint, "111122223333")("s3")
        s3.create_bucket(Bucket="bucket")
        assert s3.put_object(Bucket="bucket", Key="plain", Body=needle + LARGE)["ServerSideEncryption"] == "AES256"
        s3.put_object(Bucket="bucket", Key="secret", Body=needle[::-1] + LARGE, ServerSideEncryption="aws:kms")
    assert lies_there(needle) and not lies_there(needle[::-1])
    with server(data_dir=tmp_path) as running:
        s3 = Clients(running.endpoint, "111122223333")("s3")
        assert s3.get_object(Bucket="bucket", Key="plain")["Body"].read() == needle + LARGE
        s3.copy_object(Bucket="bucket", Key="copy", CopySource="bucket/plain")
        s3.delete_object(Bucket="bucket", Key="plain")
        assert s3.get_object(Bucket="bucket", Key="copy")["Body"].read() == needle + LARGE
        assert s3.get_object(Bucket="bucket", Key="secret")["Body"].read() == needle[::-1] + LARGE
        while not running.call(running.app.upkeep.remove_dropped()):
            pass  # it was under way already
    assert not lies_there(needle)


def test_who_reads_or_sends_parts_has_no_say_in_the_encryption(raw, s3, bucket, put):
    put(bucket, "k")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    for method, query in (("GET", ""), ("PUT", f"?partNumber=1&uploadId={upload}")):
        answer = raw(method, f"/{bucket}/k{query}", headers={"x-amz-server-side-encryption": "AES256"})
        assert answer.refusal == (400, "InvalidArgument")
        assert answer.error["Message"] == "x-amz-server-side-encryption header is not supported for this operation."

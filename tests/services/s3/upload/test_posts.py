"""Form uploads, as browsers send them."""

import urllib.parse

import pytest


@pytest.fixture
def post(s3, raw):
    """Posts a form with a presigned policy; `fields` and `conditions` go into both, `extra` only into the form."""

    def post(bucket, key="k", file=b"contents", fields=None, conditions=(), extra=None, filename="own.txt", **signing):
        fields = fields or {}
        stated = [{name: value} for name, value in fields.items()]
        signed = s3.generate_presigned_post(
            bucket, key, Fields=dict(fields), Conditions=[*stated, *conditions], **signing
        )
        return send(raw, bucket, {**signed["fields"], **(extra or {})}, file, filename)

    return post


def send(raw, bucket, fields, file, filename="own.txt"):
    mark = b"--frontier"
    body = b""
    for name, value in fields.items():
        body += mark + f'\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
    body += mark + f'\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n'.encode()
    body += b"Content-Type: text/plain\r\n\r\n" + file + b"\r\n" + mark + b"--\r\n"
    headers = {"content-type": "multipart/form-data; boundary=frontier"}
    return raw("POST", f"/{bucket}", body, headers, signed=False)


@pytest.mark.parametrize("size", [0, 10, 100_000, 2_000_000])
def test_file_becomes_an_object(s3, bucket, get, post, size):
    response = post(bucket, file=b"f" * size)
    assert (response.status, response.body) == (204, b"")
    assert get(bucket, "k") == b"f" * size
    assert response.headers["etag"] == s3.head_object(Bucket=bucket, Key="k")["ETag"]
    assert response.headers["location"].endswith(f"/{bucket}/k")


def test_file_name_stands_for_itself_in_the_key(bucket, get, post):
    assert post(bucket, key="up/${filename}", filename="my photo.jpg").status == 204
    assert get(bucket, "up/my photo.jpg") == b"contents"


def test_fields_say_what_headers_would(s3, bucket, post):
    fields = {
        "Content-Type": "image/png",
        "Cache-Control": "no-cache",
        "x-amz-meta-Colour": "blue",
        "x-amz-storage-class": "STANDARD_IA",
        "tagging": "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>",
    }
    assert post(bucket, fields=fields).status == 204
    head = s3.head_object(Bucket=bucket, Key="k")
    assert (head["ContentType"], head["CacheControl"], head["StorageClass"]) == ("image/png", "no-cache", "STANDARD_IA")
    assert (head["Metadata"], head["TagCount"]) == ({"colour": "blue"}, 1)


def test_success_is_answered_as_the_form_wants_it(bucket, post):
    assert post(bucket, fields={"success_action_status": "200"}).status == 200
    response = post(bucket, fields={"success_action_status": "201"})
    assert response.status == 201
    assert (response.error["Bucket"], response.error["Key"]) == (bucket, "k")
    assert response.error["ETag"] == response.headers["etag"]
    response = post(bucket, fields={"success_action_redirect": "http://example.com/done?a=1"})
    assert response.status == 303
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(response.headers["location"]).query))
    assert (query["a"], query["bucket"], query["key"]) == ("1", bucket, "k")


def test_answer_has_the_headers_of_a_put(bucket, post):
    headers = post(bucket, file=b"hello").headers
    assert headers["x-amz-checksum-crc64nvme"] == "M3eFcAZSQlc="
    assert (headers["x-amz-checksum-type"], headers["x-amz-server-side-encryption"]) == ("FULL_OBJECT", "AES256")


def test_versioned_bucket_gives_a_version(versioned, post):
    assert post(versioned).headers["x-amz-version-id"] not in ("", "null")


def test_file_has_to_be_of_the_size_in_the_policy(files, s3, bucket, post):
    before = files()
    assert post(bucket, file=b"f" * 9, conditions=[["content-length-range", 10, 20]]).refusal == (400, "EntityTooSmall")
    assert post(bucket, file=b"f" * 21, conditions=[["content-length-range", 10, 20]]).refusal == (
        400,
        "EntityTooLarge",
    )
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
    assert files() == before


def test_field_that_the_policy_does_not_know_is_refused(bucket, post):
    response = post(bucket, extra={"x-amz-meta-extra": "1"})
    assert response.refusal == (403, "AccessDenied")
    assert "Extra input fields" in response.error["Message"]


def test_field_with_another_value_is_refused(bucket, post):
    assert post(bucket, extra={"key": "other"}).refusal == (403, "AccessDenied")


def test_expired_policy_is_refused(bucket, post):
    response = post(bucket, ExpiresIn=-1)
    assert response.refusal == (403, "AccessDenied")
    assert response.error["Message"] == "Invalid according to Policy: Policy expired."


def test_changed_policy_is_refused(s3, raw, bucket):
    signed = s3.generate_presigned_post(bucket, "k")
    other = s3.generate_presigned_post(bucket, "other")
    fields = {**signed["fields"], "policy": other["fields"]["policy"]}
    assert send(raw, bucket, fields, b"x").refusal == (403, "SignatureDoesNotMatch")


def test_form_without_a_policy_is_anonymous(s3, raw, bucket, make_bucket, get):
    assert send(raw, bucket, {"key": "k"}, b"x").refusal == (403, "AccessDenied")
    opened = make_bucket(ObjectOwnership="ObjectWriter")
    s3.delete_public_access_block(Bucket=opened)
    s3.put_bucket_acl(Bucket=opened, ACL="public-read-write")
    assert send(raw, opened, {"key": "k"}, b"x").status == 204
    assert get(opened, "k") == b"x"


def test_form_needs_a_key(raw, bucket):
    assert send(raw, bucket, {}, b"x").refusal == (400, "InvalidArgument")


def test_form_needs_a_bucket(post, new_name):
    assert post(new_name()).refusal == (404, "NoSuchBucket")


def test_body_that_is_no_form_is_refused(raw, bucket):
    headers = {"content-type": "multipart/form-data; boundary=frontier"}
    response = raw("POST", f"/{bucket}", b"garbage", headers, signed=False)
    assert response.refusal == (400, "MalformedPOSTRequest")


def test_signature_without_a_policy_is_refused(s3, raw, bucket):
    fields = s3.generate_presigned_post(bucket, "k")["fields"]
    del fields["policy"]
    response = send(raw, bucket, fields, b"x")
    assert (response.status, response.error["ArgumentName"]) == (400, "policy")
    assert response.error["Message"].startswith("Bucket POST must contain a field named 'policy'.")


def test_what_is_no_form_is_refused(raw, bucket):
    answer = raw("POST", f"/{bucket}", b"x", {"content-type": "text/plain"})
    assert answer.refusal == (412, "PreconditionFailed")
    assert answer.error["Condition"] == "Bucket POST must be of the enclosure-type multipart/form-data"
    assert raw("POST", f"/{bucket}/k", b"x").refusal == (405, "MethodNotAllowed")

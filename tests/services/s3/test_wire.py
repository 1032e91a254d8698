"""What S3's answers look like on the wire."""

import pytest

NAMESPACE = b'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


def test_every_answer_has_its_two_ids(raw, bucket):
    for target in (f"/{bucket}", f"/{bucket}/nothing", "/no-such-bucket-anywhere"):
        headers = raw("GET", target).headers
        assert headers["x-amz-request-id"] and headers["x-amz-id-2"] and headers["date"]


def test_put_answers_with_headers_only(raw, bucket):
    response = raw("PUT", f"/{bucket}/k", b"hello")
    assert (response.status, response.body) == (200, b"")
    assert response.headers["content-length"] == "0"
    assert response.headers["etag"] == '"5d41402abc4b2a76b9719d911017c592"'
    assert response.headers["x-amz-server-side-encryption"] == "AES256"
    assert "x-amz-version-id" not in response.headers


def test_get_answers_with_every_header(raw, bucket, put):
    put(bucket, "k", b"hello", Metadata={"a": "b"}, CacheControl="no-cache")
    headers = raw("GET", f"/{bucket}/k").headers
    for name in ("date", "server", "x-amz-request-id", "x-amz-id-2", "last-modified"):
        assert headers.pop(name)
    assert headers == {
        "accept-ranges": "bytes",
        "cache-control": "no-cache",
        "content-length": "5",
        "content-type": "binary/octet-stream",
        "etag": '"5d41402abc4b2a76b9719d911017c592"',
        "x-amz-meta-a": "b",
        "x-amz-server-side-encryption": "AES256",
    }


def test_last_modified_is_an_http_date(raw, bucket, put):
    put(bucket, "k")
    assert raw("GET", f"/{bucket}/k").headers["last-modified"].endswith(" GMT")
    assert b".000Z</LastModified>" in raw("GET", f"/{bucket}").body


def test_delete_answers_204(raw, bucket):
    response = raw("DELETE", f"/{bucket}/k")
    assert (response.status, response.body) == (204, b"")


@pytest.mark.parametrize(
    ("target", "root"),
    [
        ("/", b"ListAllMyBucketsResult"),
        ("/{bucket}", b"ListBucketResult"),
        ("/{bucket}?list-type=2", b"ListBucketResult"),
        ("/{bucket}?versions", b"ListVersionsResult"),
        ("/{bucket}?uploads", b"ListMultipartUploadsResult"),
        ("/{bucket}?location", b"LocationConstraint"),
        ("/{bucket}?versioning", b"VersioningConfiguration"),
        ("/{bucket}?acl", b"AccessControlPolicy"),
        ("/{bucket}?encryption", b"ServerSideEncryptionConfiguration"),
    ],
)
def test_documents_have_their_root_and_namespace(raw, bucket, target, root):
    response = raw("GET", target.format(bucket=bucket))
    assert response.status == 200
    assert response.headers["content-type"] == "application/xml"
    assert response.body.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<' + root + b" " + NAMESPACE)


def test_policy_is_plain_json(raw, s3, bucket):
    statement = f'"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::{bucket}/*"'
    text = f'{{"Version":"2012-10-17","Statement":[{{{statement}}}]}}'
    s3.put_bucket_policy(Bucket=bucket, Policy=text)
    assert raw("GET", f"/{bucket}?policy").body.decode() == text


@pytest.mark.parametrize("literal", ["inventory", "analytics", "uploads", "acl", "torrent", "select", "object-lock"])
def test_sub_resource_creates_no_bucket(raw, new_name, literal):
    name = new_name()
    assert raw("PUT", f"/{name}?{literal}").status >= 400
    assert raw("HEAD", f"/{name}").status == 404


def test_key_with_control_characters_is_legible(raw, bucket, put):
    put(bucket, "a\x01b")
    assert b"<Key>a&#x1;b</Key>" in raw("GET", f"/{bucket}").body


def test_metadata_in_other_scripts_comes_back_as_encoded_words(raw, s3, make_bucket):
    bucket = make_bucket(ObjectOwnership="ObjectWriter")
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read-write")
    sent = "ÄMÄZÕÑ S3".encode().decode("latin-1")
    assert raw("PUT", f"/{bucket}/k", b"x", {"x-amz-meta-nonascii": sent}, signed=False).status == 200
    # the example of the user guide
    expected = "=?UTF-8?B?w4PChE3Dg8KEWsODwpXDg8KRIFMz?="
    assert raw("HEAD", f"/{bucket}/k").headers["x-amz-meta-nonascii"] == expected


def test_upload_says_how_long_it_is(fogbank_server, bucket, s3):
    import http.client

    url = s3.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "k"})
    connection = http.client.HTTPConnection("127.0.0.1", fogbank_server.port, timeout=20)
    connection.putrequest("PUT", url.split(str(fogbank_server.port), 1)[1])
    connection.endheaders()
    response = connection.getresponse()
    assert (response.status, b"<Code>MissingContentLength</Code>" in response.read()) == (411, True)
    connection.close()


def test_chunked_upload_without_a_length_is_refused(fogbank_server, bucket, s3):
    import http.client

    url = s3.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "k"})
    connection = http.client.HTTPConnection("127.0.0.1", fogbank_server.port, timeout=20)
    connection.request("PUT", url.split(str(fogbank_server.port), 1)[1], iter([b"x" * 1000] * 400), encode_chunked=True)
    response = connection.getresponse()
    assert response.status == 501
    assert b"<Header>Transfer-Encoding</Header>" in response.read()
    connection.close()

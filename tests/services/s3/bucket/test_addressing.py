"""Path style, virtual hosts, presigned URLs."""

from urllib.parse import urlsplit

import pytest

HOSTS = [
    "{bucket}.s3.localhost:{port}",
    "{bucket}.localhost:{port}",
    "{bucket}.s3.us-east-1.localhost.localstack.cloud:{port}",
    "{bucket}.s3.amazonaws.com",
    "{bucket}.s3.dualstack.us-east-1.amazonaws.com",
]


@pytest.mark.parametrize("host", HOSTS)
def test_bucket_in_the_host(raw, fogbank_server, bucket, put, host):
    host = host.format(bucket=bucket, port=fogbank_server.port)
    put(bucket, "a/b c", b"x")
    assert raw("GET", "/a/b%20c", host=host).body == b"x"
    assert raw("PUT", "/other", b"y", host=host).status == 200
    assert raw("GET", "/?list-type=2", host=host).body.count(b"<Key>") == 2
    assert raw("HEAD", "/", host=host).headers["x-amz-bucket-region"] == "us-east-1"


def test_bucket_with_dots_in_the_host(raw, fogbank_server, s3, new_name, put):
    name = f"{new_name()}.with.dots"
    s3.create_bucket(Bucket=name)
    put(name, "k", b"x")
    assert raw("GET", "/k", host=f"{name}.s3.localhost:{fogbank_server.port}").body == b"x"


def test_key_that_looks_like_a_path_of_s3_control_is_a_key(raw, fogbank_server, bucket, put):
    put(bucket, "v20180820/accesspoint/x", b"x")
    host = f"{bucket}.s3.localhost:{fogbank_server.port}"
    assert raw("GET", "/v20180820/accesspoint/x", host=host).body == b"x"


@pytest.mark.parametrize(
    "host",
    [
        "front-111122223333.s3-accesspoint.us-east-1.amazonaws.com",
        "front-111122223333.op-0123456789abcdef0.s3-outposts.us-east-1.amazonaws.com",
        "mfzwi23gnjvgw.mrap.accesspoint.s3-global.amazonaws.com",
    ],
)
def test_nothing_is_made_of_what_an_access_point_that_is_not_there_is_asked(raw, s3, new_name, host):
    name = new_name()
    assert raw("PUT", f"/{name}", b"x", host=host).refusal == (404, "NoSuchAccessPoint")
    assert name not in [each["Name"] for each in s3.list_buckets()["Buckets"]]


def test_bucket_is_created_by_its_host(raw, fogbank_server, s3, new_name):
    name = new_name()
    assert raw("PUT", "/", host=f"{name}.s3.localhost:{fogbank_server.port}").status == 200
    assert s3.head_bucket(Bucket=name)


def test_boto3_in_virtual_host_style(aws, fogbank_server, bucket):
    client = aws("s3", endpoint=f"http://s3.localhost:{fogbank_server.port}", s3={"addressing_style": "virtual"})
    client.meta.events.register("before-send.s3", _to_loopback(fogbank_server.port))
    client.put_object(Bucket=bucket, Key="k//x", Body=b"x")
    assert client.get_object(Bucket=bucket, Key="k//x")["Body"].read() == b"x"


def _to_loopback(port):
    """Names below localhost need not resolve where tests run."""

    def send(request, **_):
        host = request.url.split("/")[2]
        request.url = request.url.replace(host, f"127.0.0.1:{port}", 1)
        request.headers["Host"] = host

    return send


# -- presigned URLs


@pytest.fixture(params=["s3", "s3v4"])
def presign(request, aws):
    """Makes a presigned URL, by signature version 2 and by version 4, and gives the target to request."""
    client = aws("s3", signature_version=request.param)

    def presign(operation, **params):
        url = urlsplit(client.generate_presigned_url(operation, params))
        return f"{url.path}?{url.query}"

    return presign


def test_presigned_get(presign, raw, bucket, put):
    put(bucket, "a b/ü+", b"x")
    response = raw("GET", presign("get_object", Bucket=bucket, Key="a b/ü+"), signed=False)
    assert (response.status, response.body) == (200, b"x")


@pytest.mark.parametrize("size", [10, 400_000])
def test_presigned_put(presign, raw, bucket, get, size):
    assert raw("PUT", presign("put_object", Bucket=bucket, Key="k"), b"x" * size, signed=False).status == 200
    assert get(bucket, "k") == b"x" * size


def test_presigned_url_is_for_one_key(presign, raw, bucket, put):
    put(bucket, "other")
    target = presign("get_object", Bucket=bucket, Key="k").replace(f"{bucket}/k", f"{bucket}/other")
    assert raw("GET", target, signed=False).refusal == (403, "SignatureDoesNotMatch")


def test_presigned_url_is_for_one_method(presign, raw, bucket, put):
    put(bucket, "k")
    target = presign("get_object", Bucket=bucket, Key="k")
    assert raw("DELETE", target, signed=False).refusal == (403, "SignatureDoesNotMatch")


def test_presigned_url_with_overrides(presign, raw, bucket, put):
    put(bucket, "k")
    target = presign("get_object", Bucket=bucket, Key="k", ResponseContentType="text/x-own")
    assert raw("GET", target, signed=False).headers["content-type"] == "text/x-own"


def test_overrides_are_not_for_anonymous_readers(s3, raw, make_bucket, put):
    bucket = make_bucket(ObjectOwnership="ObjectWriter")
    s3.delete_public_access_block(Bucket=bucket)
    put(bucket, "k", ACL="public-read")
    response = raw("GET", f"/{bucket}/k?response-content-type=text/html", signed=False)
    assert response.refusal == (400, "InvalidRequest")


def test_presigned_urls_take_no_signature_besides(aws, raw, bucket, put):
    put(bucket, "k")
    s3 = aws("s3", signature_version="s3v4")
    url = urlsplit(s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"}))
    response = raw("GET", f"{url.path}?{url.query}")
    assert (response.status, response.error["ArgumentName"]) == (400, "Authorization")
    assert response.error["Message"].startswith("Only one auth mechanism allowed")

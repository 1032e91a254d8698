"""Buckets, refusals and plain HTTP, as the tests of S3 use them."""

from __future__ import annotations

import hashlib
import http.client
import itertools
from contextlib import closing, contextmanager
from urllib.parse import urlsplit
from xml.etree import ElementTree

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
from botocore.exceptions import ClientError

_numbers = itertools.count()


@pytest.fixture
def s3(aws):
    return aws("s3")


@pytest.fixture
def files(fogbank_server, monkeypatch):
    """Gives the names of all blobs that there are, once those are gone that nobody needs."""
    app = fogbank_server.app
    monkeypatch.setattr(
        "fogbank.kernel.blobs._GRACE", -2.0
    )  # nobody else serves this state: what was dropped just now may go

    def names():
        while not fogbank_server.call(app.upkeep.remove_dropped()):
            pass  # it was under way already
        return {name for shelf in app.blobs.shelves() for name in app.blobs.contents(shelf)}

    return names


@pytest.fixture
def new_name(aws):
    """Gives bucket names that no other test has."""
    return lambda: f"b{aws.account}-{next(_numbers)}"


@pytest.fixture
def make_bucket(s3, new_name):
    """Creates a bucket and gives its name; `versioning` is Enabled or Suspended (after having been Enabled)."""

    def make(versioning="", **options):
        name = new_name()
        s3.create_bucket(Bucket=name, **options)
        for status in ("Enabled", "Suspended") if versioning == "Suspended" else (versioning,):
            if status:
                s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": status})
        return name

    return make


@pytest.fixture
def bucket(make_bucket):
    return make_bucket()


@pytest.fixture
def versioned(make_bucket):
    return make_bucket("Enabled")


@pytest.fixture
def put(s3):
    """Stores a small object and gives its version id, if it has one."""

    def put(bucket, key, body=b"x", **params):
        return s3.put_object(Bucket=bucket, Key=key, Body=body, **params).get("VersionId")

    return put


@pytest.fixture
def get(s3):
    def get(bucket, key, **params):
        return s3.get_object(Bucket=bucket, Key=key, **params)["Body"].read()

    return get


@pytest.fixture
def refused():
    """Expects an error of S3, with this HTTP status and these elements in its document."""

    @contextmanager
    def refused(code, status, **members):
        with pytest.raises(ClientError) as caught:
            yield caught
        response = caught.value.response
        assert (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
        assert {name: response["Error"].get(name) for name in members} == members

    return refused


class Answer:
    """A plain HTTP response. `headers` has lower-case names."""

    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    @property
    def error(self):
        """The members of an error document."""
        return {element.tag: element.text for element in ElementTree.fromstring(self.body)}

    @property
    def refusal(self):
        return self.status, self.error["Code"]


@pytest.fixture
def raw(fogbank_server, aws):
    """Sends a plain HTTP request, signed unless told otherwise. `signed_body` is signed in place of what is sent."""

    def send(method, target, body=b"", headers=None, signed=True, host=None, region="us-east-1", signed_body=None):
        address = urlsplit(fogbank_server.endpoint)
        headers = {"host": host or address.netloc, **(headers or {})}
        if signed:
            proof = body if signed_body is None else signed_body
            headers = _sign(method, f"http://{headers['host']}{target}", proof, headers, aws.account, region)
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=20)
        with closing(connection):
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value)
            if body or method in ("PUT", "POST"):
                connection.putheader("content-length", str(len(body)))
            connection.endheaders(body or None)
            return Answer(connection.getresponse())

    return send


def _sign(method, url, body, headers, account, region):
    headers = {**headers, "x-amz-content-sha256": hashlib.sha256(body).hexdigest()}
    request = botocore.awsrequest.AWSRequest(method, url, headers, body)
    botocore.auth.S3SigV4Auth(botocore.credentials.Credentials(account, "test"), "s3", region).add_auth(request)
    return {name.lower(): value for name, value in request.headers.items()}


@pytest.fixture
def upload(s3):
    """Uploads an object in parts and gives the answer to its completion."""

    def upload(bucket, key, bodies, complete=None, part=None, **params):
        begun = s3.create_multipart_upload(Bucket=bucket, Key=key, **params)
        listed = []
        for number, body in enumerate(bodies, 1):
            answer = s3.upload_part(
                Bucket=bucket, Key=key, UploadId=begun["UploadId"], PartNumber=number, Body=body, **(part or {})
            )
            sums = {name: value for name, value in answer.items() if name.startswith("Checksum")}
            listed.append({"PartNumber": number, "ETag": answer["ETag"], **sums})
        return s3.complete_multipart_upload(
            Bucket=bucket, Key=key, UploadId=begun["UploadId"], MultipartUpload={"Parts": listed}, **(complete or {})
        )

    return upload

"""Version 4A: what is signed with a key of an elliptic curve is verified; against AWS's own signer where that is installed."""

import hashlib
import time

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from fogbank.identity import sigv4a

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


def request(path="/", method="GET"):
    """(method, path, headers) of a request that lists buckets."""
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    headers = {
        "host": "localhost",
        "x-amz-content-sha256": hashlib.sha256(b"").hexdigest(),
        "x-amz-date": moment,
        "x-amz-region-set": "*",
    }
    return method, path, headers


def signed(access_key, secret, tampered=False):
    """The headers of a signed request."""
    method, path, headers = request()
    names = ";".join(headers)
    lines = "\n".join(f"{name}:{value}" for name, value in headers.items())
    canonical = f"{method}\n{path}\n\n{lines}\n\n{names}\n{headers['x-amz-content-sha256']}"
    scope = f"{headers['x-amz-date'][:8]}/s3/aws4_request"
    text = "\n".join([sigv4a.ALGORITHM, headers["x-amz-date"], scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = ec.derive_private_key(sigv4a.private_number(access_key, secret), ec.SECP256R1())
    signature = key.sign((text + tampered * "x").encode(), ec.ECDSA(hashes.SHA256())).hex()
    authorization = f"{sigv4a.ALGORITHM} Credential={access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    return headers | {"authorization": authorization}


def send(server, headers):
    from http.client import HTTPConnection

    connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("GET", "/", headers=headers)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body


@pytest.fixture
def keys(aws):
    """The access key and the secret of a user who may list buckets."""
    iam = aws("iam")
    iam.create_user(UserName="ann")
    iam.attach_user_policy(UserName="ann", PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    made = iam.create_access_key(UserName="ann")["AccessKey"]
    return made["AccessKeyId"], made["SecretAccessKey"]


def test_a_signature_of_the_right_secret_is_taken(fogbank_server, keys):
    status, body = send(fogbank_server, signed(*keys))
    assert (status, "ListAllMyBucketsResult" in body) == (200, True)


@pytest.mark.parametrize("fault", ["secret", "text"])
def test_any_other_signature_is_refused(fogbank_server, keys, fault):
    access_key, secret = keys
    headers = signed(access_key, secret + "x" * (fault == "secret"), tampered=fault == "text")
    status, body = send(fogbank_server, headers)
    assert (status, "<Code>SignatureDoesNotMatch</Code>" in body) == (403, True)


def test_a_scope_with_a_region_is_refused(fogbank_server, keys):
    headers = signed(*keys)
    headers["authorization"] = headers["authorization"].replace("/s3/aws4_request", "/us-east-1/s3/aws4_request")
    status, _ = send(fogbank_server, headers)
    assert status == 400


def test_aws_own_signer_agrees(fogbank_server, keys):
    auth = pytest.importorskip("awscrt.auth")
    http = pytest.importorskip("awscrt.http")
    access_key, secret = keys
    config = auth.AwsSigningConfig(
        algorithm=auth.AwsSigningAlgorithm.V4_ASYMMETRIC,
        signature_type=auth.AwsSignatureType.HTTP_REQUEST_HEADERS,
        credentials_provider=auth.AwsCredentialsProvider.new_static(access_key, secret),
        region="*",
        service="s3",
        signed_body_header_type=auth.AwsSignedBodyHeaderType.X_AMZ_CONTENT_SHA_256,
        use_double_uri_encode=False,
    )
    unsigned = http.HttpRequest("GET", "/", http.HttpHeaders([("host", f"127.0.0.1:{fogbank_server.port}")]))
    done = auth.aws_sign_request(unsigned, config).result(10)
    status, body = send(fogbank_server, {name.lower(): value for name, value in done.headers})
    assert (status, "ListAllMyBucketsResult" in body) == (200, True)

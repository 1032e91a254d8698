"""aws-chunked bodies: the documented examples, any split of the stream, and every way to break the framing."""

from __future__ import annotations

import asyncio

import pytest

from fogbank.http import Payload, PayloadError, Request
from fogbank.identity import chunked, errors, sigv4

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
HOST = {"host": "s3.amazonaws.com", "x-amz-date": "20130524T000000Z"}


def chunk(signature: str, data: bytes) -> bytes:
    return b"%x;chunk-signature=%s\r\n%s\r\n" % (len(data), signature.encode(), data)


def documented(mode, seed, body, **extra):
    """The upload of 65 KiB of the letter a in https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html."""
    headers = {
        **HOST,
        "content-encoding": "aws-chunked",
        "x-amz-content-sha256": mode,
        "x-amz-decoded-content-length": "66560",
        "x-amz-storage-class": "REDUCED_REDUNDANCY",
        **extra,
    }
    authorization = (
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
        f"SignedHeaders={';'.join(sorted(headers))},Signature={seed}"
    )
    request = Request("PUT", "/examplebucket/chunkObject.txt", "", headers, Payload(body))
    proof = sigv4.from_header(request, authorization, errors.S3_HEADER, mode)
    assert proof.matches(SECRET)
    return headers, proof.signing(SECRET)


SIGNED_BODY = (
    chunk("ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648", b"a" * 65536)
    + chunk("0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497", b"a" * 1024)
    + chunk("b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9", b"")
)
SIGNED_SEED = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
TRAILER_BODY = (
    chunk("b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2", b"a" * 65536)
    + chunk("1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7", b"a" * 1024)
    + b"0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n"
    b"x-amz-checksum-crc32c:sOO8/Q==\r\n"
    b"x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n"
)
TRAILER_SEED = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"


def signed_upload():
    return documented(chunked.SIGNED, SIGNED_SEED, SIGNED_BODY, **{"content-length": "66824"})


def trailer_upload():
    return documented(chunked.SIGNED_TRAILER, TRAILER_SEED, TRAILER_BODY, **{"x-amz-trailer": "x-amz-checksum-crc32c"})


class Arriving(Payload):
    """A body that arrives in pieces."""

    def __init__(self, pieces):
        super().__init__(None)
        self.pieces = pieces

    async def __aiter__(self):
        for piece in self.pieces:
            yield piece


def pieces(body, size):
    return [body[at : at + size] for at in range(0, len(body), size)]


def test_the_documented_signed_upload_verifies():
    headers, signing = signed_upload()
    payload = chunked.decode(Payload(SIGNED_BODY), chunked.SIGNED, headers, signing)
    assert payload.data == b"a" * 66560


def test_the_documented_upload_with_a_signed_trailer_verifies():
    headers, signing = trailer_upload()
    payload = chunked.decode(Payload(TRAILER_BODY), chunked.SIGNED_TRAILER, headers, signing)
    assert payload.data == b"a" * 66560
    assert payload.trailers == {"x-amz-checksum-crc32c": "sOO8/Q=="}


@pytest.mark.parametrize("size", [1, 7, 64, 1000, 65536, 70000])
def test_a_stream_may_be_split_anywhere(size):
    headers, signing = trailer_upload()
    payload = chunked.decode(Arriving(pieces(TRAILER_BODY, size)), chunked.SIGNED_TRAILER, headers, signing)
    assert payload.data is None
    assert payload.length == 66560
    assert asyncio.run(payload.read()) == b"a" * 66560
    assert payload.trailers == {"x-amz-checksum-crc32c": "sOO8/Q=="}


def test_a_piece_inside_a_chunk_is_passed_on_without_a_copy():
    headers = {"x-amz-decoded-content-length": "300", "x-amz-trailer": "x-amz-checksum-crc32"}
    middle = b"m" * 200
    arriving = Arriving([b"12c\r\n" + b"a" * 50, middle, b"b" * 50 + b"\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"])
    payload = chunked.decode(arriving, chunked.UNSIGNED_TRAILER, headers, None)

    async def collect():
        return [piece async for piece in payload]

    assert any(piece is middle for piece in asyncio.run(collect()))


def unsigned(body, length, trailer="x-amz-checksum-crc32"):
    headers = {"x-amz-decoded-content-length": str(length)} | ({"x-amz-trailer": trailer} if trailer else {})
    return chunked.decode(Payload(body), chunked.UNSIGNED_TRAILER, headers, None)


def test_unsigned_chunks_with_a_trailer():
    payload = unsigned(b"5\r\nhello\r\n1;note=x\r\n!\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", 6)
    assert payload.data == b"hello!"
    assert payload.trailers == {"x-amz-checksum-crc32": "AAAAAA=="}


def test_an_empty_body():
    assert unsigned(b"0\r\n\r\n", 0, "").data == b""


def test_chunk_signatures_of_an_unproved_key_are_read_past():
    headers, _ = signed_upload()
    body = SIGNED_BODY.replace(b"ad80", b"0000")
    assert chunked.decode(Payload(body), chunked.SIGNED, headers, None).length == 66560


def failure(work, *args):
    with pytest.raises(PayloadError) as caught:
        work(*args)
    return caught.value


@pytest.mark.parametrize(
    ("body", "length"),
    [
        (b"", 5),
        (b"5\r\nhello\r\n", 5),
        (b"5\r\nhel", 5),
        (b"5\r\nhello0\r\n\r\n", 5),
        (b"3\r\nhello\r\n0\r\n\r\n", 5),
        (b"x\r\nhello\r\n0\r\n\r\n", 5),
        (b"-5\r\nhello\r\n0\r\n\r\n", 5),
        (b"0x5\r\nhello\r\n0\r\n\r\n", 5),
        (b"ffffffffffffffff\r\nhello\r\n0\r\n\r\n", 5),
        (b"\r\n0\r\n\r\n", 0),
        (b"5\r\nhello\r\n0\r\n", 5),
        (b"5\r\nhello\r\n0\r\n\r\nmore", 5),
        (b"5" * 20000, 5),
    ],
)
def test_broken_framing_is_an_incomplete_body(body, length):
    error = failure(unsigned, body, length, "")
    assert (error.code, error.status) == ("IncompleteBody", 400)


@pytest.mark.parametrize("length", [4, 6])
def test_the_announced_length_must_be_right(length):
    error = failure(unsigned, b"5\r\nhello\r\n0\r\n\r\n", length, "")
    assert error.code == "IncompleteBody"
    assert error.members == {"NumberBytesExpected": str(length), "NumberBytesProvided": "5"}


@pytest.mark.parametrize(
    "trailers", [b"", b"no colon\r\n", b"x-amz-checksum-sha1:AAAA\r\n", b"x-amz-checksum-crc32:A\r\nx-more:1\r\n"]
)
def test_trailers_must_be_the_declared_ones(trailers):
    error = failure(unsigned, b"5\r\nhello\r\n0\r\n" + trailers + b"\r\n", 5)
    assert error.code == "MalformedTrailerError"


def test_trailers_are_bounded():
    flood = b"".join(b"x-%d:1\r\n" % n for n in range(10000))
    assert failure(unsigned, b"0\r\n" + flood + b"\r\n", 0).code == "MalformedTrailerError"


@pytest.mark.parametrize("change", [(b"ad80", b"ad81"), (b"a" * 1024, b"b" + b"a" * 1023), (b"b6c6", b"b6c7")])
def test_a_broken_chain_is_refused(change):
    headers, signing = signed_upload()
    body = change[1].join(SIGNED_BODY.rsplit(change[0], 1))
    error = failure(chunked.decode, Payload(body), chunked.SIGNED, headers, signing)
    assert (error.code, error.status) == ("SignatureDoesNotMatch", 403)
    assert error.members["StringToSign"].startswith("AWS4-HMAC-SHA256-PAYLOAD\n20130524T000000Z\n")


@pytest.mark.parametrize("change", [(b"sOO8", b"sOO9"), (b"d81f", b"d81e")])
def test_a_changed_trailer_is_refused(change):
    headers, signing = trailer_upload()
    error = failure(chunked.decode, Payload(TRAILER_BODY.replace(*change)), chunked.SIGNED_TRAILER, headers, signing)
    assert error.code == "SignatureDoesNotMatch"


def test_signed_chunks_must_carry_signatures_and_signed_trailers_theirs():
    headers, signing = signed_upload()
    error = failure(chunked.decode, Payload(b"5\r\nhello\r\n0\r\n\r\n"), chunked.SIGNED, headers, signing)
    assert error.code == "IncompleteBody"
    headers, signing = trailer_upload()
    body = TRAILER_BODY.partition(b"x-amz-trailer-signature")[0] + b"\r\n"
    error = failure(chunked.decode, Payload(body), chunked.SIGNED_TRAILER, headers, signing)
    assert error.code == "MalformedTrailerError"


def test_only_the_last_signed_chunk_may_be_small():
    headers = {"x-amz-decoded-content-length": "5"}
    body = chunk("0" * 64, b"hel") + chunk("0" * 64, b"lo") + chunk("0" * 64, b"")
    error = failure(chunked.decode, Payload(body), chunked.SIGNED, headers, None)
    assert (error.code, error.status) == ("InvalidChunkSizeError", 403)
    assert error.members == {"Chunk": "2", "BadChunkSize": "3"}


def test_the_decoded_length_must_be_announced():
    error = failure(chunked.decode, Payload(b"0\r\n\r\n"), chunked.UNSIGNED_TRAILER, {}, None)
    assert (error.code, error.status) == ("MissingContentLength", 411)


def test_a_verified_upload_leaves_the_request_as_if_it_had_come_plain(sign, door):
    from botocore.auth import S3SigV4Auth

    request = sign(
        S3SigV4Auth,
        service="s3",
        method="PUT",
        url="http://localhost:4566/b/k",
        headers={
            "Content-Encoding": "aws-chunked,gzip",
            "X-Amz-Content-SHA256": chunked.UNSIGNED_TRAILER,
            "X-Amz-Decoded-Content-Length": "5",
            "X-Amz-Trailer": "x-amz-checksum-crc32",
        },
        data=b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n",
    )
    # The signer hashes the body whatever the header says, so sign again by hand what an SDK would send.
    request = resign(request)
    door.enter(request, "s3")
    assert request.payload.data == b"hello"
    assert request.payload.trailers == {"x-amz-checksum-crc32": "NhCmhg=="}
    assert request.headers["content-encoding"] == "gzip"


def resign(request):
    request.headers["x-amz-content-sha256"] = chunked.UNSIGNED_TRAILER
    proof = sigv4.from_header(request, request.headers["authorization"], errors.S3_HEADER, chunked.UNSIGNED_TRAILER)
    claim = proof.claim
    signature = sigv4.signing_key("test", claim.date, claim.region, claim.service).sign(proof.string_to_sign)
    head = request.headers["authorization"].rpartition("Signature=")[0]
    request.headers["authorization"] = f"{head}Signature={signature}"
    return request


def test_an_anonymous_upload_is_decoded_too(door):
    headers = {
        "host": "localhost",
        "x-amz-content-sha256": chunked.UNSIGNED_TRAILER,
        "x-amz-decoded-content-length": "5",
        "content-encoding": "aws-chunked",
    }
    request = Request("PUT", "/b/k", "", headers, Payload(b"5\r\nhello\r\n0\r\n\r\n"))
    assert door.enter(request, "s3").principal.kind == "anonymous"
    assert request.payload.data == b"hello"
    assert "content-encoding" not in request.headers


def test_a_hash_of_a_body_under_way_is_checked_when_it_was_read(sign, door):
    from botocore.auth import S3SigV4Auth

    request = sign(S3SigV4Auth, service="s3", method="PUT", data=b"hello")
    request.payload = Arriving([b"hel", b"p!"])
    door.enter(request, "s3")
    error = failure(asyncio.run, request.payload.read())
    assert error.code == "XAmzContentSHA256Mismatch"
    request.payload = Arriving([b"hel", b"lo"])
    door.enter(request, "s3")
    assert asyncio.run(request.payload.read()) == b"hello"

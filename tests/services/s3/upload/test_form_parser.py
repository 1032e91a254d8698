"""multipart/form-data, in pieces of any size."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogbank.kernel.errors import AWSError
from fogbank.services.s3.upload.forms import FormParser, boundary_of

BOUNDARY = b"----frontier"


def form(fields, file=b"", filename="f.txt", after=b""):
    out = b""
    for name, value in fields.items():
        out += b'--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (
            BOUNDARY,
            name.encode(),
            value.encode(),
        )
    out += b'--%s\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n' % (BOUNDARY, filename.encode())
    return out + b"Content-Type: text/plain\r\n\r\n" + file + b"\r\n--%s--\r\n" % BOUNDARY + after


def parse(body, sizes=(1 << 20,)):
    parser = FormParser(BOUNDARY)
    file, at, turn = b"", 0, 0
    while at < len(body):
        size = sizes[turn % len(sizes)]
        file += parser.feed(body[at : at + size])
        at, turn = at + size, turn + 1
    parser.end()
    return parser, file


FILES = st.lists(st.sampled_from([b"\r\n", b"--", BOUNDARY, b"\r\n--" + BOUNDARY[:-1], b"x", b"\r", b"\n"])).map(
    b"".join
)


@given(FILES.filter(lambda file: b"\r\n--" + BOUNDARY not in b"\r\n" + file), st.lists(st.integers(1, 40), min_size=1))
def test_file_and_fields_arrive_whole_however_the_body_is_cut(file, sizes):
    parser, got = parse(form({"Key": "a/b", "policy": ""}, file), sizes)
    assert got == file
    assert parser.fields == {"key": "a/b", "policy": ""}


def test_file_has_its_name_and_type():
    parser, _ = parse(form({"key": "k"}, b"x", filename='a "b".txt'.replace('"', "%22")))
    assert (parser.filename, parser.content_type) == ('a "b".txt', "text/plain")


def test_what_follows_the_form_is_ignored():
    assert parse(form({"key": "k"}, b"x", after=b"epilogue"))[1] == b"x"


def test_form_without_a_file_is_refused():
    body = b'--%s\r\nContent-Disposition: form-data; name="key"\r\n\r\nk\r\n--%s--\r\n' % (BOUNDARY, BOUNDARY)
    with pytest.raises(AWSError, match="IncorrectNumberOfFilesInPostRequest"):
        parse(body)


@pytest.mark.parametrize("cut", [5, 60, 120, -10])
def test_form_that_breaks_off_is_refused(cut):
    with pytest.raises(AWSError, match="MalformedPOSTRequest"):
        parse(form({"key": "k"}, b"contents")[:cut])


def test_fields_larger_than_20_kb_are_refused():
    with pytest.raises(AWSError, match="MaxPostPreDataLengthExceeded"):
        parse(form({"key": "k" * 40_000}), [4096])


def test_boundary_comes_from_the_content_type():
    assert boundary_of('multipart/form-data; boundary="a b"') == b"a b"
    assert boundary_of("multipart/form-data; boundary=xyz; charset=utf-8") == b"xyz"


def test_content_type_without_boundary_is_refused():
    with pytest.raises(AWSError, match="MalformedPOSTRequest"):
        boundary_of("multipart/form-data")

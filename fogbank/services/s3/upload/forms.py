"""multipart/form-data as browsers send it to a bucket: fields first, then one file, whose bytes are handed on as they arrive.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-post-example.html, RFC 7578.
"""

from __future__ import annotations

import re

from fogbank.services.s3 import errors, limits

_BOUNDARY = re.compile(r'boundary=(?:"([^"]+)"|([^\s;]+))', re.IGNORECASE)
_PARAMETER = re.compile(r';\s*(name|filename)="((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_HEADERS_LIMIT = 8192
CONTENT_TYPE = "multipart/form-data"
_NOT_A_FORM = "The body of your POST request is not well-formed multipart/form-data."


def boundary_of(content_type: str) -> bytes:
    """The boundary in a Content-Type header. Raises MalformedPOSTRequest when there is none."""
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise errors.malformed_post(_NOT_A_FORM)
    return (found[1] or found[2]).encode("latin-1")


class FormParser:
    """Takes the body in pieces of any size. `fields` (lower-case names) are complete when `in_file` is true.

    What follows the file is ignored, as S3 ignores it.
    """

    def __init__(self, boundary: bytes) -> None:
        self.fields: dict[str, str] = {}
        self.in_file = False
        self.filename = ""
        self.content_type = ""
        self.complete = False
        self._mark = b"\r\n--" + boundary
        self._buffer = b"\r\n"
        self._field: str | None = None
        self._in_headers = False
        self._before_file = 0

    def feed(self, data: bytes) -> bytes:
        """Take the next piece. Returns the bytes of the file that are certain by now."""
        if self.complete:
            return b""
        if not self.in_file:
            self._before_file += len(data)
        self._buffer += data
        while not self.in_file and not self.complete:
            if not self._step():
                self._check_size()
                return b""
        return self._file_bytes() if self.in_file else b""

    def end(self) -> None:
        """The body is over. Raises MalformedPOSTRequest when the form is not."""
        if not self.complete:
            raise errors.malformed_post(_NOT_A_FORM)
        if not self.in_file:
            raise errors.wrong_number_of_files(0)

    def _check_size(self) -> None:
        if self._before_file > limits.FORM_FIELDS_BYTES + _HEADERS_LIMIT:
            raise errors.form_fields_too_long(limits.FORM_FIELDS_BYTES)

    def _step(self) -> bool:
        """One part's headers, or one field's value; False when more bytes are needed."""
        return self._read_headers() if self._in_headers else self._read_value()

    def _read_value(self) -> bool:
        value, mark, rest = self._buffer.partition(self._mark)
        if not mark or len(rest) < 2:
            return False
        if self._field is not None:
            self.fields[self._field] = value.decode("utf-8", "replace")
        self._buffer = rest
        if rest.startswith(b"--"):
            self.complete = True
        self._in_headers = True
        return True

    def _read_headers(self) -> bool:
        head, blank, rest = self._buffer.partition(b"\r\n\r\n")
        if not blank:
            if len(self._buffer) > _HEADERS_LIMIT:
                raise errors.malformed_post(_NOT_A_FORM)
            return False
        self._buffer = rest
        self._in_headers = False
        self._open_part(head.decode("utf-8", "replace"))
        return True

    def _open_part(self, head: str) -> None:
        disposition, content_type = "", ""
        for line in head.split("\r\n"):
            name, _, value = line.partition(":")
            if name.strip().lower() == "content-disposition":
                disposition = value
            elif name.strip().lower() == "content-type":
                content_type = value.strip()
        parameters = {name.lower(): _unescaped(value) for name, value in _PARAMETER.findall(disposition)}
        if "name" not in parameters:
            raise errors.malformed_post(_NOT_A_FORM)
        self._field = parameters["name"].lower()
        if self._field == "file":
            self.in_file = True
            self.filename = parameters.get("filename", "")
            self.content_type = content_type

    def _file_bytes(self) -> bytes:
        """What is in the buffer up to the mark; without one, what cannot be the beginning of one."""
        at = self._buffer.find(self._mark)
        if at >= 0:
            data, self._buffer = self._buffer[:at], b""
            self.complete = True
            return data
        keep = len(self._mark) - 1
        if len(self._buffer) <= keep:
            return b""
        data, self._buffer = self._buffer[:-keep], self._buffer[-keep:]
        return data


def _unescaped(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value).replace("%22", '"')

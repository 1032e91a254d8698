"""What a request says of its input and output, checked. https://docs.aws.amazon.com/AmazonS3/latest/API/API_SelectObjectContent.html"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fogbank.services.s3.select import errors

Request = dict[str, Any]

_HEADERS = ("NONE", "USE", "IGNORE")


@dataclass(frozen=True)
class CSVInput:
    header: str = "NONE"
    delimiter: str = ","
    record_delimiter: str = "\n"
    quote: str = '"'
    escape: str = '"'
    comment: str = "#"
    quoted_delimiters: bool = False


@dataclass(frozen=True)
class CSVOutput:
    delimiter: str = ","
    record_delimiter: str = "\n"
    quote: str = '"'
    escape: str = '"'
    always_quoted: bool = False


@dataclass(frozen=True)
class JSONOutput:
    record_delimiter: str = "\n"


@dataclass(frozen=True)
class Form:
    """`csv` is set for CSV, `json` (DOCUMENT or LINES) for JSON, neither for Parquet. `span` are the first and last byte."""

    expression: str
    compression: str
    csv: CSVInput | None
    json: str
    output: CSVOutput | JSONOutput
    progress: bool
    span: tuple[int, int] | None

    @property
    def is_parquet(self) -> bool:
        return self.csv is None and not self.json


def read(request: Request, size: int) -> Form:
    """The form of a request about an object of `size` bytes. Raises the codes of S3 Select for what does not fit together."""
    if request.get("ExpressionType") != "SQL":
        raise errors.refusal("InvalidExpressionType")
    given, wanted = request["InputSerialization"] or {}, request["OutputSerialization"] or {}
    compression = given.get("CompressionType") or "NONE"
    if compression not in ("NONE", "GZIP", "BZIP2"):
        raise errors.refusal("InvalidCompressionFormat")
    formats = [name for name in ("CSV", "JSON", "Parquet") if given.get(name) is not None]
    if len(formats) != 1:
        raise errors.refusal("ObjectSerializationConflict" if formats else "InvalidDataSource")
    form = Form(
        request["Expression"],
        compression,
        _csv_input(given["CSV"]) if formats == ["CSV"] else None,
        _json_type(given["JSON"]) if formats == ["JSON"] else "",
        _output(wanted),
        bool((request.get("RequestProgress") or {}).get("Enabled")),
        _span(request.get("ScanRange"), size),
    )
    _check(form)
    return form


def _csv_input(given: Request) -> CSVInput:
    header = given.get("FileHeaderInfo") or "NONE"
    if header not in _HEADERS:
        raise errors.refusal("InvalidFileHeaderInfo")
    quote = _character(given, "QuoteCharacter", '"', empty=True)
    return CSVInput(
        header,
        _character(given, "FieldDelimiter", ","),
        _delimiter(given),
        quote,
        _character(given, "QuoteEscapeCharacter", quote or '"'),
        _character(given, "Comments", "#", empty=True),
        bool(given.get("AllowQuotedRecordDelimiter")),
    )


def _json_type(given: Request) -> str:
    kind = given.get("Type")
    if kind is None:
        raise errors.refusal("MissingRequiredParameter", "Parameter: Type")
    if kind not in ("DOCUMENT", "LINES"):
        raise errors.refusal("InvalidJsonType")
    return str(kind)


def _output(wanted: Request) -> CSVOutput | JSONOutput:
    csv, json = wanted.get("CSV"), wanted.get("JSON")
    if csv is not None and json is not None:
        raise errors.refusal("ObjectSerializationConflict")
    if csv is None and json is None:
        raise errors.refusal("MissingRequiredParameter", "Parameter: OutputSerialization")
    if csv is None:
        return JSONOutput(_delimiter(json or {}))
    quoted = csv.get("QuoteFields") or "ASNEEDED"
    if quoted not in ("ALWAYS", "ASNEEDED"):
        raise errors.refusal("InvalidQuoteFields")
    quote = _character(csv, "QuoteCharacter", '"')
    return CSVOutput(
        _character(csv, "FieldDelimiter", ","),
        _delimiter(csv),
        quote,
        _character(csv, "QuoteEscapeCharacter", quote),
        quoted == "ALWAYS",
    )


def _character(given: Request, name: str, default: str, empty: bool = False) -> str:
    """A parameter of one character; some may be empty, which turns them off."""
    value = given.get(name)
    if value is None or (not value and not empty):
        return default
    if len(value) > 1:
        raise errors.refusal("InvalidRequestParameter", f"Parameter: {name}")
    return str(value)


def _delimiter(given: Request) -> str:
    value = given.get("RecordDelimiter") or "\n"
    if len(value) > 2:
        raise errors.refusal("InvalidRequestParameter", "Parameter: RecordDelimiter")
    return str(value)


def _span(given: Request | None, size: int) -> tuple[int, int] | None:
    """Only an end means so many bytes from the end of the object."""
    if not given or (given.get("Start") is None and given.get("End") is None):
        return None
    start, end = given.get("Start"), given.get("End")
    if start is None:
        return max(size - int(end or 0), 0), size - 1
    end = size - 1 if end is None else end
    if start < 0 or end < start or start >= max(size, 1):
        raise errors.refusal("InvalidScanRange")
    return start, end


def _check(form: Form) -> None:
    if form.is_parquet and form.compression != "NONE":
        raise errors.refusal("InvalidCompressionFormat", "Parquet compresses its columns itself.")
    is_scannable = (
        form.compression == "NONE" and form.json != "DOCUMENT" and not (form.csv and form.csv.quoted_delimiters)
    )
    if form.span is not None and not is_scannable:
        raise errors.refusal("UnsupportedScanRangeInput")

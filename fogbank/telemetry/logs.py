"""The server's log: text for people or JSON for machines, each line with the id of the request that it is about.

Nothing writes headers or bodies into the log. What an exception may quote of them is blotted out here all the same.
"""

from __future__ import annotations

import logging
import re
import time
from typing import TYPE_CHECKING, Any

import orjson

from fogbank.telemetry import trace

if TYPE_CHECKING:
    from fogbank.config import Settings

# Members, headers and parameters of AWS's APIs that carry secrets, with the value that follows: quoted, or up to a blank.
_SECRET = re.compile(
    r"""(?ix)
    ( (?<![\w-]) [\w-]{0,40}
      (?: (?: secret | passw(?:or)?d | authorization | private-?key | (?:security|session|access|auth) -? token ) [\w-]{0,40} | signature )
      ["']? \s* [:=] \s* )
    (?: b? " (?: \\. | [^"\\] )* " | b? ' (?: \\. | [^'\\] )* '
      | (?: AWS4-HMAC-SHA256 | AWS | Bearer | Basic ) \s .* | [^\s&,;)}\]]+ )
    """
)


def configure(settings: Settings) -> None:
    """Send the log to standard error as the settings say."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if settings.log_format == "json" else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    # who asks for every request gets them, whatever else is logged
    logging.getLogger("fogbank.requests").setLevel(logging.INFO if settings.log_requests else logging.NOTSET)


def redact(text: str) -> str:
    """The text without the values of what is named like a secret."""
    return _SECRET.sub(r"\1***", text)


def _request_id(record: logging.LogRecord) -> str:
    return getattr(record, "request_id", "") or trace.request_id()


class TextFormatter(logging.Formatter):
    """`2026-01-31T12:00:00.123Z WARNING fogbank.tasks: what happened [request 0f...]`; a traceback follows in lines of its own."""

    def format(self, record: logging.LogRecord) -> str:
        request_id = _request_id(record)
        text = f"{_moment(record)} {record.levelname} {record.name}: {record.getMessage()}"
        if request_id:
            text += f" [request {request_id}]"
        if record.exc_info:
            text += "\n" + self.formatException(record.exc_info)
        return redact(text)


class JsonFormatter(logging.Formatter):
    """One JSON object per line: time, level, logger, message; request_id and exception where there are; what the line is about."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": _moment(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        if request_id := _request_id(record):
            line["request_id"] = request_id
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["exception"] = redact(self.formatException(record.exc_info))
        return orjson.dumps(line, default=str).decode()


def _moment(record: logging.LogRecord) -> str:
    """The real time in UTC, as RFC 3339 has it."""
    seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
    return f"{seconds}.{int(record.msecs):03}Z"

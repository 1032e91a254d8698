"""The columns of metadata tables, in AWS's order.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/metadata-tables-schema.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/metadata-tables-inventory-schema.html
"""

from __future__ import annotations

from typing import Any

Document = dict[str, Any]

_MAP = "map"
_OBJECT = (
    *(("version_id", "string"), ("is_delete_marker", "boolean"), ("size", "long"), ("last_modified_date", "timestamp")),
    *(("e_tag", "string"), ("storage_class", "string"), ("is_multipart", "boolean"), ("encryption_status", "string")),
    *(("is_bucket_key_enabled", "boolean"), ("kms_key_arn", "string"), ("checksum_algorithm", "string")),
    *(("object_tags", _MAP), ("user_metadata", _MAP)),
)
_NAMES = (("bucket", "string"), ("key", "string"), ("sequence_number", "string"))
_REQUIRED = frozenset({"bucket", "key", "sequence_number", "record_type", "record_timestamp"})

JOURNAL = (
    *_NAMES,
    *(("record_type", "string"), ("record_timestamp", "timestamp")),
    *_OBJECT,
    *(("requester", "string"), ("source_ip_address", "string"), ("request_id", "string")),
)
INVENTORY = (*_NAMES, *_OBJECT)


def schema(columns: tuple[tuple[str, str], ...]) -> Document:
    """As CreateTable of S3 Tables wants it; the ids of maps' keys and values follow those of the columns."""
    fields: list[Document] = []
    inner = len(columns)
    for number, (name, kind) in enumerate(columns, 1):
        of_kind: Any = kind
        if kind == _MAP:
            of_kind = {
                "type": "map",
                "key-id": inner + 1,
                "key": "string",
                "value-id": inner + 2,
                "value": "string",
                "value-required": False,
            }
            inner += 2
        fields.append({"id": number, "name": name, "type": of_kind, "required": name in _REQUIRED})
    return {"type": "struct", "fields": fields}

"""The registry `aws.events`: schemas of events that AWS's services emit. Nobody can change it; every account has it.

`aws_events.json` has an example of the detail of each, as the services' documentation describes it.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources

import orjson

from fogbank.services.schemas import documents, inference
from fogbank.services.schemas.records import Registry, Schema, Version

NAME = "aws.events"
REGISTRY = Registry(NAME, "EventBridge schemas of AWS services")
_MADE = 1_575_244_800.0  # when AWS introduced the registry: 2 December 2019


@cache
def _found() -> dict[str, tuple[Schema, Version]]:
    text = resources.files(__package__).joinpath("aws_events.json").read_text()
    return dict(_schema(*row) for row in json.loads(text))


def _schema(source: str, detail_type: str, detail: object) -> tuple[str, tuple[Schema, Version]]:
    time = "2030-01-01T00:00:00Z"
    event: documents.Document = {
        "version": "0",
        "id": "",
        "detail-type": detail_type,
        "source": source,
        "account": "",
        "time": time,
    }
    event |= {"region": "", "resources": [""], "detail": detail}
    content = orjson.dumps(documents.openapi(inference.infer(event), event)).decode()
    name = f"{source}@{documents.type_name(detail_type)}"
    description = f"Schema for event type {detail_type}, published by AWS service {source}"
    schema = Schema(NAME, name, documents.OPENAPI, _MADE, 1, description)
    return name, (schema, Version(1, content, _MADE))


def schemas() -> list[Schema]:
    return [schema for _, (schema, _) in sorted(_found().items())]


def schema(name: str) -> Schema | None:
    found = _found().get(name)
    return None if found is None else found[0]


def version(name: str) -> Version:
    return _found()[name][1]

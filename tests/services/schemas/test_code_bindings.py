"""Code bindings: what is generated, and that it works."""

import io
import json
import sys
import zipfile

import pytest

ORDER = {"RegistryName": "shop", "SchemaName": "com.shop@Order"}
CONTENT = json.dumps(
    {
        "openapi": "3.0.0",
        "info": {"version": "1.0.0", "title": "Order"},
        "paths": {},
        "components": {
            "schemas": {
                "AWSEvent": {
                    "type": "object",
                    "properties": {
                        "detail": {"$ref": "#/components/schemas/Order"},
                        "detail-type": {"type": "string"},
                        "time": {"type": "string", "format": "date-time"},
                    },
                },
                "Order": {
                    "type": "object",
                    "properties": {
                        "total": {"type": "number"},
                        "class": {"type": "string"},
                        "lineItems": {"type": "array", "items": {"$ref": "#/components/schemas/Item"}},
                    },
                },
                "Item": {"type": "object", "properties": {"sku": {"type": "string"}}},
            }
        },
    }
)


@pytest.fixture
def files(schemas, schema, clock):
    """Generates code in a language, and gives the files by path."""
    schema("com.shop@Order", CONTENT)

    def files(language):
        assert schemas.put_code_binding(**ORDER, Language=language)["Status"] == "CREATE_IN_PROGRESS"
        clock.advance(seconds=2)
        assert schemas.describe_code_binding(**ORDER, Language=language)["Status"] == "CREATE_COMPLETE"
        body = schemas.get_code_binding_source(**ORDER, Language=language)["Body"].read()
        packed = zipfile.ZipFile(io.BytesIO(body))
        return {name: packed.read(name).decode() for name in packed.namelist()}

    return files


def test_python_reads_and_writes_events(files, tmp_path, monkeypatch):
    for path, text in files("Python36").items():
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    try:
        from schema.com.shop.order.AWSEvent import AWSEvent
        from schema.com.shop.order.marshaller import Marshaller

        document = {
            "detail-type": "Order",
            "detail": {"total": 5, "class": "gold", "lineItems": [{"sku": "a"}, {"sku": "b"}]},
        }
        event = Marshaller.unmarshall(document, AWSEvent)
        assert event.detail_type == "Order"
        assert event.detail.class_ == "gold"
        assert [item.sku for item in event.detail.line_items] == ["a", "b"]
        assert Marshaller.marshall(event) == document
    finally:
        for name in [name for name in sys.modules if name.split(".")[0] == "schema"]:
            del sys.modules[name]


def test_typescript(files):
    found = files("TypeScript3")
    assert "lineItems?: Array<Item>;" in found["schema/com/shop/order/Order.ts"]
    assert "'detail-type'?: string;" in found["schema/com/shop/order/AWSEvent.ts"]
    assert "import { Order } from './Order';" in found["schema/com/shop/order/AWSEvent.ts"]


def test_java(files):
    found = files("Java8")
    order = found["schema/com/shop/order/Order.java"]
    assert order.startswith("package schema.com.shop.order;")
    assert "public List<Item> getLineItems()" in order
    assert '@JsonProperty("detail-type")' in found["schema/com/shop/order/AWSEvent.java"]
    assert "schema/com/shop/order/marshaller/Marshaller.java" in found


def test_go(files):
    found = files("Go1")
    assert '\tLineItems []Item `json:"lineItems,omitempty"`' in found["schema/com/shop/order/Order.go"]
    assert 'import "time"' in found["schema/com/shop/order/AWSEvent.go"]
    assert "func Unmarshal(data []byte) (AWSEvent, error)" in found["schema/com/shop/order/marshaller.go"]


def test_refused(schemas, schema, refused):
    schema("com.shop@Order", CONTENT)
    with refused("NotFoundException", "There is no code binding for Go1"):
        schemas.describe_code_binding(**ORDER, Language="Go1")
    with refused("BadRequestException", "Language Cobol is not one of"):
        schemas.put_code_binding(**ORDER, Language="Cobol")
    with refused("NotFoundException", "Version 7"):
        schemas.put_code_binding(**ORDER, Language="Go1", SchemaVersion="7")
    schemas.put_code_binding(**ORDER, Language="Go1")
    with refused("NotFoundException"):
        schemas.get_code_binding_source(**ORDER, Language="Go1")

"""Makes fogbank/kernel/resource_schemas.json.xz: the schemas of the resource types that Fogbank has, without what is only to be read.

AWS publishes them (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resource-type-schemas.html); the package cfn-lint (MIT-0)
has those of all Regions as files. To take over what is new, or the types of a new service:

    pip download --no-deps cfn-lint && unzip -d cfn-lint cfn_lint-*.whl
    python tools/resource_schemas.py cfn-lint/cfnlint/data/schemas
"""

from __future__ import annotations

import importlib
import json
import lzma
import pkgutil
import sys
from pathlib import Path
from typing import Any

import fogbank.services

TARGET = Path(__file__).parent.parent / "fogbank/kernel/resource_schemas.json.xz"

# a dictionary as large as the data and no larger: whoever unpacks it needs that much memory
FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "dict_size": 1 << 20}]

# of a type as a whole
WHOLE = (
    "additionalProperties",
    "createOnlyProperties",
    "primaryIdentifier",
    "readOnlyProperties",
    "required",
    "tagging",
    "writeOnlyProperties",
)
# of a property
RULES = (
    "$ref",
    "additionalProperties",
    "enum",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "pattern",
    "required",
    "type",
)


def main(source: Path) -> None:
    files = json.loads((source / "providers/us-east-1.json").read_text())
    found = {}
    for name in sorted(_types()):
        if name in files:
            schema = json.loads((source / f"resources/{files[name]}.json").read_text())
            found[name] = _condensed(schema)
    packed = json.dumps(found, separators=(",", ":"), sort_keys=True).encode()
    TARGET.write_bytes(lzma.compress(packed, filters=FILTERS))
    print(f"{len(found)} types, {len(packed)} bytes, {TARGET.stat().st_size} packed")


def _types() -> set[str]:
    found: set[str] = set()
    for module in pkgutil.iter_modules(fogbank.services.__path__):
        service = getattr(importlib.import_module(f"fogbank.services.{module.name}"), "service", None)
        found |= set(service.resource_types) if service is not None else set()
    # whose properties are whatever is wanted
    return found - {"AWS::CDK::Metadata", "AWS::CloudFormation::CustomResource"}


def _condensed(schema: dict[str, Any]) -> dict[str, Any]:
    found = {name: schema[name] for name in WHOLE if name in schema}
    for section in ("properties", "definitions"):
        found[section] = {name: _rules(each) for name, each in schema.get(section, {}).items()}
    return found


def _rules(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    found = {
        name: _rules(node[name]) if name == "additionalProperties" else node[name] for name in RULES if name in node
    }
    if "items" in node:
        found["items"] = _rules(node["items"])
    for section in ("properties", "patternProperties"):
        if section in node:
            found[section] = {name: _rules(each) for name, each in node[section].items()}
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]))

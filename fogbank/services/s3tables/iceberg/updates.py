"""Commits: what has to hold of a table's metadata, and the changes to make to it.

https://github.com/apache/iceberg/blob/main/open-api/rest-catalog-open-api.yaml (TableRequirement, TableUpdate)
"""

from __future__ import annotations

from collections.abc import Callable

from fogbank.services.s3tables.errors import bad_metadata
from fogbank.services.s3tables.iceberg.metadata import (
    Document,
    column_ids,
    last_partition_id,
    with_partition_ids,
)

_LATEST = -1  # "the one that was added last", in updates that set a default
_PREVIOUS_METADATA = 100  # write.metadata.previous-versions-max
_MAIN = "main"


# -- requirements


def unmet(metadata: Document, requirements: list[Document]) -> str:
    """What does not hold; empty if everything does."""
    for requirement in requirements:
        kind = requirement.get("type", "")
        if kind == "assert-create":
            return "the table exists already"
        if kind == "assert-ref-snapshot-id":
            ref = metadata["refs"].get(requirement["ref"])
            found, wanted = (ref or {}).get("snapshot-id"), requirement.get("snapshot-id")
        elif kind in _ASSERTIONS:
            member, given = _ASSERTIONS[kind]
            found, wanted = metadata.get(member), requirement.get(given)
        else:
            raise bad_metadata(f"requirement {kind}")
        if found != wanted:
            return f"{kind}: expected {wanted}, found {found}"
    return ""


_ASSERTIONS = {
    "assert-table-uuid": ("table-uuid", "uuid"),
    "assert-last-assigned-field-id": ("last-column-id", "last-assigned-field-id"),
    "assert-current-schema-id": ("current-schema-id", "current-schema-id"),
    "assert-last-assigned-partition-id": ("last-partition-id", "last-assigned-partition-id"),
    "assert-default-spec-id": ("default-spec-id", "default-spec-id"),
    "assert-default-sort-order-id": ("default-sort-order-id", "default-sort-order-id"),
}


# -- updates


def updated(metadata: Document, updates: list[Document], location: str, milliseconds: int) -> Document:
    """The metadata after the updates; `location` is where it was read from. Raises BadRequestException."""
    draft = _Draft(metadata, milliseconds)
    for update in updates:
        apply = _UPDATES.get(update.get("action", ""))
        if apply is None:
            raise bad_metadata(f"update {update.get('action')}")
        try:
            apply(draft, update)
        except (KeyError, TypeError, AttributeError) as error:
            raise bad_metadata(f"update {update['action']}: {error}") from None
    log = [
        *(metadata.get("metadata-log") or []),
        {"metadata-file": location, "timestamp-ms": metadata["last-updated-ms"]},
    ]
    return {**draft.document, "last-updated-ms": milliseconds, "metadata-log": log[-_PREVIOUS_METADATA:]}


class _Draft:
    """Metadata that is being changed, and the ids that were added last."""

    def __init__(self, metadata: Document, milliseconds: int) -> None:
        empty: Document = {
            "refs": {},
            "snapshots": [],
            "statistics": [],
            "partition-statistics": [],
            "snapshot-log": [],
        }
        self.document: Document = {**empty, "properties": {}, **{k: v for k, v in metadata.items() if v is not None}}
        self.milliseconds = milliseconds
        self.added: dict[str, int] = {}

    def add(self, member: str, id_member: str, item: Document) -> None:
        """Add an item with an id of its own, unless there is the same already."""
        alike = {**item, id_member: None}
        for each in self.document[member]:
            if {**each, id_member: None} == alike:
                self.added[member] = each[id_member]
                return
        number = max((each[id_member] for each in self.document[member]), default=-1) + 1
        self.document[member] = [*self.document[member], {**item, id_member: number}]
        self.added[member] = number

    def choose(self, member: str, id_member: str, number: int) -> int:
        chosen = self.added.get(member, _LATEST) if number == _LATEST else number
        if all(each[id_member] != chosen for each in self.document[member]):
            raise bad_metadata(f"there is no {id_member} {number}")
        return chosen

    def all_columns(self) -> set[int]:
        return {number for schema in self.document["schemas"] for number in column_ids(schema)}

    def remove(self, member: str, id_member: str, gone: set[int]) -> None:
        self.document[member] = [each for each in self.document[member] if each[id_member] not in gone]


def _assign_uuid(draft: _Draft, update: Document) -> None:
    if draft.document["table-uuid"] != update["uuid"]:
        raise bad_metadata("the UUID of a table cannot be changed")


def _upgrade(draft: _Draft, update: Document) -> None:
    if not draft.document["format-version"] <= update["format-version"] <= 3:
        raise bad_metadata(f"format version {update['format-version']}")
    draft.document["format-version"] = update["format-version"]


def _add_schema(draft: _Draft, update: Document) -> None:
    draft.add("schemas", "schema-id", update["schema"])
    draft.document["last-column-id"] = max(
        draft.document["last-column-id"], update.get("last-column-id") or 0, *column_ids(update["schema"]), 0
    )


def _set_current_schema(draft: _Draft, update: Document) -> None:
    draft.document["current-schema-id"] = draft.choose("schemas", "schema-id", update["schema-id"])


def _add_spec(draft: _Draft, update: Document) -> None:
    last = draft.document.get("last-partition-id") or last_partition_id(draft.document["partition-specs"])
    fields = with_partition_ids(update["spec"].get("fields") or [], draft.all_columns(), last)
    draft.add("partition-specs", "spec-id", {"spec-id": 0, "fields": fields})
    draft.document["last-partition-id"] = max(last, last_partition_id(draft.document["partition-specs"]))


def _set_default_spec(draft: _Draft, update: Document) -> None:
    draft.document["default-spec-id"] = draft.choose("partition-specs", "spec-id", update["spec-id"])


def _add_sort_order(draft: _Draft, update: Document) -> None:
    draft.add("sort-orders", "order-id", update["sort-order"])


def _set_default_sort_order(draft: _Draft, update: Document) -> None:
    number = draft.choose("sort-orders", "order-id", update["sort-order-id"])
    draft.document["default-sort-order-id"] = number


def _add_snapshot(draft: _Draft, update: Document) -> None:
    snapshot, document = update["snapshot"], draft.document
    if any(each["snapshot-id"] == snapshot["snapshot-id"] for each in document["snapshots"]):
        raise bad_metadata(f"snapshot {snapshot['snapshot-id']} exists already")
    sequence = snapshot.get("sequence-number") or 0
    if (
        document["format-version"] > 1
        and sequence <= document["last-sequence-number"]
        and snapshot.get("parent-snapshot-id")
    ):
        raise bad_metadata(f"sequence number {sequence} is not after {document['last-sequence-number']}")
    document["last-sequence-number"] = max(document.get("last-sequence-number") or 0, sequence)
    document["snapshots"] = [*document["snapshots"], snapshot]
    if document["format-version"] > 2 and snapshot.get("added-rows") is not None:
        document["next-row-id"] = (document.get("next-row-id") or 0) + snapshot["added-rows"]


def _set_snapshot_ref(draft: _Draft, update: Document) -> None:
    name, document = update["ref-name"], draft.document
    ref = {key: value for key, value in update.items() if key not in ("action", "ref-name") and value is not None}
    snapshot = next((each for each in document["snapshots"] if each["snapshot-id"] == ref["snapshot-id"]), None)
    if snapshot is None:
        raise bad_metadata(f"there is no snapshot {ref['snapshot-id']}")
    document["refs"] = {**document["refs"], name: ref}
    if name == _MAIN and document.get("current-snapshot-id") != ref["snapshot-id"]:
        document["current-snapshot-id"] = ref["snapshot-id"]
        entry = {
            "snapshot-id": ref["snapshot-id"],
            "timestamp-ms": max(snapshot["timestamp-ms"], _last_entry(document)),
        }
        document["snapshot-log"] = [*document["snapshot-log"], entry]


def _last_entry(document: Document) -> int:
    return max((entry["timestamp-ms"] for entry in document["snapshot-log"]), default=0)


def _remove_snapshots(draft: _Draft, update: Document) -> None:
    gone, document = set(update["snapshot-ids"]), draft.document
    draft.remove("snapshots", "snapshot-id", gone)
    draft.remove("snapshot-log", "snapshot-id", gone)
    draft.remove("statistics", "snapshot-id", gone)
    draft.remove("partition-statistics", "snapshot-id", gone)
    for name in [name for name, ref in document["refs"].items() if ref["snapshot-id"] in gone]:
        _remove_ref(draft, {"ref-name": name})


def _remove_ref(draft: _Draft, update: Document) -> None:
    draft.document["refs"] = {name: ref for name, ref in draft.document["refs"].items() if name != update["ref-name"]}
    if update["ref-name"] == _MAIN:
        draft.document["current-snapshot-id"] = None


def _set_location(draft: _Draft, update: Document) -> None:
    if update["location"].rstrip("/") != draft.document["location"].rstrip("/"):
        raise bad_metadata("the location of a table cannot be changed")


def _set_properties(draft: _Draft, update: Document) -> None:
    draft.document["properties"] = {**draft.document["properties"], **update["updates"]}


def _remove_properties(draft: _Draft, update: Document) -> None:
    gone = set(update["removals"])
    kept = {name: value for name, value in draft.document["properties"].items() if name not in gone}
    draft.document["properties"] = kept


def _set_statistics(member: str, given: str) -> Callable[[_Draft, Document], None]:
    def apply(draft: _Draft, update: Document) -> None:
        found = update[given]
        draft.remove(member, "snapshot-id", {found["snapshot-id"]})
        draft.document[member] = [*draft.document[member], found]

    return apply


def _remove_statistics(member: str) -> Callable[[_Draft, Document], None]:
    return lambda draft, update: draft.remove(member, "snapshot-id", {update["snapshot-id"]})


def _remove_unused(member: str, id_member: str, given: str, default: str) -> Callable[[_Draft, Document], None]:
    def apply(draft: _Draft, update: Document) -> None:
        gone = set(update[given])
        if draft.document[default] in gone:
            raise bad_metadata(f"{id_member} {draft.document[default]} is in use")
        draft.remove(member, id_member, gone)

    return apply


_UPDATES: dict[str, Callable[[_Draft, Document], None]] = {
    "assign-uuid": _assign_uuid,
    "upgrade-format-version": _upgrade,
    "add-schema": _add_schema,
    "set-current-schema": _set_current_schema,
    "add-spec": _add_spec,
    "set-default-spec": _set_default_spec,
    "add-sort-order": _add_sort_order,
    "set-default-sort-order": _set_default_sort_order,
    "add-snapshot": _add_snapshot,
    "set-snapshot-ref": _set_snapshot_ref,
    "remove-snapshots": _remove_snapshots,
    "remove-snapshot-ref": _remove_ref,
    "set-location": _set_location,
    "set-properties": _set_properties,
    "remove-properties": _remove_properties,
    "set-statistics": _set_statistics("statistics", "statistics"),
    "remove-statistics": _remove_statistics("statistics"),
    "set-partition-statistics": _set_statistics("partition-statistics", "partition-statistics"),
    "remove-partition-statistics": _remove_statistics("partition-statistics"),
    "remove-partition-specs": _remove_unused("partition-specs", "spec-id", "spec-ids", "default-spec-id"),
    "remove-schemas": _remove_unused("schemas", "schema-id", "schema-ids", "current-schema-id"),
}

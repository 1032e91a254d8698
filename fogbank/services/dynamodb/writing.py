"""One write of one item (put, update, delete, or a mere condition), whatever request it is part of.

A write is made from its request, which checks all that can be checked without the table. It is bound to the table, which gives its key,
and then worked out against the item that is there. Nothing here reads or writes the store.
"""

from __future__ import annotations

from typing import Any

from fogbank.services.dynamodb import errors, limits
from fogbank.services.dynamodb.expressions import Condition, Update
from fogbank.services.dynamodb.parameters import Bindings, Request
from fogbank.services.dynamodb.rows import Image
from fogbank.services.dynamodb.schema import Key, Layout
from fogbank.services.dynamodb.values import Item, attribute_size, item_size, take_in, take_in_item

_NOTHING: Item = {}

# the members of a PutItem without a condition
_UNCONDITIONAL = frozenset(
    {"TableName", "Item", "ReturnValues", "ReturnConsumedCapacity", "ReturnItemCollectionMetrics"}
)


class Write:
    """What is to happen to one item, if its condition holds."""

    __slots__ = ("condition", "key", "request", "values")

    def __init__(self, request: Request, bindings: Bindings) -> None:
        self.request = request
        self.values = bindings.values
        self.condition: Condition | None = bindings.expected()
        self.key: Item = request.get("Key", _NOTHING)
        bindings.finish()

    @property
    def needs_old(self) -> bool:
        """Does the outcome depend on what is there?"""
        return True

    def bind(self, layout: Layout) -> Key:
        """The key of the item. Raises ValidationException for what the table cannot take."""
        layout.check_paths(self.condition)
        return layout.key_in_request(self.key)

    def work_out(self, old: Image | None, layout: Layout) -> Image | None:
        """The item afterwards. Raises ConditionalCheckFailedException, or ValidationException."""
        if self.condition is not None and not self.condition.test(old.item if old else _NOTHING, self.values):
            shown = self.request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and old is not None
            raise errors.condition_failed(old.fragment if shown and old is not None else None)
        return self.result(old, layout)

    def result(self, old: Image | None, layout: Layout) -> Image | None:
        """The item afterwards, when the condition holds: the same, for a mere condition."""
        return old


class Put(Write):
    __slots__ = ("item", "size")

    def __init__(self, request: Request) -> None:
        if request.keys() <= _UNCONDITIONAL:
            self.request, self.values, self.condition, self.key = request, {}, None, _NOTHING
        else:
            super().__init__(request, Bindings(request, ("ConditionExpression",), ("Expected", "ConditionalOperator")))
        self.item: Item = request["Item"]
        self.size = take_in_item(self.item)
        if self.size > limits.ITEM_SIZE:
            raise errors.item_too_large()

    @property
    def needs_old(self) -> bool:
        return self.condition is not None

    def bind(self, layout: Layout) -> Key:
        layout.check_paths(self.condition)
        key = layout.key_in_item(self.item)
        if layout.indexes:
            layout.check_index_keys(self.item)
        return key

    def result(self, old: Image | None, layout: Layout) -> Image:
        return Image.of(self.item, self.size)


class Delete(Write):
    __slots__ = ()

    def __init__(self, request: Request) -> None:
        super().__init__(request, Bindings(request, ("ConditionExpression",), ("Expected", "ConditionalOperator")))
        take_in_key(self.key)

    @property
    def needs_old(self) -> bool:
        return self.condition is not None

    def result(self, old: Image | None, layout: Layout) -> None:
        return None


class Check(Write):
    """A ConditionCheck of a transaction."""

    __slots__ = ()

    def __init__(self, request: Request) -> None:
        super().__init__(request, Bindings(request, ("ConditionExpression",)))
        take_in_key(self.key)


class Change(Write):
    """An update; of an item that is not there it makes one."""

    __slots__ = ("update",)

    def __init__(self, request: Request) -> None:
        bindings = Bindings(
            request,
            ("UpdateExpression", "ConditionExpression"),
            ("AttributeUpdates", "Expected", "ConditionalOperator"),
        )
        self.update: Update | None = bindings.update()
        super().__init__(request, bindings)
        take_in_key(self.key)

    def bind(self, layout: Layout) -> Key:
        if self.update is not None:
            for path in self.update.targets:
                layout.check_target(path)
            layout.check_paths(self.update)
        return super().bind(layout)

    def result(self, old: Image | None, layout: Layout) -> Image:
        if old is not None and self.update is None:
            return old
        # a new item has its key before anything else, so that an update may read it
        before = old.item if old is not None else self.key
        item = before if self.update is None else self.update.apply(before, self.values)
        size = self._size(old, before, item)
        if size > limits.ITEM_SIZE:
            raise errors.updated_item_too_large()
        if layout.indexes:
            self._check_index_keys(item, layout)
        return Image.of(item, size)

    def _size(self, old: Image | None, before: Item, item: Item) -> int:
        """The new size, from the old one and the attributes that changed."""
        if old is None or self.update is None:
            return item_size(item)
        size = old.size
        for name in self.update.attributes:
            was, now = before.get(name), item.get(name)
            if was is not now:
                size += attribute_size(name, now) - attribute_size(name, was)
        return size

    def _check_index_keys(self, item: Item, layout: Layout) -> None:
        """As for a put; only an empty value is told in other words."""
        for name in self.update.attributes if self.update is not None else ():
            value = item.get(name)
            if value in ({"S": ""}, {"B": ""}) and name in layout.index_keys:
                raise errors.index_key_updated_to_empty("S" if "S" in value else "B")
        layout.check_index_keys(item)


def take_in_key(key: dict[str, Any]) -> None:
    for value in key.values():
        take_in(value)

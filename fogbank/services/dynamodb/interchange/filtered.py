"""Filters of exports: which items are exported, and what of them.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Filtered.html
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from fogbank.services.dynamodb.items import projected
from fogbank.services.dynamodb.key_ranges import KeyRange, key_range
from fogbank.services.dynamodb.parameters import Bindings
from fogbank.services.dynamodb.reads import refuse_keys
from fogbank.services.dynamodb.values import Item

if TYPE_CHECKING:
    import orjson

    from fogbank.services.dynamodb.rows import Image
    from fogbank.services.dynamodb.schema import Layout

_EXPRESSIONS = ("KeyConditionExpression", "FilterExpression", "ProjectionExpression")


class Filter:
    """A FilterSpecification. Without one everything passes. Raises ValidationException for what does not fit the table."""

    def __init__(self, specification: dict[str, Any] | None, layout: Layout) -> None:
        # values become canonical, while the specification is shown and compared as it was given
        bindings = Bindings(deepcopy(specification or {}), _EXPRESSIONS)
        self._layout = layout
        self._values = bindings.values
        self._projection = bindings.projection()
        self._condition = bindings.condition("FilterExpression")
        key_condition = bindings.key_condition()
        bindings.finish()
        layout.check_paths(self._condition)
        layout.check_paths(self._projection)
        self._range: KeyRange | None = None
        if key_condition is not None:
            self._range = key_range(layout, key_condition.terms, self._values)
            if self._condition is not None:
                refuse_keys(layout, self._condition, is_legacy=False)

    # items are decoded only where that is needed

    def reads(self, image: Image) -> bool:
        """Has the item a key that is asked for?"""
        return self._range is None or self._range.low <= self._layout.key_of(image.item).row < self._range.high

    def takes(self, image: Image) -> bool:
        return self.reads(image) and (self._condition is None or self._condition.test(image.item, self._values))

    def part(self, image: Image) -> Item:
        """What is exported of an item."""
        return image.item if self._projection is None else self._projection.apply(image.item)

    def shown(self, image: Image) -> orjson.Fragment | Item:
        """The same as JSON, or what makes it."""
        return projected(image, self._projection)

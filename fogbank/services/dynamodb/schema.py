"""The Table record, and what follows from it: keys, where rows lie, which indexes there are.

Rows of items and of index entries have the same form. A *space* is one table's items or one index's entries:

    collection key: space (8 bytes), hash of the partition key (4 bytes), partition key, sort key, [the item's primary key]
                    (the keys of a global index may have several attributes each, one part after another)
    value: size as AWS counts it (4 bytes, big-endian), the item or its projection as JSON

The hash spreads partitions over the space: items come out of a scan in an order that means nothing, as on AWS, and the segments of a
parallel scan are ranges of it. Key parts are their order-preserving bytes with 00 written 00 FF, ended by 00 00, so that the rows of
one part are a range of their own. Index entries hold all that is projected, so that no read goes from an index to its table, except
those that ask a local index for more than it has.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple
from zlib import crc32

from fogbank.kernel import Record, keys
from fogbank.services.dynamodb import errors, limits
from fogbank.services.dynamodb.service import service
from fogbank.services.dynamodb.values import Item, Value, key_bytes, size_of

if TYPE_CHECKING:
    from fogbank.kernel import Context
    from fogbank.services.dynamodb.expressions import Expression
    from fogbank.services.dynamodb.expressions.scope import Steps

END = b"\0\0"

# characters of ASCII that are within the limits of both keys
_SHORT = 1024


class Index(Record, frozen=True):
    """A secondary index. `space` is where its entries lie; capacities are those of a provisioned global index.

    `projection` is ALL, KEYS_ONLY or INCLUDE, `included` what INCLUDE names. `more_hashes` and `more_ranges` are the other attributes of
    keys that have several, in their order.
    """

    name: str
    is_global: bool
    space: int
    hash: str
    range: str | None
    projection: str
    included: tuple[str, ...] = ()
    status: str = "ACTIVE"
    is_backfilling: bool = False
    reads: int = 0
    writes: int = 0
    max_reads: int | None = None
    max_writes: int | None = None
    warm_reads: int = 0
    warm_writes: int = 0
    more_hashes: tuple[str, ...] = ()
    more_ranges: tuple[str, ...] = ()

    @property
    def hashes(self) -> tuple[str, ...]:
        """The attributes of the partition key."""
        return self.hash, *self.more_hashes

    @property
    def ranges(self) -> tuple[str, ...]:
        """The attributes of the sort key, in the order in which they sort."""
        return () if self.range is None else (self.range, *self.more_ranges)

    @property
    def keys(self) -> tuple[str, ...]:
        return *self.hashes, *self.ranges


class VectorIndex(Record, frozen=True):
    """A vector index of the lists of numbers in `attribute`. `hash` is its partition key, `filters` what searches may ask for besides."""

    name: str
    space: int
    attribute: str
    dimensions: int
    function: str
    hash: str | None
    filters: tuple[str, ...]
    projection: str
    included: tuple[str, ...] = ()
    status: str = "ACTIVE"
    is_backfilling: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        """The attributes that searches may ask for."""
        return self.filters if self.hash is None else (self.hash, *self.filters)


class Destination(Record, frozen=True):
    """A Kinesis stream that is told of every change. `precision` is MILLISECOND or MICROSECOND."""

    stream: str
    status: str = "ENABLING"
    precision: str = "MICROSECOND"
    description: str | None = None


class Encryption(Record, frozen=True):
    """A KMS key by its ARN, the table's own key under it, and the grant by which DynamoDB uses it.

    `is_managed`: it is AWS's key of the account. `lost` is when it was found to be out of reach (epoch seconds).
    """

    key: str
    is_managed: bool
    sealed: bytes
    grant: str = ""
    lost: float | None = None


class Table(Record, frozen=True, dict=True):
    """A table's definition. `attributes` gives the types of all key attributes, in the order in which they were defined.

    `stream_label` is that of the latest stream; `stream_view` is None while none is enabled. `history_space` is 0 while nobody needs the
    table's past (see `history.py`). `restored_from` is the ARN of a table or backup.

    group             the global table that it is a replica of (see `groups.py`)
    is_strong         its writes take place in all replicas at once
    has_policy        there is a resource policy for it (see `policies.py`)
    warm_reads        what it was asked to be warmed up for, per second, as `warm_writes`; 0 for what is there anyway
    destinations      the Kinesis streams it was ever connected with
    encryption        the KMS key that it is encrypted with, None for DynamoDB's own
    settings_mode     whether a global table of several accounts may begin with it (ENABLED)
    """

    name: str
    id: str
    arn: str
    space: int
    created: float
    status: str
    attributes: dict[str, str]
    hash: str
    range: str | None
    indexes: tuple[Index, ...] = ()
    on_demand: bool = False
    on_demand_since: float | None = None
    reads: int = 0
    writes: int = 0
    max_reads: int | None = None
    max_writes: int | None = None
    increased: float | None = None
    decreased: float | None = None
    decreases: int = 0
    table_class: str | None = None
    class_changed: float | None = None
    is_protected: bool = False
    ttl: str | None = None
    ttl_space: int = 0
    is_enabling_ttl: bool = False
    stream_label: str | None = None
    stream_view: str | None = None
    stream_space: int = 0
    history_space: int = 0
    history_floor: int = 0
    history_users: int = 0
    recoverable_since: float | None = None
    recovery_days: int = 35
    restored_from: str | None = None
    restored_at: float | None = None
    is_restoring: bool = False
    group: str = ""
    is_strong: bool = False
    has_policy: bool = False
    warm_reads: int = 0
    warm_writes: int = 0
    destinations: tuple[Destination, ...] = ()
    encryption: Encryption | None = None
    vectors: tuple[VectorIndex, ...] = ()
    settings_mode: str = ""

    @cached_property
    def layout(self) -> Layout:
        """Kept with the decoded record, which is replaced whenever the table changes."""
        return Layout(self)

    @property
    def keys(self) -> tuple[str, ...]:
        return (self.hash,) if self.range is None else (self.hash, self.range)

    def index(self, name: str) -> Index | None:
        return next((index for index in self.indexes if index.name == name), None)

    def vector_index(self, name: str) -> VectorIndex | None:
        return next((index for index in self.vectors if index.name == name), None)


def attributes_used(table: Table) -> dict[str, str]:
    """The definitions of the attributes that keys and indexes have."""
    used = set(table.keys)
    used = used.union(*[index.keys for index in table.indexes], *[index.keys for index in table.vectors])
    return {name: kind for name, kind in table.attributes.items() if name in used}


tables = service.collection("tables", Table, cached=True)
items = service.collection("items", bytes)
entries = service.collection("index-items", bytes)


class KeyAttribute(NamedTuple):
    name: str
    type: str


class Key(NamedTuple):
    """A primary key as bytes: its parts, and the whole key of its row."""

    partition: bytes
    sort: bytes
    row: bytes


def part(raw: bytes) -> bytes:
    """One part of a row's key."""
    return (raw.replace(b"\0", b"\0\xff") if b"\0" in raw else raw) + END


def short_string(value: Any) -> bytes | None:
    """The bytes of a key value that is a string within every limit, as nearly all are; None for any other, right or wrong."""
    if value.__class__ is dict and len(value) == 1:
        text = value.get("S")
        if text.__class__ is str and 0 < len(text) <= _SHORT and text.isascii():
            found: bytes = text.encode()
            return found
    return None


def partition(raw: bytes, *more: bytes) -> bytes:
    """What all rows of a partition key begin with, in their space. `more` are the key's other attributes, if it has several."""
    found, hashed = part(raw), crc32(raw)
    for other in more:
        found, hashed = found + part(other), crc32(other, hashed)
    return hashed.to_bytes(4, "big") + found


class KeySchema:
    """The keys of a table or index, and where its rows are. `hash` and `range` are the first attributes of either key."""

    __slots__ = ("hash", "hashes", "names", "prefix", "range", "ranges")

    def __init__(self, table: Table, prefix: bytes, hashes: tuple[str, ...], ranges: tuple[str, ...]) -> None:
        self.prefix = prefix
        self.hashes = tuple([KeyAttribute(name, table.attributes[name]) for name in hashes])
        self.ranges = tuple([KeyAttribute(name, table.attributes[name]) for name in ranges])
        self.hash = self.hashes[0]
        self.range = self.ranges[0] if ranges else None
        self.names = (*hashes, *ranges)

    def partition_prefix(self, values: Iterable[Value]) -> bytes:
        """What the rows of a partition key begin with."""
        return self.prefix + partition(*map(key_bytes, values))


class Layout(KeySchema):
    """What the hot paths need of a table, worked out once."""

    __slots__ = ("account", "index_keys", "indexes", "is_plain", "region", "table", "takes_strings")

    def __init__(self, table: Table) -> None:
        _, _, _, region, account, _ = table.arn.split(":", 5)
        self.account, self.region = account, region
        scope = keys.encode(("dynamodb", "items", account, region))
        super().__init__(table, scope + keys.encode((table.space,)), table.keys[:1], table.keys[1:])
        scope = keys.encode(("dynamodb", "index-items", account, region))
        self.table = table
        self.takes_strings = all(attribute.type == "S" for attribute in (*self.hashes, *self.ranges))
        # by name: of several indexes with one complaint AWS names the first
        ordered = sorted(table.indexes, key=lambda index: index.name)
        self.indexes = {index.name: IndexLayout(table, index, scope) for index in ordered}
        # of indexes, and not of the table
        self.index_keys = frozenset(attribute.name for index in self.indexes.values() for attribute in index.attributes)
        # nothing but the item itself changes with it, so that what it replaces need not be known
        self.is_plain = not (
            self.indexes
            or table.ttl
            or table.stream_view
            or table.history_space
            or table.group
            or table.destinations
            or table.vectors
        )

    def scope(self, ctx: Context) -> Context:
        """The context of what belongs to the table, which may be another account's, or a replica in another region."""
        if ctx.account == self.account and ctx.region == self.region:
            return ctx
        return ctx.at(account=self.account, region=self.region)

    # -- keys

    def key_of(self, item: Item) -> Key:
        """The primary key of a canonical item or key that has been checked."""
        start = partition(key_bytes(item[self.hash.name]))
        if self.range is None:
            return Key(start[4:], b"", self.prefix + start)
        sort = part(key_bytes(item[self.range.name]))
        return Key(start[4:], sort, self.prefix + start + sort)

    def quick_key(self, item: Item) -> Key | None:
        """The primary key of an item or key whose key attributes are short strings, checked or not; None for any other."""
        if not self.takes_strings:
            return None
        raw = short_string(item.get(self.hash.name))
        if raw is None:
            return None
        start = partition(raw)
        if self.range is None:
            return Key(start[4:], b"", self.prefix + start)
        raw = short_string(item.get(self.range.name))
        if raw is None:
            return None
        sort = part(raw)
        return Key(start[4:], sort, self.prefix + start + sort)

    def key_in_item(self, item: Item) -> Key:
        """The key of an item that is to be put. Raises ValidationException when it is missing, of another type, empty or too long."""
        key = self.quick_key(item)
        if key is not None:
            return key
        for name, kind in (self.hash, self.range) if self.range else (self.hash,):
            value = item.get(name)
            if value is None:
                raise errors.missing_key(name)
            if kind not in value:
                raise errors.key_type_mismatch(name, kind, next(iter(value)))
        self._check_contents(item)
        return self.key_of(item)

    def key_in_request(self, key: Item) -> Key:
        """The key of a Key member, which has nothing but the key. Raises ValidationException."""
        quick = self.quick_key(key) if len(key) == len(self.names) else None
        if quick is not None:
            return quick
        self.check_key(key)
        return self.key_of(key)

    def check_key(self, key: Item) -> None:
        wanted = (self.hash, self.range) if self.range else (self.hash,)
        if len(key) != len(wanted):
            raise errors.key_not_in_schema()
        for name, kind in wanted:
            value = key.get(name)
            if value is None or kind not in value:
                raise errors.key_not_in_schema()
        self._check_contents(key)

    def _check_contents(self, item: Item) -> None:
        value = item[self.hash.name]
        if self.hash.type != "N":
            check_key_value(self.hash, value, limits.HASH_KEY_SIZE)
        if self.range is not None and self.range.type != "N":
            check_key_value(self.range, item[self.range.name], limits.RANGE_KEY_SIZE)

    # -- indexes

    def check_index_keys(self, item: Item) -> None:
        """Refuse index key attributes of another type, empty or too long. An item need not have them."""
        for index in self.indexes.values():
            for attribute, limit in zip(index.attributes, index.attribute_limits, strict=True):
                value = item.get(attribute.name)
                if value is not None:
                    _check_index_key(index.name, attribute, value, limit)

    def check_target(self, path: Steps) -> None:
        """Refuse to update a part of the primary key."""
        if path[0] in self.names:
            raise errors.key_attribute_updated(str(path[0]))

    def check_paths(self, expression: Expression | None) -> None:
        """Refuse paths of several steps that begin at a key attribute, also at one of an index: it is a scalar."""
        for path in expression.nested if expression is not None else ():
            if path[0] in self.names:
                raise errors.key_path_not_scalar(str(path[0]), is_index=False)
            if path[0] in self.index_keys:
                raise errors.key_path_not_scalar(str(path[0]), is_index=True)


def check_key_value(attribute: KeyAttribute, value: Value, limit: int) -> None:
    """Refuse an empty key value, or one that is too long."""
    content = value[attribute.type]
    if not content:
        raise errors.empty_key(attribute.name, attribute.type)
    # a character is at most 4 bytes
    if len(content) * 4 > limit and size_of(value) > limit:
        raise errors.hash_key_too_long() if limit == limits.HASH_KEY_SIZE else errors.range_key_too_long()


def _check_index_key(index: str, attribute: KeyAttribute, value: Value, limit: int) -> None:
    name, kind = attribute
    content = value.get(kind)
    if content is None:
        raise errors.index_key_type_mismatch(name, kind, next(iter(value)), index)
    if not content:
        raise errors.empty_index_key(name, kind, index)
    size = size_of(value)
    if size > limit:
        raise errors.index_key_too_long(name, size, limit, index)


class IndexLayout(KeySchema):
    """A secondary index as reads and writes need it."""

    __slots__ = ("attribute_limits", "attributes", "index", "is_global", "name", "projected")

    def __init__(self, table: Table, index: Index, scope: bytes) -> None:
        super().__init__(table, scope + keys.encode((index.space,)), index.hashes, index.ranges)
        self.index = index
        self.name = index.name
        self.is_global = index.is_global
        self.projected = _projected(table, index)
        self.attributes = [each for each in (*self.hashes, *self.ranges) if each.name not in table.keys]
        self.attribute_limits = [
            limits.HASH_KEY_SIZE if attribute in self.hashes else limits.RANGE_KEY_SIZE for attribute in self.attributes
        ]

    def row_of(self, item: Item, key: Key) -> bytes | None:
        """The key of an item's entry; None when the item lacks a key attribute, and so is not in the index."""
        raws: list[bytes] = []
        for name, kind in (*self.hashes, *self.ranges):
            value = item.get(name)
            if value is None or kind not in value:
                return None
            raws.append(key_bytes(value))
        count = len(self.hashes)
        return self.prefix + partition(*raws[:count]) + b"".join(map(part, raws[count:])) + key.partition + key.sort

    def accepts(self, item: Item) -> bool:
        """May the item be in the index? One whose key attributes are empty or too long was there before it, and stays out."""
        for attribute, limit in zip(self.attributes, self.attribute_limits, strict=True):
            if not 0 < size_of(item[attribute.name]) <= limit:
                return False
        return True


def _projected(table: Table, index: Index) -> frozenset[str] | None:
    """The attributes that an index holds; None for all of them."""
    if index.projection == "ALL":
        return None
    return frozenset((*table.keys, *index.keys, *index.included))

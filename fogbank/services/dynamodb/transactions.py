"""TransactWriteItems and TransactGetItems: all or nothing, with a reason for every item when it is nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from fogbank.kernel.service import itself
from fogbank.services.dynamodb import (
    access,
    capacity,
    errors,
    limits,
    metering,
    replica_errors,
    rows,
    throttling,
    tokens,
)
from fogbank.services.dynamodb.capacity import Consumption
from fogbank.services.dynamodb.errors import AWSError
from fogbank.services.dynamodb.expressions import Projection
from fogbank.services.dynamodb.items import collection_metrics, projected
from fogbank.services.dynamodb.parameters import Bindings, Request
from fogbank.services.dynamodb.rows import Image
from fogbank.services.dynamodb.schema import Key, Layout
from fogbank.services.dynamodb.service import service
from fogbank.services.dynamodb.tables import find
from fogbank.services.dynamodb.values import Item
from fogbank.services.dynamodb.writing import Change, Check, Delete, Put, Write, take_in_key

if TYPE_CHECKING:
    from fogbank.kernel import Context

Document = dict[str, Any]
Reason = dict[str, Any]

_ACTIONS: dict[str, type[Put] | type[Delete] | type[Change] | type[Check]] = {
    "ConditionCheck": Check,
    "Put": Put,
    "Delete": Delete,
    "Update": Change,
}
_IAM_ACTIONS = {
    "ConditionCheck": "ConditionCheckItem",
    "Put": "PutItem",
    "Delete": "DeleteItem",
    "Update": "UpdateItem",
    "Get": "GetItem",
}
_NO_REASON: Reason = {"Code": "None"}


async def _check_access(ctx: Context, request: Request, enclosing: str) -> None:
    """Each member is asked about as the operation that it would be by itself."""
    for member in request["TransactItems"]:
        for action, given in member.items():
            await access.check(ctx, _IAM_ACTIONS[action], given, enclosing)


def _require_one_operation_each(keys: list[Key]) -> None:
    if len({key.row for key in keys}) < len(keys):
        raise errors.validation("Transaction request cannot include multiple operations on one item")


def _refuse_strong(layouts: list[Layout]) -> None:
    if any(layout.table.is_strong for layout in layouts):
        raise replica_errors.transaction_on_strong()


# -- writing


class _Step(NamedTuple):
    """A write, bound to its table."""

    write: Write
    layout: Layout
    key: Key


@service.operation(
    resource=itself,
    action=("dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"),
)
async def transact_write_items(ctx: Context, request: Request) -> Document:
    await _check_access(ctx, request, "TransactWriteItems")
    return await write_all(ctx, request)


async def write_all(ctx: Context, request: Request) -> Document:
    """A TransactWriteItems, for whoever may make it."""
    writes = [_write_of(member) for member in request["TransactItems"]]
    layouts = [(await find(ctx, write.request["TableName"])).layout for write in writes]
    _refuse_strong(layouts)
    steps = _bind(writes, layouts)
    _require_one_operation_each([step.key for step in steps])
    token = request.get("ClientRequestToken")
    # by now numbers and sets are canonical: the order of a set's members makes no other request
    if token and await tokens.is_repeated(ctx, token, tokens.digest_of(request["TransactItems"])):
        return await _answer_again(ctx, request, steps)
    return await _take_effect(ctx, request, steps)


def _write_of(member: Request) -> Write:
    if not member:
        raise errors.validation("Invalid Request: TransactWriteRequest should contain Delete or Put or Update request")
    if len(member) > 1:
        raise errors.validation("TransactItems can only contain one of Check, Put, Update or Delete")
    for action, given in member.items():
        return _ACTIONS[action](given)
    raise AssertionError


def _bind(writes: list[Write], layouts: list[Layout]) -> list[_Step]:
    """The steps. The first write whose keys its table cannot take cancels the transaction; an empty key is refused outright."""
    steps: list[_Step] = []
    for position, (write, layout) in enumerate(zip(writes, layouts, strict=True)):
        try:
            steps.append(_Step(write, layout, write.bind(layout)))
        except AWSError as error:
            if errors.is_empty_key(error):
                raise
            raise _cancelled(len(writes), position, error) from None
    return steps


def _cancelled(count: int, position: int, error: AWSError) -> AWSError:
    reasons = [_NO_REASON] * count
    reasons[position] = _reason(error)
    return errors.transaction_cancelled(reasons)


def _reason(error: AWSError) -> Reason:
    if error.code == "ConditionalCheckFailedException":
        return {"Code": "ConditionalCheckFailed", "Message": error.message, "Item": error.members.get("Item")}
    if errors.is_throttled(error):
        is_provisioned = error.code == "ProvisionedThroughputExceededException"
        code = "ProvisionedThroughputExceeded" if is_provisioned else "ThrottlingError"
        return {"Code": code, "Message": error.message}
    return {"Code": "ValidationError", "Message": error.message}


async def _take_effect(ctx: Context, request: Request, steps: list[_Step]) -> Document:
    """Work everything out, then write everything; or raise TransactionCanceledException with a reason for each."""
    olds = [await rows.read(ctx, step.key) for step in steps]
    news: list[Image | None] = []
    reasons: list[Reason] = []
    for step, old in zip(steps, olds, strict=True):
        try:
            news.append(step.write.work_out(old, step.layout))
            reasons.append(_NO_REASON)
        except AWSError as error:
            reasons.append(_reason(error))
    if len(news) < len(steps):
        raise errors.transaction_cancelled(reasons)
    _check_size(news)
    consumptions: dict[str, Consumption] = {}
    counts = throttling.counts(ctx, request)
    for position, (step, old, new) in enumerate(zip(steps, olds, news, strict=True)):
        is_write = not isinstance(step.write, Check)
        changes = await rows.replace(ctx, step.layout, step.key, old, new) if is_write else []
        own = Consumption(step.layout.table.name).add_write(old, new, changes, factor=2.0)
        if counts:
            await _spend(ctx, throttling.WRITE, own, step.layout, step.key, (position, len(steps)))
            _consumption(consumptions, step.layout).include(own)
        metering.consumed(ctx, step.layout.table, throttling.WRITE, own)
    answer: Document = {}
    if capacity.is_wanted(request):
        mode = request["ReturnConsumedCapacity"]
        answer["ConsumedCapacity"] = [each.document(mode, "Write") for each in consumptions.values()]
    if request.get("ReturnItemCollectionMetrics") == "SIZE":
        answer["ItemCollectionMetrics"] = _metrics(steps, olds, news)
    return answer


async def _spend(
    ctx: Context, direction: str, own: Consumption, layout: Layout, key: Key, place: tuple[int, int]
) -> None:
    """Take what a member consumed; `place` is its position, and how many there are. Raises TransactionCanceledException."""
    try:
        await throttling.spend_at_once(ctx, layout.table, direction, own, key.partition)
    except AWSError as error:
        raise _cancelled(place[1], place[0], error) from None


def _check_size(images: list[Image | None]) -> None:
    if sum([image.size for image in images if image is not None]) > limits.TRANSACTION_SIZE:
        raise errors.validation("Collection of items in the transaction exceeds the maximum size of 4 MB")


def _consumption(consumptions: dict[str, Consumption], layout: Layout) -> Consumption:
    name = layout.table.name
    return consumptions.get(name) or consumptions.setdefault(name, Consumption(name))


def _metrics(steps: list[_Step], olds: list[Image | None], news: list[Image | None]) -> Document | None:
    metrics: dict[str, list[Document]] = {}
    for step, old, new in zip(steps, olds, news, strict=True):
        image = new or old
        found = collection_metrics(step.layout, image.item if image else step.write.key)
        if found is not None:
            metrics.setdefault(step.layout.table.name, []).append(found)
    return metrics or None


async def _answer_again(ctx: Context, request: Request, steps: list[_Step]) -> Document:
    """A repeated request has no effect; it costs what reading the items costs."""
    if not capacity.is_wanted(request):
        return {}
    images = [await rows.read(ctx, step.key) for step in steps]
    return {"ConsumedCapacity": _consumed_by_reads(request, [step.layout for step in steps], images)}


# -- reading


class _Read(NamedTuple):
    key: Item
    table: str
    projection: Projection | None


@service.operation(resource=itself, action="dynamodb:GetItem")
async def transact_get_items(ctx: Context, request: Request) -> Document:
    await _check_access(ctx, request, "TransactGetItems")
    return await get_all(ctx, request)


async def get_all(ctx: Context, request: Request) -> Document:
    """A TransactGetItems, for whoever may make it."""
    reads = [_read_of(member["Get"]) for member in request["TransactItems"]]
    layouts = [(await find(ctx, read.table)).layout for read in reads]
    _refuse_strong(layouts)
    keys: list[Key] = []
    for position, (read, layout) in enumerate(zip(reads, layouts, strict=True)):
        try:
            layout.check_paths(read.projection)
            keys.append(layout.key_in_request(read.key))
        except AWSError as error:
            if errors.is_empty_key(error):
                raise
            raise _cancelled(len(reads), position, error) from None
    _require_one_operation_each(keys)
    images = [await rows.read(ctx, key) for key in keys]
    _check_size(images)
    for position, (layout, key, image) in enumerate(zip(layouts, keys, images, strict=True)):
        own = Consumption(layout.table.name).add(_read_units(image))
        await _spend(ctx, throttling.READ, own, layout, key, (position, len(reads)))
        metering.consumed(ctx, layout.table, throttling.READ, own)
    answer: Document = {"Responses": [_response(*pair) for pair in zip(images, reads, strict=True)]}
    if capacity.is_wanted(request):
        answer["ConsumedCapacity"] = _consumed_by_reads(request, layouts, images)
    return answer


def _response(image: Image | None, read: _Read) -> Document:
    item = None if image is None else projected(image, read.projection)
    # where GetItem would answer an empty item, there is none
    return {} if item is None or item == {} else {"Item": item}


def _read_units(image: Image | None) -> float:
    return capacity.read_units(image.size if image else 0, transactional=True)


def _consumed_by_reads(request: Request, layouts: list[Layout], images: list[Image | None]) -> list[Document]:
    consumptions: dict[str, Consumption] = {}
    for layout, image in zip(layouts, images, strict=True):
        _consumption(consumptions, layout).add(_read_units(image))
    return [each.document(request["ReturnConsumedCapacity"], "Read") for each in consumptions.values()]


def _read_of(request: Request) -> _Read:
    bindings = Bindings(request, ("ProjectionExpression",))
    projection = bindings.projection()
    bindings.finish()
    take_in_key(request["Key"])
    return _Read(request["Key"], request["TableName"], projection)

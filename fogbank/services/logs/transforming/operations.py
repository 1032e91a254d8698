"""PutTransformer, GetTransformer, DeleteTransformer, TestTransformer; and the transformed events of a group."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import orjson

from fogbank.kernel import Context
from fogbank.services.logs import errors, rulings
from fogbank.services.logs.account import rules
from fogbank.services.logs.protection.policies import ON_IDENTIFIED, identified
from fogbank.services.logs.records import STANDARD, Answer, LogGroup, Request, change, milliseconds
from fogbank.services.logs.rulings import Ruling, Rulings
from fogbank.services.logs.service import service
from fogbank.services.logs.transforming import transformer
from fogbank.services.logs.transforming.paths import Document


class Transformer(NamedTuple):
    """What is in force of a group: its own transformer, if it has one, else that of the account."""

    about: Document
    group: str
    own: Rulings
    of_account: Rulings

    def fields(self, message: str, stream: str, ingested: int) -> Document | None:
        """The fields that a message got when it came in (ms); None when it got none."""
        for among in (self.own, self.of_account):
            ruling = next((each for each in reversed(among) if each.counts(self.group, ingested)), None)
            if ruling is not None:
                processors = list(transformer.of_document(ruling.document))
                return transformer.transformed(processors, message, {**self.about, "@logStreamName": stream})
        return None

    def text(self, message: str, stream: str, ingested: int) -> str:
        """The transformed event as JSON; as it was where there is none."""
        found = self.fields(message, stream, ingested)
        return message if found is None else orjson.dumps(found).decode()


async def transformer_of(ctx: Context, group: LogGroup) -> Transformer | None:
    """None where nothing is transformed, which is the rule."""
    found = await rules.get(ctx)
    if not group.transformers and (found is None or not found.transformers):
        return None
    about = {"@logGroupName": group.name, "@accountId": ctx.account, "@regionName": ctx.region}
    return Transformer(about, group.name, group.transformers, found.transformers if found is not None else ())


def check(processors: list[Any]) -> None:
    try:
        transformer.check(processors)
    except transformer.InvalidTransformer as error:
        raise errors.invalid_parameter(str(error)) from None


@service.operation(**ON_IDENTIFIED)
async def put_transformer(ctx: Context, request: Request) -> None:
    group, processors = await identified(ctx, request), request["transformerConfig"]
    if group.kind != STANDARD:
        raise errors.wrong_class(group.kind)
    check(processors)
    ruling = Ruling(json.dumps(processors), milliseconds(ctx))
    change(ctx, group, transformers=rulings.begun(group.transformers, ruling))


@service.operation(**ON_IDENTIFIED)
async def get_transformer(ctx: Context, request: Request) -> Answer:
    """Nothing where there is none."""
    group = await identified(ctx, request)
    ruling = rulings.current(group.transformers)
    if ruling is None:
        return {}
    began = min(each.since for each in group.transformers)
    return {
        "logGroupIdentifier": request["logGroupIdentifier"],
        "creationTime": began,
        "lastModifiedTime": ruling.since,
        "transformerConfig": list(transformer.of_document(ruling.document)),
    }


@service.operation(**ON_IDENTIFIED)
async def delete_transformer(ctx: Context, request: Request) -> None:
    group = await identified(ctx, request)
    if rulings.current(group.transformers) is None:
        raise errors.not_found("transformer")
    change(ctx, group, transformers=rulings.ended(group.transformers, milliseconds(ctx)))


@service.operation
async def test_transformer(ctx: Context, request: Request) -> Answer:
    processors = request["transformerConfig"]
    check(processors)
    shown = [
        {
            "eventNumber": number,
            "eventMessage": message,
            "transformedEventMessage": orjson.dumps(found).decode()
            if (found := transformer.transformed(processors, message)) is not None
            else None,
        }
        for number, message in enumerate(request["logEventMessages"], 1)
    ]
    return {"transformedLogs": shown}

"""Deliveries: an event on its way to one target of one rule."""

from __future__ import annotations

from typing import Any

import msgspec
import orjson

from fogbank.services.events import inputs
from fogbank.services.events.envelopes import Event


class Delivery(msgspec.Struct, frozen=True):
    """The rule's ARN, the target as it was when the event matched, the event, and how often delivering it has failed."""

    rule: str
    target: dict[str, Any]
    event: Event
    attempts: int = 0

    def text(self) -> str:
        """What the target is given of the event."""
        event = self.event
        return inputs.render(self.target, inputs.Occasion(event.text, event.document, self.rule, event.ingested))

    def payload(self) -> dict[str, Any]:
        """As it lies in a task."""
        event = self.event
        return {
            "rule": self.rule,
            "target": self.target,
            "event": event.text,
            "ingested": event.ingested,
            "hops": event.hops,
            "attempts": self.attempts,
        }

    @staticmethod
    def of(payload: dict[str, Any]) -> Delivery:
        event = Event(orjson.loads(payload["event"]), payload["ingested"], payload["hops"])
        return Delivery(payload["rule"], payload["target"], event, payload["attempts"])

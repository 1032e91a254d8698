"""A message on its way to the subscribers of a topic: what is the same for many of them is made once, when it is first wanted."""

from __future__ import annotations

from typing import NamedTuple

from fogbank.kernel import AWSError, Context
from fogbank.services.sns import envelope, signing
from fogbank.services.sns.envelope import Field
from fogbank.services.sns.message import Message
from fogbank.services.sns.subscription import Subscription
from fogbank.services.sns.subscription import arn as subscription_arn
from fogbank.services.sns.topic import Topic


class Parcel:
    """`ctx` is in the scope of the topic, in a transaction. `replayed`: it comes from the archive."""

    def __init__(self, ctx: Context, topic: Topic, message: Message, replayed: bool = False) -> None:
        self.ctx = ctx
        self.topic = topic
        self.message = message
        self.replayed = replayed
        self._fields: dict[str, list[Field]] = {}
        self._frames: dict[str, tuple[str, str]] = {}
        self._elsewhere: dict[str, Context] = {}

    def arn(self, subscription: Subscription) -> str:
        return subscription_arn(self.ctx, subscription)

    def text(self, subscription: Subscription) -> str:
        """The body that the subscription's protocol gets."""
        return self.message.body_for(subscription.protocol)

    def in_region(self, region: str) -> Context:
        """The context for calls to a service in another region."""
        if region == self.ctx.region:
            return self.ctx
        if region not in self._elsewhere:
            self._elsewhere[region] = self.ctx.at(region=region)
        return self._elsewhere[region]

    async def fields(self, text: str) -> list[Field]:
        """The notification with that text, signed unless the topic is FIFO."""
        found = self._fields.get(text)
        if found is None:
            found = envelope.notification(self.message, text, self.replayed)
            if not self.topic.fifo:
                found = await signing.signed(self.ctx, found, self.topic.signature, self.message.base)
            self._fields[text] = found
        return found

    async def document(self, subscription: Subscription, text: str) -> str:
        """The notification as JSON."""
        frame = self._frames.get(text)
        if frame is None:
            frame = self._frames[text] = envelope.frame(await self.fields(text), self.message)
        return f"{frame[0]}{self.unsubscribe_url(subscription)}{frame[1]}"

    async def content(self, subscription: Subscription, text: str) -> str:
        """What is delivered: the text itself if the subscription wants it raw, else the notification."""
        return text if subscription.raw else await self.document(subscription, text)

    def unsubscribe_url(self, subscription: Subscription) -> str:
        return envelope.unsubscribe_url(self.message.base, self.arn(subscription))


class Letter(NamedTuple):
    """A parcel for a certain subscriber, with the text that this one gets."""

    parcel: Parcel
    text: str


class Failed(Exception):
    """A delivery did not succeed. `code` is an error's, or an HTTP status; `again`: is it worth another try?"""

    def __init__(self, code: str, reason: str, again: bool = False) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason
        self.again = again

    @classmethod
    def of(cls, error: AWSError) -> Failed:
        """Client errors are not tried again: https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html"""
        return cls(error.code, error.message, (error.status or 400) >= 500 or error.status == 429)

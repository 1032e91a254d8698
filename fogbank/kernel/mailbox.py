"""The local mailbox: every mail, text and push notification that would have left for the world.

Nothing is sent anywhere. `/_fogbank/mail` and `fogbank mail` show what is here.

mail  (microseconds, id)   Mail
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from fogbank.kernel.collection import Collection, Record
from fogbank.kernel.keys import after_prefix

if TYPE_CHECKING:
    from fogbank.app import App
    from fogbank.kernel.context import Context

Kind = Literal["email", "sms", "push"]

_BATCH = 500


class Mail(Record, frozen=True):
    """One message to one receiver.

    service   who sent it (`sns`)
    to        a mail address, a phone number, or a device's token
    sender    as its receiver sees it: an address with a name, a sender id
    about     what its service says of it besides (`{"SubscriptionArn": ...}`)
    at        epoch seconds of the virtual clock
    """

    id: str
    kind: Kind
    account: str
    region: str
    service: str
    sender: str
    to: str
    subject: str
    body: str
    about: dict[str, str]
    at: float


_mails: Collection[Mail] = Collection("fogbank", "mail", Mail, scope="global")


def post(
    ctx: Context,
    kind: Kind,
    to: str,
    body: str,
    subject: str = "",
    sender: str = "",
    about: dict[str, str] | None = None,
) -> str:
    """Put a message into the mailbox, within the transaction. Returns its id."""
    mail = Mail(
        ctx.ids.uuid(),
        kind,
        ctx.account,
        ctx.region,
        ctx.service.name,
        sender,
        to,
        subject,
        body,
        about or {},
        ctx.now(),
    )
    _mails.put(ctx, mail, int(mail.at * 1e6), mail.id)
    return mail.id


async def listed(app: App, limit: int, **wanted: str) -> list[dict[str, Any]]:
    """The latest messages, the last one first, whose fields (`to`, `kind`, `account`, ...) are as wanted."""
    ctx = app.system_context()
    found: list[dict[str, Any]] = []
    until: tuple[int, str] | None = None
    while len(found) < limit:
        bound = until
        rows = await ctx.transact(lambda bound=bound: _mails.scan(ctx, until=bound, limit=_BATCH, reverse=True))
        found += _chosen(rows, wanted)
        if len(rows) < _BATCH:
            break
        until = (int(rows[-1].at * 1e6), rows[-1].id)
    return found[:limit]


def _chosen(mails: Iterable[Mail], wanted: dict[str, str]) -> list[dict[str, Any]]:
    return [
        msgspec.structs.asdict(mail)
        for mail in mails
        if all(getattr(mail, name) == value for name, value in wanted.items())
    ]


async def clear(app: App) -> None:
    """Throw everything away."""
    ctx = app.system_context()
    prefix = _mails.prefix(ctx)
    await app.store.delete_range(prefix, after_prefix(prefix))

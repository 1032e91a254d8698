"""Sessions between a challenge and its answer. All that is known of one is sealed in what the client is given; nothing is kept.

spent (pool, session id)   when it was answered: sessions are good for one answer
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context
from fogbank.services.cognito_idp import errors, sealed
from fogbank.services.cognito_idp.client import App
from fogbank.services.cognito_idp.service import service
from fogbank.services.cognito_idp.user import User

_KIND = "session"
_MINUTE = 60

spent = service.collection("spent-sessions", float)


class Session(msgspec.Struct, frozen=True):
    """`until` epoch seconds; `state` is what the challenge needs to know when it is answered."""

    id: str
    client: str
    user: str
    challenge: str
    until: float
    state: dict[str, Any]


async def begun(app: App, user: User, challenge: str, **state: Any) -> str:
    """What a client is given with a challenge. In no transaction."""
    minutes = app.client.settings.get("AuthSessionValidity") or 3
    until = app.ctx.now() + minutes * _MINUTE
    session = Session(app.ctx.ids.uuid(), app.client.id, user.name, challenge, until, state)
    return await app.ctx.transact(sealed.seal_text, app.ctx, _KIND, msgspec.to_builtins(session))


async def found(app: App, given: str | None, *challenges: str) -> Session:
    """The session of one of these challenges. In no transaction. Raises NotAuthorizedException."""
    content = await app.ctx.transact(sealed.opened_text, app.ctx, _KIND, given or "")
    if content is None:
        raise errors.bad_session()
    session = msgspec.convert(content, Session)
    if session.client != app.client.id or session.challenge not in challenges:
        raise errors.bad_session()
    if session.until <= app.ctx.now():
        raise errors.session_expired()
    if await app.ctx.transact(spent.get, app.ctx, app.pool.id, session.id) is not None:
        raise errors.session_spent()
    return session


async def of_any_app(ctx: Context, given: str) -> str:
    """The client that a session is of. In no transaction. Raises NotAuthorizedException."""
    content = await ctx.transact(sealed.opened_text, ctx, _KIND, given)
    if content is None:
        raise errors.bad_session()
    return str(content["client"])


async def spend(app: App, session: Session) -> None:
    """The session is answered. In no transaction. Raises NotAuthorizedException when somebody was quicker."""

    async def once() -> None:
        if await spent.get(app.ctx, app.pool.id, session.id) is not None:
            raise errors.session_spent()
        spent.put(app.ctx, app.ctx.now(), app.pool.id, session.id)
        await app.ctx.schedule("forget_session", {"pool": app.pool.id, "id": session.id}, at=session.until)

    await app.ctx.transact(once)


@service.task
async def forget_session(ctx: Context, payload: dict[str, Any]) -> None:
    """It is over for good."""
    spent.delete(ctx, payload["pool"], payload["id"])

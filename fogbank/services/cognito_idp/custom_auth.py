"""CUSTOM_AUTH: the pool's functions say what is asked, and whether the answer is right.

https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-challenge.html
"""

from __future__ import annotations

from typing import Any

from fogbank.services.cognito_idp import errors, passing, sessions, srp_flow, triggers
from fogbank.services.cognito_idp.client import App
from fogbank.services.cognito_idp.pool import Request
from fogbank.services.cognito_idp.sessions import Session
from fogbank.services.cognito_idp.user import User

CHALLENGE = "CUSTOM_CHALLENGE"
History = list[dict[str, Any]]


def check(app: App) -> None:
    """Raise InvalidParameterException for a pool without a function that defines challenges."""
    if not triggers.is_there(app.pool, "DefineAuthChallenge"):
        raise errors.no_custom_challenge()


async def step(
    app: App, name: str, user: User | None, history: History, metadata: passing.Metadata, srp_a: str = ""
) -> Request:
    """What comes next after the challenges so far: another one, tokens, or a refusal. In no transaction."""
    answer = await _defined(app, name, user, history, metadata)
    if user is not None and answer.get("issueTokens"):
        passing.check_state(app, user)
        return await passing.signed_in(app, user, "TokenGeneration_Authentication", metadata)
    wanted = answer.get("challengeName")
    if answer.get("failAuthentication") or user is None:
        raise errors.wrong_password()
    if wanted == "PASSWORD_VERIFIER" and srp_a:
        return await srp_flow.challenge(app, name, user, srp_a, history)
    if wanted != CHALLENGE:
        raise errors.unrecognizable()
    return await _created(app, user, history, metadata)


def _told(app: App, user: User | None, history: History, metadata: passing.Metadata) -> dict[str, Any]:
    told: dict[str, Any] = {"userAttributes": {} if user is None else passing.told_of(user), "session": history}
    if metadata:
        told["clientMetadata"] = metadata
    if app.client.is_discreet():
        told["userNotFound"] = user is None
    return told


async def _defined(
    app: App, name: str, user: User | None, history: History, metadata: passing.Metadata
) -> dict[str, Any]:
    blank = {"challengeName": None, "issueTokens": None, "failAuthentication": None}
    told, name = _told(app, user, history, metadata), name if user is None else user.name
    source = "DefineAuthChallenge_Authentication"
    return await triggers.ask(app.ctx, app.pool, "DefineAuthChallenge", source, name, told, blank, app.client.id)


async def _created(app: App, user: User, history: History, metadata: passing.Metadata) -> Request:
    told = _told(app, user, history, metadata) | {"challengeName": CHALLENGE}
    blank = {"publicChallengeParameters": None, "privateChallengeParameters": None, "challengeMetadata": None}
    source = "CreateAuthChallenge_Authentication"
    made = await triggers.ask(app.ctx, app.pool, "CreateAuthChallenge", source, user.name, told, blank, app.client.id)
    private, label = made.get("privateChallengeParameters") or {}, made.get("challengeMetadata")
    return {
        "ChallengeName": CHALLENGE,
        "Session": await sessions.begun(app, user, CHALLENGE, history=history, private=private, label=label),
        "ChallengeParameters": {"USERNAME": user.name, **(made.get("publicChallengeParameters") or {})},
    }


async def answered(app: App, user: User, session: Session, answer: str, metadata: passing.Metadata) -> Request:
    """The answer to a challenge is judged by the function. In no transaction."""
    await sessions.spend(app, session)
    state = session.state
    told = _told(app, user, state["history"], metadata) | {
        "privateChallengeParameters": state["private"],
        "challengeAnswer": answer,
    }
    del told["session"]
    source, blank = "VerifyAuthChallengeResponse_Authentication", {"answerCorrect": None}
    trigger = "VerifyAuthChallengeResponse"
    judged = await triggers.ask(app.ctx, app.pool, trigger, source, user.name, told, blank, app.client.id)
    entry = result(CHALLENGE, bool(judged.get("answerCorrect")), state["label"])
    return await step(app, user.name, user, [*state["history"], entry], metadata)


def result(challenge: str, is_right: bool, label: str | None = None) -> dict[str, Any]:
    """How functions are told of a challenge that is over."""
    return {"challengeName": challenge, "challengeResult": is_right, "challengeMetadata": label}

"""The decision point in a request's way: gathers what the decision needs and asks `fogbank.identity.decision`.

Whoever acts on resources of the own account as its root, where no resource policy and no organization has a say, is let through
without further ado.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

from fogbank import protocols
from fogbank.identity.directory import has_no_organizations, organizations_token
from fogbank.identity.principals import Session, role_session, service_host, service_principal
from fogbank.kernel.errors import AWSError
from fogbank.kernel.service import itself

if TYPE_CHECKING:
    from fogbank.app import App
    from fogbank.identity.condition_keys import ConditionKeys, Value
    from fogbank.identity.credentials import Credential
    from fogbank.identity.decision import Decision, Guard
    from fogbank.identity.directory import Guardrails
    from fogbank.identity.journal import Journal
    from fogbank.identity.principals import Principal
    from fogbank.identity.standing import Registrar, Standing
    from fogbank.kernel.context import Context
    from fogbank.kernel.service import Keys, Operation, Tags

# https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html#rcp-supported-services
_UNDER_RESOURCE_CONTROL = frozenset(
    {"aoss", "cognito-identity", "cognito-idp", "dynamodb", "ecr", "kms", "logs", "s3", "secretsmanager", "sqs", "sts"}
)

_NONE: Mapping[str, Any] = {}
_WITH_SESSION_RULES = frozenset({"iam", "sts"})
# Who holds policies, of which it is worth knowing what they are used for.
_HOLDERS = frozenset({"user", "role", "federated"})

# Action, resource, the resource's owner and its policy; and on whose behalf a service asks, if one does.
Part = tuple[str, str, str, str | None, tuple[Any, ...] | None]


class Question:
    """What somebody wants to do, and what the service says about it; see `Operation` for the rest.

    `parts` are its single questions, as a `Standing` notes them. `keys` and `tags` are there already, or functions of the context
    and `params` for when a policy wants to know.
    """

    __slots__ = ("keys", "owner", "params", "parts", "policy", "tags")

    def __init__(
        self,
        parts: Sequence[Part],
        owner: str,
        policy: str | None = None,
        params: dict[str, Any] | None = None,
        keys: Mapping[str, Value] | Keys | None = None,
        tags: Mapping[str, str] | Tags | None = None,
    ) -> None:
        self.parts = parts
        self.owner = owner
        self.policy = policy
        self.params = params or {}
        self.keys = keys
        self.tags = tags


class Authorisation:
    """One per app."""

    def __init__(self, app: App) -> None:
        self.app = app

    @cached_property
    def registrar(self) -> Registrar:
        from fogbank.identity.standing import Registrar

        return Registrar(self.app)

    @cached_property
    def journal(self) -> Journal:
        from fogbank.identity.journal import Journal

        return Journal(self.app)

    async def credential(self, access_key: str) -> Credential | None:
        """What is known of an issued key: the authenticator's lookup."""
        return await self.registrar.credential(access_key)

    # -- questions

    async def check(self, ctx: Context, operation: Operation, params: dict[str, Any]) -> None:
        """Raise AccessDenied, in the words of the service and its protocol, unless the caller may do this."""
        principal = ctx.principal
        if principal.access_key.startswith("AKIA"):
            self.journal.note_key(ctx)
        mode = self.app.settings.iam
        if mode == "off":
            return
        if principal.session is not None and mode == "enforce" and ctx.service.name in _WITH_SESSION_RULES:
            _check_session(ctx, operation)
        if operation.open or operation.resource is itself:
            return
        policy = None if operation.policy is None else await operation.policy(ctx, params)
        owner = ctx.account if operation.owner is None else await operation.owner(ctx, params) or ctx.account
        if policy is None and (self.is_surely_free(ctx, owner) or await self.is_free(ctx, owner)):
            return
        resources = "*" if operation.resource is None else operation.resource(ctx, params)
        if not isinstance(resources, str | tuple) and isawaitable(resources):
            resources = await resources
        if not resources:
            return
        named = (resources,) if isinstance(resources, str) else tuple(resources)
        await self._ask_once(ctx, operation, params, named, owner, policy)

    async def check_found(
        self, ctx: Context, operation: Operation, params: dict[str, Any], resource: str, owner: str, policy: str | None
    ) -> None:
        """`check` for a service that calls an operation of its own for another one, and has found the resource already."""
        if self.app.settings.iam != "off" and (policy is not None or not await self.is_free(ctx, owner)):
            await self._ask_once(ctx, operation, params, (resource,), owner, policy)

    async def _ask_once(
        self,
        ctx: Context,
        operation: Operation,
        params: dict[str, Any],
        named: tuple[str, ...],
        owner: str,
        policy: str | None,
    ) -> None:
        """Ask about these resources, unless the answer was yes a moment ago."""
        actions = _actions(ctx, operation, params)
        behalf = _behalf(ctx)
        parts = [(action, resource, owner, policy, behalf) for resource in named for action in actions]
        standing = self.registrar.seen(ctx)
        if standing is None or not standing.has_settled(parts, ctx.now()):
            await self.ask(ctx, Question(parts, owner, policy, params, operation.keys, operation.tags))

    async def ask(self, ctx: Context, question: Question) -> None:
        """Raise AccessDenied unless the caller may do each of the actions with each of the resources."""
        refusal = await self.first_refusal(ctx, question, await self._standing(ctx))
        if ctx.principal.kind in _HOLDERS and (refusal is None or refusal.reason == "implicit deny"):
            # what was asked for is a need, unless a policy forbids it
            for action, resource, *_ in question.parts:
                self.journal.note_use(ctx, action, resource)
        if refusal is not None:
            self.journal.note_denial(ctx, refusal)
            if self.app.settings.iam == "enforce":
                raise await self._error(ctx, refusal)

    def is_surely_free(self, ctx: Context, owner: str) -> bool:
        """`is_free`, as far as it is known without asking the store: so it is for nearly all requests of a root."""
        principal = ctx.principal
        return (
            principal.kind == "root"
            and owner == principal.account
            and principal.session is None
            and has_no_organizations(ctx)
        )

    async def is_free(self, ctx: Context, owner: str) -> bool:
        """Is this the root of the resource's account, whom only a resource policy could stop? Or does nobody ask at all?"""
        if self.app.settings.iam == "off":
            return True
        principal = ctx.principal
        if principal.kind != "root" or owner != principal.account or principal.session is not None:
            return False
        if ctx.tx is None:
            return await ctx.transact(organizations_token, ctx) is None
        return await organizations_token(ctx) is None

    async def require(self, ctx: Context, action: str, resource: str, **about: Any) -> None:
        """A decision inside an operation; see `Context.authorise`."""
        question = await self._inner_question(ctx, action, resource, **about)
        if question is not None:
            await self.ask(ctx, question)

    async def may(self, ctx: Context, action: str, resource: str, **about: Any) -> bool:
        """A question of the service's own; see `Context.may`."""
        question = await self._inner_question(ctx, action, resource, **about)
        if question is None or self.app.settings.iam != "enforce":
            return True
        return await self.first_refusal(ctx, question, await self._standing(ctx)) is None

    async def _inner_question(
        self,
        ctx: Context,
        action: str,
        resource: str,
        owner: str | None = None,
        policy: str | None = None,
        keys: Mapping[str, Value] | Keys | None = None,
        tags: Mapping[str, str] | Tags | None = None,
        params: dict[str, Any] | None = None,
    ) -> Question | None:
        """None when there is nothing to ask."""
        owner = owner or ctx.account
        if self.app.settings.iam == "off" or (policy is None and await self.is_free(ctx, owner)):
            return None
        return Question([(action, resource, owner, policy, _behalf(ctx))], owner, policy, params, keys, tags)

    async def assume(
        self,
        ctx: Context,
        role_arn: str,
        source_arn: str | None = None,
        session_name: str | None = None,
        service: str | None = None,
        external_id: str | None = None,
    ) -> Principal:
        """The role as which a service goes on with its work; see `Context.assume`."""
        from fogbank.identity import roles

        asking = ctx.at(service=self.app.services.get("sts"))
        asking.principal = service_principal(service or ctx.service.name, ctx.account)
        asking.origin = {**source(ctx, source_arn), **({"sts:ExternalId": external_id} if external_id else {})}
        asking.request, asking.protocol = None, ""
        role = await asking.transact(roles.find, asking, role_arn)
        owner = roles.account_of(role_arn) or ctx.account
        trust = roles.NO_TRUST if role is None else role.trust
        await self.ask(asking, Question([("sts:AssumeRole", role_arn, owner, trust, _behalf(asking))], owner, trust))
        if role is None:  # only audited
            raise AWSError("AccessDenied", f"{role_arn} cannot be assumed: there is no such role.", 403)
        name = roles.session_name(session_name or source_arn or ctx.service.name)
        return role_session(role.arn, role.id, name, Session(ctx.now()))

    # -- answers

    async def _standing(self, ctx: Context) -> Standing:
        from fogbank.identity.standing import NOBODY

        standing = self.registrar.seen(ctx)
        if standing is None:
            standing = await ctx.transact(self.registrar.standing, ctx, ctx.principal)
        return standing or NOBODY

    async def first_refusal(self, ctx: Context, question: Question, standing: Standing) -> Decision | None:
        """The first decision that is no; None when all are yes."""
        if ctx.tx is None:
            return await ctx.transact(self._decide, ctx, question, standing)
        return await self._decide(ctx, question, standing)

    async def _decide(self, ctx: Context, question: Question, standing: Standing) -> Decision | None:
        from fogbank.identity.decision import decide
        from fogbank.identity.policy import Access

        guard, organization = await self._guard(ctx, question)
        keys = await self._keys(ctx, question, standing, guard, organization)
        for part in question.parts:
            decision = decide(Access(ctx.principal, part[0], part[1], keys), standing.powers, guard)
            if not decision.allowed:
                return decision
            if not keys.volatile:
                standing.note(part, ctx.now())
        return None

    async def _guard(self, ctx: Context, question: Question) -> tuple[Guard, Guardrails | None]:
        """What is said about the resource, and the organization of its owner."""
        from fogbank.identity.decision import Guard
        from fogbank.identity.policy import compiled

        service = ctx.service
        policy = None if question.policy is None else compiled(question.policy)
        rails = await self.registrar.rails(ctx, question.owner)
        prefix = question.parts[0][0].partition(":")[0]
        bound = prefix in _UNDER_RESOURCE_CONTROL and not ctx.principal.is_service_linked
        guard = Guard(
            question.owner,
            policy,
            sovereign=service.sovereign_policies and policy is not None,
            trust=service.name == "sts",
            resource_control=rails.resource_control if bound else (),
        )
        return guard, rails.guardrails

    async def _keys(
        self, ctx: Context, question: Question, standing: Standing, guard: Guard, owner_organization: Guardrails | None
    ) -> ConditionKeys:
        """The condition keys; those that have to be looked for only where a policy asks for such keys."""
        from fogbank.identity.condition_keys import ConditionKeys, Situation

        def is_asked_for(key: str) -> bool:
            return standing.mentions(key) or guard.mentions(key)

        given, tags = question.keys or _NONE, question.tags or _NONE
        if callable(given):
            found = given(ctx, question.params) if is_asked_for(ctx.service.key_prefix) else _NONE
            given = await found if isawaitable(found) else found
        if callable(tags):
            tags = await tags(ctx, question.params) if is_asked_for("resourcetag/") else _NONE
        situation = Situation(
            ctx.principal,
            ctx.region,
            ctx.now(),
            ctx.request,
            question.params,
            standing.tags,
            standing.organization,
            question.owner,
            owner_organization,
            tags,
            given,
            ctx.origin,
        )
        return ConditionKeys(situation)

    async def _error(self, ctx: Context, decision: Decision) -> AWSError:
        """The refusal in the words of the service. EC2 keeps the details to itself: who may can have them decoded by STS."""
        model = protocols.load(ctx.service.name)
        related = await self._are_related(ctx, decision.access.principal.account, decision.owner)
        error = decision.error(model.signing_name, ctx.protocol or model.protocols[0], related)
        if model.signing_name == "ec2":
            from fogbank.identity.sealing import seal

            error.message += f" Encoded authorization failure message: {await seal(self.app, decision.details())}"
        return error

    async def _are_related(self, ctx: Context, one: str, other: str) -> bool:
        """Are these the same account, or two of one organization?"""
        if one == other:
            return True
        first, second = [await ctx.transact(self.registrar.rails, ctx, account) for account in (one, other)]
        if first.guardrails is None or second.guardrails is None:
            return False
        return first.guardrails.organization == second.guardrails.organization


def _check_session(ctx: Context, operation: Operation) -> None:
    from fogbank.identity import session_rules

    model = protocols.load(ctx.service.name)
    name = model.operation_by_snake(operation.name).name
    refusal = session_rules.refusal(ctx.principal, ctx.service.name, name, ctx.protocol or model.protocols[0])
    if refusal is not None:
        raise refusal


def _actions(ctx: Context, operation: Operation, params: dict[str, Any]) -> tuple[str, ...]:
    action = operation.action
    if action is None:
        name = protocols.load(ctx.service.name).operation_by_snake(operation.name).name
        action = operation.action = f"{ctx.service.iam_prefix}:{name}"
    if callable(action):
        action = action(ctx, params)
    return (action,) if isinstance(action, str) else action


# -- how a call from service to service came about


def _behalf(ctx: Context) -> tuple[Any, ...] | None:
    """The condition keys of the origin under which a decision is remembered: `aws:SourceArn`, `aws:SourceAccount`."""
    origin, principal = ctx.origin, ctx.principal
    if not origin and principal.kind != "service":
        return None
    return origin.get("aws:SourceArn"), origin.get("aws:SourceAccount", principal.account)


def source(ctx: Context, arn: str | None) -> Mapping[str, Value]:
    """The condition keys of a call that a service makes on behalf of a resource."""
    return {} if arn is None else {"aws:SourceArn": arn, "aws:SourceAccount": ctx.account}


def called_via(ctx: Context) -> Mapping[str, Value]:
    """The condition keys of a call that a service makes with its caller's permissions.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_forward_access_sessions.html
    """
    before = ctx.origin.get("aws:CalledVia", ())
    host = service_host(ctx.service.name)
    via = f"{host.removesuffix('.amazonaws.com')}.{ctx.region}.amazonaws.com"
    return {**ctx.origin, "aws:CalledVia": (*before, host), "kms:ViaService": via}

"""The decision point in a request's way: gathers what the decision needs and asks `fogbank.identity.decision`.

Whoever acts on resources of the own account as its root, where no resource policy and no organization has a say, is let through
without further ado.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from fogbank import protocols
from fogbank.identity.directory import organizations_token

if TYPE_CHECKING:
    from fogbank.app import App
    from fogbank.identity.condition_keys import ConditionKeys, Value
    from fogbank.identity.decision import Decision, Guard
    from fogbank.identity.standing import Registrar, Standing
    from fogbank.kernel.context import Context
    from fogbank.kernel.service import Operation

# https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html#rcp-supported-services
_UNDER_RESOURCE_CONTROL = frozenset(
    {"aoss", "cognito-identity", "cognito-idp", "dynamodb", "ecr", "kms", "logs", "s3", "secretsmanager", "sqs", "sts"}
)


class Question:
    """What somebody wants to do, and what the service says about it; see `Operation` for the parts."""

    __slots__ = ("actions", "keys", "owner", "params", "policy", "resources", "tags")

    def __init__(
        self,
        actions: Iterable[str],
        resources: Iterable[str],
        owner: str,
        policy: str | None = None,
        params: Mapping[str, Any] | None = None,
        keys: Callable[[], Mapping[str, Value]] | None = None,
        tags: Callable[[], Any] | None = None,
    ) -> None:
        self.actions = actions
        self.resources = resources
        self.owner = owner
        self.policy = policy
        self.params = params or {}
        self.keys = keys
        self.tags = tags


class Authorisation:
    """One per app."""

    def __init__(self, app: App) -> None:
        self.app = app
        self._registrar: Registrar | None = None

    @property
    def registrar(self) -> Registrar:
        if self._registrar is None:
            from fogbank.identity.standing import Registrar

            self._registrar = Registrar(self.app)
        return self._registrar

    # -- questions

    async def check(self, ctx: Context, operation: Operation, params: dict[str, Any]) -> None:
        """Raise AccessDenied, in the words of the service and its protocol, unless the caller may do this."""
        if operation.open or self.app.settings.iam == "off":
            return
        policy = None if operation.policy is None else await operation.policy(ctx, params)
        owner = ctx.account if operation.owner is None else await operation.owner(ctx, params) or ctx.account
        if policy is None and await self.is_free(ctx, owner):
            return
        resources = "*" if operation.resource is None else operation.resource(ctx, params)
        if not resources:
            return
        keys, tags = operation.keys, operation.tags
        question = Question(
            _actions(ctx, operation, params),
            [resources] if isinstance(resources, str) else resources,
            owner,
            policy,
            params,
            None if keys is None else lambda: keys(ctx, params),
            None if tags is None else lambda: tags(ctx, params),
        )
        await self.ask(ctx, question)

    async def ask(self, ctx: Context, question: Question) -> None:
        """Raise AccessDenied unless the caller may do each of the actions with each of the resources."""
        refusal = await self.first_refusal(ctx, question)
        if refusal is not None and self.app.settings.iam == "enforce":
            raise self._error(ctx, refusal)

    async def is_free(self, ctx: Context, owner: str) -> bool:
        """Is this the root of the resource's account, whom only a resource policy could stop?"""
        principal = ctx.principal
        if principal.kind != "root" or owner != principal.account or principal.session is not None:
            return False
        if ctx.tx is None:
            return await ctx.transact(organizations_token, ctx) is None
        return await organizations_token(ctx) is None

    # -- answers

    async def first_refusal(self, ctx: Context, question: Question) -> Decision | None:
        """The first decision that is no; None when all are yes."""
        return await (ctx.transact(self._decide, ctx, question) if ctx.tx is None else self._decide(ctx, question))

    async def _decide(self, ctx: Context, question: Question) -> Decision | None:
        from fogbank.identity.decision import decide
        from fogbank.identity.policy import Access
        from fogbank.identity.standing import NOBODY

        principal = ctx.principal
        standing = await self.registrar.standing(ctx, principal) or NOBODY
        guard, keys = await self._surroundings(ctx, question, standing)
        for resource in question.resources:
            for action in question.actions:
                decision = decide(Access(principal, action, resource, keys), standing.powers, guard)
                if not decision.allowed:
                    return decision
        return None

    async def _surroundings(
        self, ctx: Context, question: Question, standing: Standing
    ) -> tuple[Guard, ConditionKeys]:
        from fogbank.identity.condition_keys import ConditionKeys, Situation
        from fogbank.identity.decision import Guard
        from fogbank.identity.policy import compiled

        policy = None if question.policy is None else compiled(question.policy)
        rails = await self.registrar.rails(ctx, question.owner)
        bound = rails.resource_control
        if bound and (ctx.principal.is_service_linked or ctx.service.iam_prefix not in _UNDER_RESOURCE_CONTROL):
            bound = ()
        service = ctx.service
        guard = Guard(question.owner, policy, service.sovereign_policies and policy is not None, service.name == "sts", bound)
        about_tags = standing.about_tags or (policy is not None and policy.mentions("resourcetag/"))
        tags = await question.tags() if about_tags and question.tags is not None else {}
        situation = Situation(
            ctx.principal,
            ctx.region,
            ctx.now(),
            ctx.request,
            question.params,
            standing.tags,
            standing.organization,
            question.owner,
            rails.guardrails,
            tags,
            question.keys,
            ctx.origin,
        )
        return guard, ConditionKeys(situation)

    def _error(self, ctx: Context, decision: Decision) -> Exception:
        model = protocols.load(ctx.service.name)
        return decision.error(model.signing_name, ctx.protocol or model.protocols[0])


def _actions(ctx: Context, operation: Operation, params: dict[str, Any]) -> tuple[str, ...]:
    action = operation.action
    if action is None:
        name = protocols.load(ctx.service.name).operation_by_snake(operation.name).name
        return (f"{ctx.service.iam_prefix}:{name}",)
    if isinstance(action, str):
        return (action,)
    found = action if isinstance(action, tuple) else action(ctx, params)
    return (found,) if isinstance(found, str) else found

"""Simulating policies: SimulatePrincipalPolicy, SimulateCustomPolicy, GetContextKeysForPrincipalPolicy and ...CustomPolicy."""

from __future__ import annotations

import re
from typing import Any, Final

from fogbank.identity import directory, policy_grammar, reference
from fogbank.identity.principals import Principal, Session, role_session
from fogbank.identity.wildcards import AnyOf
from fogbank.kernel import Context
from fogbank.services.iam import context_keys, exclusions, policies, simulator, subjects
from fogbank.services.iam.errors import invalid_input
from fogbank.services.iam.listing import page
from fogbank.services.iam.service import service
from fogbank.services.iam.simulator import Match, Result, Simulation, Source, SourceType
from fogbank.services.iam.subjects import HeldPolicy, Subject

Request = dict[str, Any]
Keys = dict[str, str | tuple[str, ...]]

_ACTION = re.compile(r"[a-zA-Z0-9-]+:[a-zA-Z0-9]+")
_CALLER = re.compile(r"arn:[\w-]+:iam::(\d{12}):(user|group|role)/(?:.*/)?([^/]+)")

# What kinds of EC2 resources each scenario of RunInstances needs: API_SimulateCustomPolicy, ResourceHandlingOption.
_INSTANCE: Final = ("instance", "image", "security-group", "network-interface")
_SCENARIOS: Final = {
    "EC2-VPC-InstanceStore": _INSTANCE,
    "EC2-VPC-InstanceStore-Subnet": (*_INSTANCE, "subnet"),
    "EC2-VPC-EBS": (*_INSTANCE, "volume"),
    "EC2-VPC-EBS-Subnet": (*_INSTANCE, "subnet", "volume"),
}


# -- the operations


def _source_arn(ctx: Context, request: Request) -> str:
    return request["PolicySourceArn"]


@service.operation(resource=_source_arn)
async def simulate_principal_policy(ctx: Context, request: Request) -> Request:
    """What the policies of a user, group or role, and others besides, would decide. API_SimulatePrincipalPolicy."""
    left_out = request.get("PolicyExclusionList", [])
    exclusions.check(left_out)
    subject = await subjects.find(ctx, request["PolicySourceArn"])
    held = [policy for policy in subject.policies if not exclusions.excludes(left_out, policy)]
    if subject.noun == "role" and "ResourcePolicy" in request:
        raise invalid_input("Simulation of resource-based policies isn't supported for IAM roles.")
    given = {"CallerArn": subject.arn, **request}
    own = _keys_of_subject(ctx, subject) if given["CallerArn"] == subject.arn else _keys_of_caller(given)
    boundary = None if exclusions.excludes_type(left_out, "permission-boundary") else await _boundary(ctx, subject)
    simulation = Simulation(
        caller=_caller(ctx, given, subject.id),
        sources=(*map(_source_of, held), *_inputs(request)),
        owner=_owner(ctx, request),
        keys={**own, **_context(request)},
        boundary=_given_boundary(request) or boundary,
        service_control=() if exclusions.excludes_type(left_out, "scp") else await _service_control(ctx),
        resource_policy=_resource_policy(given),
    )
    return _answer(request, simulation)


@service.operation
async def simulate_custom_policy(ctx: Context, request: Request) -> Request:
    """What policies that need not be anybody's would decide. API_SimulateCustomPolicy."""
    levels = request.get("OrderedOrganizationPolicyInputList", [])
    simulation = Simulation(
        caller=_caller(ctx, request),
        sources=tuple(_inputs(request)),
        owner=_owner(ctx, request),
        keys={**_keys_of_caller(request), **_context(request)},
        boundary=_given_boundary(request),
        service_control=tuple(tuple(_checked(level.get("ServiceControlPolicyInputList", []))) for level in levels),
        resource_policy=_resource_policy(request),
    )
    return _answer(request, simulation)


@service.operation
async def get_context_keys_for_custom_policy(ctx: Context, request: Request) -> Request:
    """API_GetContextKeysForCustomPolicy."""
    return {"ContextKeyNames": context_keys.of_texts(_checked(request["PolicyInputList"]))}


@service.operation(resource=_source_arn)
async def get_context_keys_for_principal_policy(ctx: Context, request: Request) -> Request:
    """API_GetContextKeysForPrincipalPolicy."""
    subject = await subjects.find(ctx, request["PolicySourceArn"])
    given = _checked(request.get("PolicyInputList", []))
    return {"ContextKeyNames": context_keys.of_texts([*(policy.text for policy in subject.policies), *given])}


# -- who is simulated


def _caller(ctx: Context, request: Request, id: str = "") -> Principal:
    """The principal of CallerArn; without one, somebody of the account whom no resource policy names. Raises InvalidInput."""
    arn = request.get("CallerArn")
    if arn is None:
        return Principal(ctx.account, "", "user", id)
    named = _CALLER.fullmatch(arn)
    if named is None:
        raise invalid_input(f"Invalid Entity Arn: {arn} does not clearly define entity type and name.")
    account, noun, name = named.groups()
    if noun == "role":
        return role_session(arn, id, "simulation", Session(ctx.now()))
    return Principal(account, arn, "user", id, "", name)


def _keys_of_caller(request: Request) -> Keys:
    """What is known of a caller by its ARN alone."""
    named = _CALLER.fullmatch(request.get("CallerArn", ""))
    if named is None:
        return {}
    account, noun, name = named.groups()
    keys: Keys = {"aws:principalarn": request["CallerArn"], "aws:principalaccount": account}
    return {**keys, "aws:username": name, "aws:principaltype": "User"} if noun == "user" else keys


def _keys_of_subject(ctx: Context, subject: Subject) -> Keys:
    tags: Keys = {f"aws:principaltag/{key.lower()}": value for key, value in subject.tags.items()}
    keys = {**_keys_of_caller({"CallerArn": subject.arn}), **tags}
    return {**keys, "aws:userid": subject.id} if subject.noun == "user" else keys


# -- what it is held to


def _checked(texts: list[str]) -> list[str]:
    """Policies that are fit to be simulated. Raises InvalidInput."""
    for text in texts:
        try:
            policy_grammar.check(text, "identity")
        except policy_grammar.MalformedPolicy as malformed:
            raise invalid_input(f"Malformed policy: {malformed.message}") from None
    return texts


def _inputs(request: Request) -> list[Source]:
    texts = _checked(request.get("PolicyInputList", []))
    return [Source(text, f"PolicyInputList.{number}") for number, text in enumerate(texts, 1)]


def _source_of(policy: HeldPolicy) -> Source:
    if not policy.arn:
        return Source(policy.text, policy.name, policy.holder)
    kind: SourceType = "aws-managed" if policy.is_aws_managed else "user-managed"
    return Source(policy.text, policy.name, kind)


def _resource_policy(request: Request) -> Source | None:
    text = request.get("ResourcePolicy")
    if text is None:
        return None
    if "CallerArn" not in request:
        raise invalid_input("CallerArn is required when a ResourcePolicy is specified.")
    try:
        policy_grammar.check(text, "resource")
    except policy_grammar.MalformedPolicy as malformed:
        raise invalid_input(f"Malformed policy: {malformed.message}") from None
    return Source(text, "ResourcePolicy", "resource")


def _given_boundary(request: Request) -> str | None:
    texts = _checked(request.get("PermissionsBoundaryPolicyInputList", []))
    if len(texts) > 1:
        raise invalid_input("Only one permissions boundary policy can be specified.")
    return texts[0] if texts else None


async def _boundary(ctx: Context, subject: Subject) -> str | None:
    if not subject.boundary:
        return None
    return await policies.default_document(ctx, await policies.find(ctx, subject.boundary))


async def _service_control(ctx: Context) -> tuple[tuple[str, ...], ...]:
    """The service control policies over the account, by level."""
    organizations = directory.organizations(ctx.app)
    found = None if organizations is None else await organizations.guardrails(ctx, ctx.account)
    if found is None or found.management:
        return ()
    return tuple(tuple(document.text for document in level) for level in found.service_control)


# -- the situation


def _context(request: Request) -> Keys:
    """ContextEntries as condition keys. A list type makes a key of many values, whatever their number."""
    keys: Keys = {}
    for entry in request.get("ContextEntries", []):
        values = tuple(entry.get("ContextKeyValues", ()))
        many = entry.get("ContextKeyType", "").endswith("List") or len(values) != 1
        keys[entry.get("ContextKeyName", "").lower()] = values if many else values[0]
    return keys


def _owner(ctx: Context, request: Request) -> str:
    """The account of resources that name none."""
    given = request.get("ResourceOwner", "")
    account = given.split(":")[4] if given.startswith("arn:") and given.count(":") >= 5 else given
    if given and not (len(account) == 12 and account.isdigit()):
        raise invalid_input(f"Invalid ResourceOwner: {given}")
    caller = _CALLER.fullmatch(request.get("CallerArn", ""))
    return account or (caller[1] if caller else ctx.account)


def _check_scenario(request: Request, resources: list[str]) -> None:
    option = request.get("ResourceHandlingOption")
    if option is None:
        return
    if option not in _SCENARIOS:
        raise invalid_input(f"Invalid ResourceHandlingOption: {option}")
    kinds = {resource.split(":", 5)[5].partition("/")[0] for resource in resources if resource.count(":") >= 5}
    lacking = [kind for kind in _SCENARIOS[option] if kind not in kinds]
    if lacking:
        raise invalid_input(f"The scenario {option} requires resources of type: {', '.join(lacking)}")


# -- the answer


def _answer(request: Request, simulation: Simulation) -> Request:
    given = request.get("ResourceArns", [])
    _check_scenario(request, given)
    for action in request["ActionNames"]:
        if _ACTION.fullmatch(action) is None:
            raise invalid_input(f"Invalid action name: {action}")
    found, more = page(request, list(enumerate(request["ActionNames"])), lambda entry: f"{entry[0]:06}")
    shown = [_evaluated(simulation, action, given) for _, action in found]
    return {"EvaluationResults": shown, **more}


def _evaluated(simulation: Simulation, action: str, resources: list[str]) -> Request:
    """An EvaluationResult: one action, on all resources together and on each."""
    results = [simulation.run(action, resource) for resource in resources or ["*"]]
    first = results[0]
    specific = [_specific(result) for result in results] if resources and resources != ["*"] else None
    return {
        "EvalActionName": action,
        "EvalResourceName": _template(action, resources),
        "EvalDecision": simulator.worst(result.verdict for result in results),
        "MatchedStatements": _distinct([_matched(match) for result in results for match in result.matched]),
        "MissingContextValues": list(dict.fromkeys(key for result in results for key in result.missing)),
        "OrganizationsDecisionDetail": _organization(results),
        "PermissionsBoundaryDecisionDetail": _boundary_detail(all(result.boundary for result in results), first),
        "EvalDecisionDetails": simulator.worst_by_policy(results) if specific else None,
        "ResourceSpecificResults": specific,
    }


def _specific(result: Result) -> Request:
    return {
        "EvalResourceName": result.resource,
        "EvalResourceDecision": result.verdict,
        "MatchedStatements": [_matched(match) for match in result.matched],
        "MissingContextValues": list(result.missing),
        "EvalDecisionDetails": result.by_policy,
        "PermissionsBoundaryDecisionDetail": _boundary_detail(bool(result.boundary), result),
    }


def _organization(results: list[Result]) -> Request | None:
    if results[0].organization is None:
        return None
    return {"AllowedByOrganizations": all(result.organization for result in results)}


def _boundary_detail(allowed: bool, result: Result) -> Request | None:
    return None if result.boundary is None else {"AllowedByPermissionsBoundary": allowed}


def _matched(match: Match) -> Request:
    return {
        "SourcePolicyId": match.source.id,
        "SourcePolicyType": match.source.type,
        "StartPosition": dict(zip(("Line", "Column"), match.start, strict=True)),
        "EndPosition": dict(zip(("Line", "Column"), match.end, strict=True)),
    }


def _distinct(entries: list[Request]) -> list[Request]:
    return [entry for number, entry in enumerate(entries) if entry not in entries[:number]]


def _template(action: str, resources: list[str]) -> str:
    """The form of the ARNs that an action is about, the one that fits if there is one; `*` for any resource."""
    vendor, _, name = action.partition(":")
    known = reference.service(vendor)
    about = known.actions.get(name.lower()) if known else None
    if known is None or about is None or not resources or resources == ["*"]:
        return "*"
    forms = [known.resource_types[used.name].arn for used in about.resource_types if used.name in known.resource_types]
    fitting = [form for form in forms if all(_fits(form, resource) for resource in resources)]
    return next(iter([*fitting, *forms]), "*")


def _fits(form: str, arn: str) -> bool:
    return AnyOf([re.sub(r"\$\{\w+\}", "*", form)], variables=False).matches(arn, {})

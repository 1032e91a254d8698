"""What Lambda keeps, and where it lies in the store.

    functions   name, version        -> Function; the version is `$LATEST` or a number, with leading zeros in the key
    counters    name                 -> the number of the last version that was published
    aliases     name, alias          -> Alias
    policies    name, qualifier      -> Policy; an empty qualifier is the function itself
    reserved    name                 -> the concurrency that is reserved for the function
    tags        name                 -> tags

Everything is in the scope of the account and region. Code is a blob, shared by the versions that have it through links.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import msgspec

from fogbank.kernel import Context, Record
from fogbank.services.lambda_ import errors
from fogbank.services.lambda_.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

LATEST = "$LATEST"
ACTIVE, PENDING, INACTIVE, FAILED = "Active", "Pending", "Inactive", "Failed"
SUCCESSFUL, IN_PROGRESS = "Successful", "InProgress"


class Code(Record, frozen=True):
    """`sha256` is hexadecimal. `directory` is a local one that is run where it lies, instead of a package; `image` a container's.

    With a `key` (ARN) of KMS, the blob is encrypted under `own_key`, which that can open; see `code_sealing`.
    """

    size: int = 0
    sha256: str = ""
    blob: str = ""
    directory: str = ""
    image: str = ""
    key: str = ""
    own_key: bytes = b""


class Layer(Record, frozen=True):
    """A layer version that a function uses: its ARN, and its content, which stays when the layer version is deleted."""

    arn: str
    code: Code


class Sealed(Record, frozen=True):
    """Environment variables that are encrypted (see `sealing`): under a key of their own, which the KMS key of that ARN can open."""

    key: str
    grant: str
    own_key: bytes
    content: bytes


class Function(Record, frozen=True):
    """One version of a function. `config` holds the members of a FunctionConfiguration that were asked for, as they are answered.

    `modified` is epoch seconds. `revision` changes with every change, `build` with those that need another environment.
    """

    name: str
    version: str
    config: dict[str, Any]
    code: Code
    modified: float
    revision: str
    build: str
    state: str = PENDING
    state_reason: str = ""
    state_code: str = ""
    update_status: str = SUCCESSFUL
    update_reason: str = ""
    update_code: str = ""
    description: str = ""
    layers: list[Layer] = []
    sealed: Sealed | None = None

    @property
    def role(self) -> str:
        return str(self.config["Role"])

    @property
    def timeout(self) -> int:
        return int(self.config["Timeout"])

    @property
    def snap_starts(self) -> bool:
        """Whether environments of the version go on from a snapshot."""
        return self.version != LATEST and bool(self.config["SnapStart"]["ApplyOn"] == "PublishedVersions")

    @property
    def memory(self) -> int:
        return int(self.config["MemorySize"])


class Alias(Record, frozen=True):
    """`weights` are those of further versions: of the version itself is what is left of 1."""

    name: str
    version: str
    description: str
    revision: str
    weights: dict[str, float] = {}


class Policy(Record, frozen=True):
    """The statements of a resource policy, as JSON objects."""

    statements: list[dict[str, Any]]
    revision: str


class Reserved(Record, frozen=True):
    concurrency: int


class Tags(Record, frozen=True):
    tags: dict[str, str]


functions = service.collection("functions", Function, cached=True)
counters = service.collection("counters", int)
aliases = service.collection("aliases", Alias, cached=True)
policies = service.collection("policies", Policy, cached=True)
reserved = service.collection("reserved", Reserved, cached=True)
tags = service.collection("tags", Tags)


def key_of(version: str) -> str:
    return version if version == LATEST else f"{int(version):012}"


# -- names


_ACCOUNT = re.compile(r"\d{12}")


class Named(NamedTuple):
    """A function as a request names it. `qualifier` is a version or an alias, empty when it says none."""

    scope: Context
    name: str
    qualifier: str

    @property
    def arn(self) -> str:
        """As it was named."""
        arn = arn_of(self.scope, self.name)
        return f"{arn}:{self.qualifier}" if self.qualifier else arn

    @property
    def function_arn(self) -> str:
        return arn_of(self.scope, self.name)


def arn_of(ctx: Context, name: str) -> str:
    return f"arn:{ctx.partition}:lambda:{ctx.region}:{ctx.account}:function:{name}"


def named(ctx: Context, request: Request) -> Named:
    """The function of a request: `name`, `name:qualifier`, an ARN or the end of one, and perhaps a Qualifier besides."""
    text: str = request["FunctionName"]
    parts = text.split(":")
    account, region = ctx.account, ctx.region
    if parts[0] == "arn":
        if len(parts) < 7:
            raise errors.function_not_found(text)
        region, account, parts = parts[3], parts[4], parts[6:]
    else:
        if len(parts) > 1 and _ACCOUNT.fullmatch(parts[0]):
            account, parts = parts[0], parts[1:]
        if len(parts) > 1 and parts[0] == "function":
            parts = parts[1:]
    if region != ctx.region and ctx.request is not None:  # services reach functions of other regions
        raise errors.not_reachable(region, ctx.region)
    name, qualifier = parts[0], parts[1] if len(parts) > 1 else ""
    asked = request.get("Qualifier") or ""
    if qualifier and asked and qualifier != asked:
        raise errors.qualifiers_differ()
    scope = ctx if (account, region) == (ctx.account, ctx.region) else ctx.at(account=account, region=region)
    return Named(scope, name, qualifier or asked)


async def latest(of: Named) -> Function:
    """The unpublished version. Raises ResourceNotFoundException."""
    function = await functions.get(of.scope, of.name, LATEST)
    if function is None:
        raise errors.function_not_found(of.function_arn)
    return function


async def whole(of: Named) -> Function:
    """The unpublished version, for what no version or alias has of its own. Raises as `latest`, InvalidParameterValueException."""
    if of.qualifier not in ("", LATEST):
        raise errors.functions_only()
    return await latest(of)


async def find(of: Named) -> Function:
    """The version that is named, by number or by alias (its main version). Raises ResourceNotFoundException."""
    version = of.qualifier or LATEST
    if version != LATEST and not version.isdecimal():
        alias = await aliases.get(of.scope, of.name, version)
        if alias is None:
            raise errors.function_not_found(of.arn)
        version = alias.version
    function = await functions.get(of.scope, of.name, key_of(version))
    if function is None:
        raise errors.function_not_found(of.arn)
    return function


async def updatable(of: Named) -> Function:
    """The unpublished version, unless it is being made or changed."""
    function = await whole(of)
    if function.state == PENDING:
        raise errors.not_ready(function.state, "")
    if function.update_status == IN_PROGRESS:
        raise errors.update_in_progress(of.function_arn)
    return function


def check_revision(function: Function, request: Request) -> None:
    if request.get("RevisionId") not in (None, function.revision):
        raise errors.revision_differs()


def change(ctx: Context, function: Function, **fields: Any) -> Function:
    """Write the version with those fields changed, and a revision of its own."""
    changed = msgspec.structs.replace(function, revision=ctx.ids.uuid(), **fields)
    functions.put(ctx, changed, changed.name, key_of(changed.version))
    return changed


# -- for the decision about a request


def anything(ctx: Context, request: Request) -> str:
    """Operations on no function in particular."""
    return "*"


def named_arn(ctx: Context, request: Request) -> str:
    return named(ctx, request).arn


def function_arn(ctx: Context, request: Request) -> str:
    return named(ctx, request).function_arn


async def _owner(ctx: Context, request: Request) -> str | None:
    return named(ctx, request).scope.account


async def _policy(ctx: Context, request: Request) -> str | None:
    of = named(ctx, request)

    async def look() -> Policy | None:
        return await policies.get(of.scope, of.name, "" if of.qualifier == LATEST else of.qualifier)

    found = await (of.scope.transact(look) if of.scope.tx is None else look())
    return document_of(found)


def document_of(policy: Policy | None) -> str | None:
    """The policy as JSON, None when it has no statements."""
    if policy is None or not policy.statements:
        return None
    document = {"Version": "2012-10-17", "Id": "default", "Statement": policy.statements}
    return msgspec.json.encode(document).decode()


async def _tags(ctx: Context, request: Request) -> dict[str, str]:
    of = named(ctx, request)

    async def look() -> Tags | None:
        return await tags.get(of.scope, of.name)

    found = await (of.scope.transact(look) if of.scope.tx is None else look())
    return {} if found is None else found.tags


ON_FUNCTION: dict[str, Any] = {"resource": function_arn, "owner": _owner, "policy": _policy, "tags": _tags}
ON_QUALIFIED: dict[str, Any] = {**ON_FUNCTION, "resource": named_arn}

"""Resource types: what CloudFormation and Cloud Control see of a service.

    @service.resource_type
    class Queue(ResourceType):
        name = "AWS::SQS::Queue"
        identifier = ("QueueUrl",)
        ...

A type works only through the operations of its service, with the permissions of whoever asks: what a template makes is what the API
makes. Its properties and their names are those of the CloudFormation schema.

Whoever has a resource made or changed (Cloud Control, CloudFormation) goes three steps:

    async with kind.prepared(ctx, before, after) as given:         # what cannot be done in a transaction: bytes become a blob
        identifier = await ctx.transact(kind.create, ctx, given)   # all of it, or nothing
    while not await ctx.transact(kind.stabilise, ctx, identifier, before, after):
        ...                                                        # again after `pause(waited)`, as a task

`stabilise` makes one step at a time, and only looks at how things are: so it may be asked as often as one likes, by whoever goes on
after a restart.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from fogbank import protocols
from fogbank.kernel.errors import AWSError
from fogbank.kernel.fitting import fitted

if TYPE_CHECKING:
    from fogbank.kernel.context import Context

Properties = dict[str, Any]

# how long a resource is left alone before it is looked at again (seconds of the virtual clock)
_SHORTEST_PAUSE = 0.02
_LONGEST_PAUSE = 15.0

# where the namespace of a type is not the service's name in lower case
_SERVICES = {
    "CertificateManager": "acm",
    "Cognito": "cognito-idp",
    "ACMPCA": "acm-pca",
    "SSO": "sso-admin",
    "AccessAnalyzer": "accessanalyzer",
    "EventSchemas": "schemas",
    "S3Express": "s3",
    "S3ObjectLambda": "s3control",
    "ResourceGroups": "resource-groups",
    "KinesisFirehose": "firehose",
    "ApplicationAutoScaling": "application-autoscaling",
}


def service_of(type_name: str) -> str:
    """The service (by botocore's name) that a type such as `AWS::SQS::Queue` belongs to; empty for what is no name of a type."""
    parts = type_name.split("::")
    if len(parts) != 3 or parts[0] != "AWS":
        return ""
    return _SERVICES.get(parts[1], parts[1].lower())


class Naming(NamedTuple):
    """How CloudFormation names a resource that its template does not name: `<stack>-<logical id>-<random>` in `member`.

    `suffix` is a property and how the name ends when it is true.
    """

    member: str
    longest: int = 64
    lower: bool = False
    suffix: tuple[str, str] = ("", "")


class ResourceType(ABC):
    """Handlers of one type. They run in a transaction, and may run again from their start; errors are those of the service.

    identifier   the properties that identify a resource; their values, joined by `|`, are its identifier
    required     what has to be given on creation
    create_only  what cannot be changed without making another resource
    read_only    what the service decides
    write_only   what is never told again (passwords)
    missing      the codes of errors that say that the resource is not there
    naming       how CloudFormation names one that its template does not name
    next_page    what the service's listings call the place where a page begins, in requests and in answers
    """

    name: ClassVar[str]
    identifier: ClassVar[tuple[str, ...]]
    required: ClassVar[frozenset[str]] = frozenset()
    create_only: ClassVar[frozenset[str]] = frozenset()
    read_only: ClassVar[frozenset[str]] = frozenset()
    write_only: ClassVar[frozenset[str]] = frozenset()
    missing: ClassVar[frozenset[str]] = frozenset()
    naming: ClassVar[Naming | None] = None
    next_page: ClassVar[tuple[str, str]] = ("NextToken", "NextToken")

    @abstractmethod
    async def create(self, ctx: Context, properties: Properties) -> str:
        """Make a resource. Returns its identifier."""

    @abstractmethod
    async def read(self, ctx: Context, identifier: str) -> Properties:
        """All properties but the write-only ones, as they are now."""

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        """Change it in place. Only called when nothing of `create_only` differs."""
        raise NotImplementedError(f"{self.name} has nothing that could be changed in place")

    @abstractmethod
    async def delete(self, ctx: Context, identifier: str) -> None: ...

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        """The identifiers of all resources of the type; `given` are properties that some types need to know."""
        raise NotImplementedError(f"{self.name} cannot be listed")

    @asynccontextmanager
    async def prepared(self, ctx: Context, before: Properties, after: Properties) -> AsyncIterator[Properties]:
        """What creating (`before` is empty) or updating needs of the world outside, done outside of transactions.

        Gives the properties as the handler gets them. What no transaction has kept when the block fails, goes.
        """
        yield after

    async def stabilise(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> bool:
        """Make the next step towards what was asked for, if it can be made now. Is there nothing left to do or to wait for?

        Raises what says that it will never be. Creating has an empty `before`.
        """
        return await self.is_ready(ctx, identifier)

    async def is_ready(self, ctx: Context, identifier: str) -> bool:
        """Has it become what it was asked to be? For types that need no further step."""
        return True

    async def is_gone(self, ctx: Context, identifier: str) -> bool:
        """Is nothing left of a resource that was deleted?"""
        try:
            await self.read(ctx, identifier)
        except AWSError as error:
            if self.is_missing(error):
                return True
            raise
        return False

    # -- for handlers

    async def call(
        self, ctx: Context, operation: str, params: Properties, service: str | None = None
    ) -> dict[str, Any]:
        """Call an operation of the type's service with the caller's permissions. Members that are None are left out.

        Texts that stand for numbers and truth values become these. Raises what the service says to what its model does not allow.
        """
        name = service or service_of(self.name)
        given = self.fitted(ctx, operation, {name: value for name, value in params.items() if value is not None}, name)
        _check(ctx, name, operation, given)
        return await ctx.call(name, operation, given, as_caller=True)

    async def listed(self, ctx: Context, operation: str, member: str, **params: Any) -> Sequence[Any]:
        """What a listing operation has in `member`, on all of its pages."""
        found: list[Any] = []
        given, told = self.next_page
        token: str | None = None
        while True:
            page = await self.call(ctx, operation, {**params, given: token})
            found += page[member]
            token = page.get(told)
            if token is None:
                return found

    def fitted(self, ctx: Context, operation: str, params: Properties, service: str | None = None) -> Properties:
        """The parameters of an operation with numbers and truth values where its model has them. Raises ValidationException."""
        name = service or service_of(self.name)
        found, shape = ctx.app.services.get(name), protocols.load(name).operations[operation].input_shape
        if shape is None or found is None:
            return params
        fit: Properties = fitted(shape, params, found.documents)
        return fit

    @property
    def is_fixed(self) -> bool:
        """Is there nothing about it that could be changed in place?"""
        return type(self).update is ResourceType.update

    def is_missing(self, error: AWSError) -> bool:
        return error.code in self.missing

    def ref(self, identifier: str, properties: Properties) -> str:
        """What `Ref` answers in a template, given the properties as they are: the last part of an identifier that has several."""
        return identifier if len(self.identifier) == 1 else identifier.rpartition("|")[2]

    def identifier_of(self, properties: Properties) -> str:
        return "|".join(str(properties[name]) for name in self.identifier)


def _check(ctx: Context, service_name: str, operation: str, params: Properties) -> None:
    """Raise what the service says to parameters that its model does not allow."""
    service, model = ctx.app.services.get(service_name), protocols.load(service_name)
    if service is None:
        return
    codec = protocols.codec(model.operations[operation], model.protocols[0], service.documents, service.enums)
    violations = codec.violations(params)
    if violations:
        message = protocols.violations_message(violations)
        refuse = service.validation_error
        raise refuse(message, violations) if refuse is not None else AWSError("ValidationException", message)


def pause(waited: float) -> float:
    """How long to leave a resource alone (seconds) that is not ready after so many: shortly at first, ever longer later."""
    return min(max(waited / 4, _SHORTEST_PAUSE), _LONGEST_PAUSE)


def pick(properties: Properties, *names: str) -> Properties:
    """Those of the properties that are there, under the same names."""
    return {name: properties[name] for name in names if properties.get(name) is not None}


def tag_list(properties: Properties, name: str = "Tags") -> dict[str, str] | None:
    """A list of `{Key, Value}` as a map, as many operations want it."""
    tags = properties.get(name)
    return None if tags is None else {tag["Key"]: tag["Value"] for tag in tags}


def tag_changes(before: Properties, after: Properties, name: str = "Tags") -> tuple[dict[str, str], list[str]]:
    """(tags to set, keys to remove) that lead from one list of `{Key, Value}` to another."""
    old, new = tag_list(before, name) or {}, tag_list(after, name) or {}
    return {key: value for key, value in new.items() if old.get(key) != value}, [key for key in old if key not in new]

"""Service: one AWS API. It names the operations, collections, tasks and edges that a service's modules declare."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from fogbank.kernel.collection import Collection, Scope
from fogbank.kernel.data_events import is_data_event

if TYPE_CHECKING:
    from fogbank.http import Request, Response
    from fogbank.kernel.context import Context
    from fogbank.kernel.errors import AWSError
    from fogbank.kernel.resource_types import ResourceType

Handler = Callable[["Context", dict[str, Any]], Awaitable[dict[str, Any] | None]]
Resources = Callable[["Context", dict[str, Any]], "str | Iterable[str] | Awaitable[str | Iterable[str]]"]
Action = Callable[["Context", dict[str, Any]], "str | tuple[str, ...]"]
ResourcePolicy = Callable[["Context", dict[str, Any]], Awaitable[str | None]]
Given = Mapping[str, str | tuple[str, ...]]
Keys = Callable[["Context", dict[str, Any]], Given | Awaitable[Given]]
Tags = Callable[["Context", dict[str, Any]], Awaitable["Mapping[str, str]"]]
EdgeHandler = Callable[["Context", "Request"], Awaitable["Response"]]
After = Callable[["Context", "Answered"], "Awaitable[None] | None"]
Fidelity = Literal["hand", "derived"]

R = TypeVar("R")


def itself(ctx: Context, params: dict[str, Any]) -> tuple[str, ...]:
    """The `resource` of an operation that asks by itself, when it knows what about."""
    return ()


Declared = TypeVar("Declared", bound="ResourceType")


class Operation:
    """What happens now. `name` is in snake case, as boto3 names it.

    transaction   run the handler in one transaction; else it calls `ctx.transact` for its atomic parts
    action        the IAM action(s) that it takes, or what gives them for a request; None for `<prefix>:<OperationName>`
    resource      gives the ARN(s) that the request acts on, for the decision, at once or awaited when it has to look something up;
                  `itself` where the operation asks for each part by itself
    policy        gives the resource policy (JSON) that has a say, if there is one
    owner         gives the account that owns the resource, where it can be another's; None means the caller's own
    keys          gives the service's own condition keys of the request (`s3:prefix`), at once or awaited; asked only when a policy
                  mentions a key of the service
    tags          gives the tags of the resource, for `aws:ResourceTag`; asked only when a policy mentions one
    open          needs no permission: whoever gets this far may (GetCallerIdentity)
    unsigned      may be called without a signature, where the resource's policy lets everybody in
    is_recorded   its calls are management events of CloudTrail's (see `data_events`)
    """

    __slots__ = (
        "action",
        "fidelity",
        "handler",
        "is_recorded",
        "keys",
        "name",
        "open",
        "owner",
        "policy",
        "resource",
        "tags",
        "transaction",
        "unsigned",
    )

    def __init__(
        self,
        name: str,
        handler: Handler,
        transaction: bool = True,
        action: str | tuple[str, ...] | Action | None = None,
        resource: Resources | None = None,
        policy: ResourcePolicy | None = None,
        owner: Callable[[Context, dict[str, Any]], Awaitable[str | None]] | None = None,
        fidelity: Fidelity = "hand",
        keys: Keys | None = None,
        tags: Tags | None = None,
        open: bool = False,
        unsigned: bool = False,
    ) -> None:
        self.name = name
        self.handler = handler
        self.transaction = transaction
        self.action = action
        self.resource = resource
        self.policy = policy
        self.owner = owner
        self.fidelity = fidelity
        self.keys = keys
        self.tags = tags
        self.open = open
        self.unsigned = unsigned
        self.is_recorded = True


class TaskKind:
    """What happens later: a handler by name. `transaction=False` for those that wait for something outside the store."""

    __slots__ = ("handler", "name", "transaction")

    def __init__(
        self, name: str, handler: Callable[[Context, dict[str, Any]], Awaitable[None]], transaction: bool
    ) -> None:
        self.name = name
        self.handler = handler
        self.transaction = transaction


class Edge:
    """A data plane's door on the same port: `match` looks at the request's head, `handler` answers it. `method`: the only one."""

    __slots__ = ("handler", "match", "method")

    def __init__(self, match: Callable[[Request], bool], handler: EdgeHandler, method: str | None = None) -> None:
        self.match = match
        self.handler = handler
        self.method = method


class Answered:
    """A request and its answer, for those who look at them afterwards (`Service.after`).

    `request` is as the operation's URI sees it, `params` what was read from it, if it got that far; `response` may still be given
    headers; `error` is what it was refused with.
    """

    __slots__ = ("error", "params", "request", "response")

    def __init__(
        self, request: Request, params: dict[str, Any], response: Response, error: AWSError | None = None
    ) -> None:
        self.request = request
        self.params = params
        self.response = response
        self.error = error


class Service:
    """One AWS API, by botocore's name of it.

    iam_prefix         the prefix of its IAM actions, when it is not the name
    sovereign_policies its resources' policies decide alone whether the policies of their account have a say (KMS keys)
    documents          shapes whose values the service checks itself (DynamoDB's AttributeValue)
    enums              false when the service checks enumerated values itself
    validation_error   makes the error from the model's violations, where the service has words of its own
    after              functions that look at every answer before it leaves, outside of any transaction (CORS headers, access logs);
                       what they return is awaited, if they return anything
    """

    def __init__(
        self,
        name: str,
        *,
        iam_prefix: str | None = None,
        sovereign_policies: bool = False,
        documents: frozenset[str] = frozenset(),
        enums: bool = True,
        validation_error: Callable[[str, list[Any]], AWSError] | None = None,
    ) -> None:
        self.name = name
        self.iam_prefix = iam_prefix or name
        self.key_prefix = f"{self.iam_prefix.lower()}:"
        self.sovereign_policies = sovereign_policies
        self.documents = documents
        self.enums = enums
        self.validation_error = validation_error
        self.operations: dict[str, Operation] = {}
        self.collections: dict[str, Collection[Any]] = {}
        self.tasks: dict[str, TaskKind] = {}
        self.edges: list[Edge] = []
        self.after: list[After] = []
        self.standing_work: dict[str, Callable[[Context, str], Awaitable[None]]] = {}
        self.provided: dict[str, Any] = {}
        self.resource_types: dict[str, ResourceType] = {}

    @overload
    def operation(self, handler: Handler, /) -> Handler: ...
    @overload
    def operation(self, /, **options: Any) -> Callable[[Handler], Handler]: ...

    def operation(self, handler: Handler | None = None, /, **options: Any) -> Any:
        """Declare the operation that the function is named after. Options: see `Operation`."""
        if handler is None:
            return lambda fn: self.operation_from(fn, **options)
        return self.operation_from(handler)

    def operation_from(self, handler: Handler, name: str | None = None, **options: Any) -> Handler:
        """Declare an operation under an explicit name; a hand-written one replaces a derived one, whatever the order."""
        operation = Operation(name or handler.__name__, handler, **options)
        operation.is_recorded = not is_data_event(self.name, operation.name)
        known = self.operations.get(operation.name)
        if known is None or known.fidelity == "derived":
            self.operations[operation.name] = operation
        elif operation.fidelity != "derived":
            raise ValueError(f"{self.name}.{operation.name} is declared twice")
        return handler

    def collection(self, name: str, record: type[R], scope: Scope = "region", cached: bool = False) -> Collection[R]:
        """Declare a collection. `record` is a Record class, or bytes."""
        if name in self.collections:
            raise ValueError(f"{self.name}: collection {name} is declared twice")
        collection = Collection(self.name, name, record, scope, cached)
        self.collections[name] = collection
        return collection

    def task(self, handler: Any = None, /, *, transaction: bool = True) -> Any:
        """Declare a task, named after the function."""
        if handler is None:
            return lambda fn: self.task_from(fn, transaction)
        return self.task_from(handler, transaction)

    def task_from(self, handler: Any, transaction: bool) -> Any:
        self.tasks[handler.__name__] = TaskKind(handler.__name__, handler, transaction)
        return handler

    def standing(self, handler: Any) -> Any:
        """Declare standing work, named after the function; see `fogbank.kernel.standing`."""
        self.standing_work[handler.__name__] = handler
        return handler

    def provide(self, name: str, implementation: Any) -> None:
        """Offer an interface to other services and to the kernel, which take it from `provided` (see `identity.directory`)."""
        self.provided[name] = implementation

    def configuration(self, name: str, **declaration: Any) -> None:
        """Declare a document that is put, got and deleted; see `fogbank.kernel.derive.configuration`."""
        from fogbank.kernel.derive import configuration

        configuration(self, name, **declaration)

    def resource(self, noun: str, *, arn: str, on_create: Any = None, plural: str | None = None) -> Any:
        """Declare a kind of resource whose operations the model describes; see `fogbank.kernel.resources`."""
        from fogbank.kernel.resources import DerivedResource

        return DerivedResource(self, noun, arn, on_create, plural)

    def resource_type(self, declared: type[Declared]) -> type[Declared]:
        """Declare a type that CloudFormation and Cloud Control know; see `fogbank.kernel.resource_types`."""
        self.resource_types[declared.name] = declared()
        return declared

    def edge(self, match: Callable[[Request], bool], method: str | None = None) -> Callable[[EdgeHandler], EdgeHandler]:
        """Declare a door that is not an operation of the model (S3's form upload, a website host)."""

        def declare(handler: EdgeHandler) -> EdgeHandler:
            self.edges.append(Edge(match, handler, method))
            return handler

        return declare

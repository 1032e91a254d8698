"""What the registry keeps: registries, schemas, their versions, code bindings, discoverers.

registries    (name)                                  Registry
schemas       (registry, name)                        Schema
versions      (registry, name, number)                Version
bindings      (registry, name, number, language)      Binding
discoverers   (id)                                    Discoverer
"""

from __future__ import annotations

from fogbank.kernel import Context, Record
from fogbank.services.schemas.service import service


class Registry(Record, frozen=True):
    name: str
    description: str | None = None
    tags: dict[str, str] = {}
    policy: str | None = None
    revision: str = ""


class Schema(Record, frozen=True):
    """A schema. `newest` is the number of its newest version; times are epoch seconds.

    shape   what was inferred so far, of a schema that a discoverer made, as JSON
    """

    registry: str
    name: str
    kind: str
    modified: float
    newest: int = 0
    description: str | None = None
    tags: dict[str, str] = {}
    shape: bytes = b""


class Version(Record, frozen=True):
    number: int
    content: str
    created: float


class Binding(Record, frozen=True):
    """A code binding. Its source is generated whenever it is asked for: it follows from the version."""

    language: str
    created: float
    modified: float
    status: str = "CREATE_IN_PROGRESS"


class Discoverer(Record, frozen=True):
    id: str
    bus: str
    cross_account: bool = True
    state: str = "STARTED"
    description: str | None = None
    tags: dict[str, str] = {}


registries = service.collection("registries", Registry)
schemas = service.collection("schemas", Schema)
versions = service.collection("versions", Version)
bindings = service.collection("bindings", Binding)
discoverers = service.collection("discoverers", Discoverer)


def arn(ctx: Context, *parts: str) -> str:
    """`arn(ctx, "schema", "shop", "Order")`"""
    return f"arn:{ctx.partition}:schemas:{ctx.region}:{ctx.account}:{'/'.join(parts)}"

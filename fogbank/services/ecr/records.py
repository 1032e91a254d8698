"""What ECR keeps, how it lies in the store, and how a request finds its repository.

repositories   (name)                          Repository
images         (repository, digest)            Image
manifests      (repository, digest)            the manifest's bytes
tags           (repository, tag)               the digest that the tag points at
referrers      (repository, subject, digest)   nothing: the image `digest` says that it is about the image `subject`
layers         (repository, digest)            the layer's size
uses           (repository, layer, digest)     nothing: the image `digest` has the layer, or the image, `layer`
uploads        (repository, upload id)         Upload
stored         (digest)                        Stored: a layer's bytes, once for all repositories of an account

The store knows repositories by their names, which a repository keeps for as long as it lives; deleting one deletes its rows.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from fogbank.kernel import Context, Record
from fogbank.services.ecr import errors
from fogbank.services.ecr.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

ACTIVE, ARCHIVED, ACTIVATING = "ACTIVE", "ARCHIVED", "ACTIVATING"


class Repository(Record, frozen=True):
    """`exclusions` are patterns of tags for which the opposite of `mutability` holds; `encryption` is the API's structure.

    `policy` and `lifecycle` are JSON, empty without one; `evaluated` is when the latter was executed last. Times are epoch seconds.
    `empty_on_delete` is what CloudFormation is to do with its images.
    """

    name: str
    created: float
    mutability: str
    exclusions: list[str]
    scan_on_push: bool
    encryption: dict[str, str]
    tags: dict[str, str]
    policy: str = ""
    lifecycle: str = ""
    evaluated: float = 0.0
    empty_on_delete: bool = False


class Image(Record, frozen=True):
    """`size` in bytes is that of what the manifest names. `kind` is the media type of the configuration, or the artifact's type.

    `pulled`, `archived` and `activated` are epoch seconds, 0 for never. `scan` is why a scan failed, empty when none was asked for.
    """

    digest: str
    media_type: str
    kind: str
    size: int
    pushed: float
    tags: list[str]
    subject: str = ""
    annotations: dict[str, str] = {}
    pulled: float = 0.0
    status: str = ACTIVE
    archived: float = 0.0
    activated: float = 0.0
    scan: str = ""
    scanned: float = 0.0


class Stored(Record, frozen=True):
    """The bytes of a layer, configuration or artifact; `count` repositories have it."""

    blob: str
    size: int
    count: int


class Part(Record, frozen=True):
    size: int
    sha256: str
    blob: str


class Upload(Record, frozen=True):
    """A layer that is on its way, in parts that follow upon each other."""

    id: str
    begun: float
    parts: list[Part]

    @property
    def size(self) -> int:
        return sum(part.size for part in self.parts)


repositories = service.collection("repositories", Repository, cached=True)
images = service.collection("images", Image)
manifests = service.collection("manifests", bytes)
tags = service.collection("tags", str)
referrers = service.collection("referrers", bytes)
layers = service.collection("layers", int)
uses = service.collection("uses", bytes)
uploads = service.collection("uploads", Upload)
stored = service.collection("stored", Stored, scope="account")


class Home(NamedTuple):
    """A repository, with the context of the registry that it is in."""

    ctx: Context
    repository: Repository

    @property
    def name(self) -> str:
        return self.repository.name

    @property
    def names(self) -> Answer:
        """What nearly every answer about a repository begins with."""
        return {"registryId": self.ctx.account, "repositoryName": self.name}

    @property
    def arn(self) -> str:
        return arn_of(self.ctx, self.name)

    def change(self, **fields: Any) -> Repository:
        changed = msgspec.structs.replace(self.repository, **fields)
        repositories.put(self.ctx, changed, self.name)
        return changed


# -- names


def arn_of(ctx: Context, name: str) -> str:
    return f"arn:{ctx.partition}:ecr:{ctx.region}:{ctx.account}:repository/{name}"


def registry_host(ctx: Context) -> str:
    """The host and port that clients push to: where they reach this server, or AWS's own name where that is how they do."""
    host = ctx.endpoint.partition("://")[2]
    if host.partition(":")[0].endswith(".amazonaws.com"):
        return f"{ctx.account}.dkr.ecr.{ctx.region}.amazonaws.com"
    return host


def uri_of(ctx: Context, name: str) -> str:
    return f"{registry_host(ctx)}/{name}"


# -- finding


def registry_of(ctx: Context, request: Request) -> Context:
    """The context of the registry that a request names, the caller's own as a rule."""
    account = request.get("registryId") or ctx.account
    return ctx if account == ctx.account else ctx.at(account=account)


async def find(ctx: Context, request: Request) -> Home:
    """The repository of a request. Raises RepositoryNotFoundException."""
    return await find_named(registry_of(ctx, request), request["repositoryName"])


async def find_named(registry: Context, name: str) -> Home:
    repository = await repositories.get(registry, name)
    if repository is None:
        raise errors.repository_not_found(name, registry.account)
    return Home(registry, repository)


# -- for the decision about a request


def _arn(ctx: Context, request: Request) -> str:
    return arn_of(registry_of(ctx, request), request["repositoryName"])


async def _look(ctx: Context, request: Request) -> Repository | None:
    registry = registry_of(ctx, request)

    async def look() -> Repository | None:
        return await repositories.get(registry, request["repositoryName"])

    return await look() if registry.tx is not None else await registry.transact(look)


async def _policy(ctx: Context, request: Request) -> str | None:
    found = await _look(ctx, request)
    return (found.policy or None) if found is not None else None


async def _owner(ctx: Context, request: Request) -> str | None:
    return request.get("registryId")


async def _tags(ctx: Context, request: Request) -> dict[str, str]:
    found = await _look(ctx, request)
    return found.tags if found is not None else {}


ON_REPOSITORY: dict[str, Any] = {"resource": _arn, "policy": _policy, "owner": _owner, "tags": _tags}

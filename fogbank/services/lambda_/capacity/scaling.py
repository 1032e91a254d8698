"""How many environments a version has that runs on a capacity provider: so many are always there, and no more than so many.

    scaling  name, version  -> Scaling

What keeps them is in `scaling_configs`. https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances-scaling.html
"""

from __future__ import annotations

from fogbank.kernel import Context, Record
from fogbank.services.lambda_ import errors
from fogbank.services.lambda_.capacity.capacity_providers import provider_of
from fogbank.services.lambda_.records import Function, Named, arn_of, key_of
from fogbank.services.lambda_.runtime.pools import Runtimes
from fogbank.services.lambda_.service import service


class Scaling(Record, frozen=True):
    """`most` is None without a limit. It is `applied` when as many environments are there as have to be."""

    least: int = 3
    most: int | None = None
    applied: bool = False


scalings = service.collection("scaling", Scaling, cached=True)


async def scaling_of(of: Named) -> Scaling:
    return await scalings.get(of.scope, of.name, key_of(of.qualifier)) or Scaling()


def put(of: Named, scaling: Scaling) -> None:
    scalings.put(of.scope, scaling, of.name, key_of(of.qualifier))


async def require_room(scope: Context, runtimes: Runtimes, function: Function) -> None:
    """Raise TooManyRequestsException when a version on a capacity provider has as many environments at work as it may."""
    if not provider_of(function.config):
        return
    scaling = await scope.transact(scaling_of, Named(scope, function.name, function.version))
    arn = f"{arn_of(scope, function.name)}:{function.version}"
    if scaling.most is not None and runtimes.load.of(arn) >= scaling.most:
        raise errors.too_many("ConcurrentInvocationLimitExceeded")

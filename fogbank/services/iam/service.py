"""The IAM service. Its operations are declared by the modules beside this one; all of its state belongs to an account, none to a region."""

from __future__ import annotations

from typing import TypeVar

from fogbank.identity.directory import iam_changed
from fogbank.kernel import Collection, Context, Service
from fogbank.kernel.keys import Part
from fogbank.services.iam import errors

service = Service("iam", validation_error=errors.invalid_request)

R = TypeVar("R")


class Definitions(Collection[R]):
    """Records that decisions depend on: whoever writes one also marks the change, so that what was read before is read again."""

    __slots__ = ()

    def put(self, ctx: Context, record: R, *key: Part) -> None:
        super().put(ctx, record, *key)
        iam_changed(ctx)

    def delete(self, ctx: Context, *key: Part) -> None:
        super().delete(ctx, *key)
        iam_changed(ctx)


def definitions(name: str, record: type[R], cached: bool = False) -> Definitions[R]:
    """Declare a collection of the account whose rows the decision reads."""
    collection = Definitions("iam", name, record, "account", cached)
    service.collections[name] = collection
    return collection

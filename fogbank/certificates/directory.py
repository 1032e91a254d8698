"""What services that terminate TLS ask of ACM: the key and certificate behind an ARN, and that it is in use.

ACM implements this and offers it by `service.provide("certificates", ...)`; `certificates(app)` finds it. Every method takes a context
inside a transaction. An ARN names its own account and region.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import msgspec

if TYPE_CHECKING:
    from fogbank.app import App
    from fogbank.kernel.context import Context


class Material(msgspec.Struct, frozen=True):
    """An issued or imported certificate: PEM texts, and the private key as `cryptography` has it."""

    certificate: str
    chain: str
    key: Any
    names: tuple[str, ...]


class Certificates(Protocol):
    async def material(self, ctx: Context, arn: str) -> Material | None:
        """The certificate with its key, whatever its state, once it has been issued; None when there is none."""
        ...

    async def use(self, ctx: Context, arn: str, resource: str) -> bool:
        """Note that the resource (an ARN) uses the certificate, which then is renewed and cannot be deleted. False when there is none."""
        ...

    async def release(self, ctx: Context, arn: str, resource: str) -> None:
        """The resource uses the certificate no more."""
        ...


def certificates(app: App) -> Certificates | None:
    """ACM's side, loaded by asking for it; None without an ACM service."""
    service = app.services.get("acm")
    return None if service is None else service.provided.get("certificates")

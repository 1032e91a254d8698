"""The STS service. Its operations are declared by the modules beside this one."""

from typing import Any

from fogbank.kernel import Context, Service

# A role is entered only through its trust policy: identity policies alone do not open it.
service = Service("sts", sovereign_policies=True)


def itself(ctx: Context, request: dict[str, Any]) -> tuple[str, ...]:
    """No resource: the operation asks by itself, when it knows the role."""
    return ()

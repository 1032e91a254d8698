"""X-Ray headers: the place of an invocation in its trace.

https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
"""

from __future__ import annotations

from fogbank.kernel import Context
from fogbank.services.lambda_.records import Function


def invoked(scope: Context, function: Function, header: str) -> str:
    """The header that the function gets, of the one that its invocation has: it is a part of what Lambda does, and sampled as that is."""
    parts = dict.fromkeys(("Root", "Parent", "Sampled"), "")
    parts.update((name, value) for name, _, value in (part.partition("=") for part in header.split(";")))
    if not parts["Sampled"]:
        parts["Sampled"] = "1" if function.config["TracingConfig"]["Mode"] == "Active" else "0"
    parts["Parent"] = scope.ids.hex(16)
    return ";".join(f"{name}={value}" for name, value in parts.items())

"""Where a page of a listing begins."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import pages
from fogbank.services.sns import errors

Request = dict[str, Any]


def after(request: Request, name: str = "NextToken") -> tuple[str] | None:
    """The key after which a page begins. Raises InvalidParameterException."""
    token = request.get(name)
    return None if not token else (pages.position(token, errors.invalid_token()),)

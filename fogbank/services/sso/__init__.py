"""The AWS access portal: what somebody who has signed in may be. The way in is `portal.py`."""

from fogbank.services.sso import portal
from fogbank.services.sso.service import service

__all__ = ["portal", "service"]

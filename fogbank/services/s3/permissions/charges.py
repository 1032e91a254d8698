"""Says in the answer that the requester is charged, in buckets whose requesters pay."""

from __future__ import annotations

from fogbank.kernel import Context
from fogbank.kernel.service import Answered
from fogbank.services.s3.records import REQUESTER_PAYS, noted, pays
from fogbank.services.s3.service import service


def tell_charge(ctx: Context, answered: Answered) -> None:
    home = noted(answered.params)
    if home is None or answered.error is not None or REQUESTER_PAYS not in home.bucket.features:
        return
    if pays(ctx, home.bucket):
        answered.response.headers.append(("x-amz-request-charged", "requester"))


service.after.append(tell_charge)

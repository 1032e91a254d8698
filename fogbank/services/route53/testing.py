"""TestDNSAnswer: what the name servers would say. https://docs.aws.amazon.com/Route53/latest/APIReference/API_TestDNSAnswer.html"""

from __future__ import annotations

from fogbank.kernel import Context
from fogbank.services.route53.answering import answer_in
from fogbank.services.route53.service import service
from fogbank.services.route53.zone import Request, find, full_name, on_zone


@service.operation(**on_zone("HostedZoneId"))
async def test_dns_answer(ctx: Context, request: Request) -> Request:
    zone = await find(ctx, request["HostedZoneId"])
    name, kind = full_name(request["RecordName"]), request["RecordType"]
    found = await answer_in(ctx, zone, name, kind)
    return {
        "Nameserver": zone.servers[0],
        "RecordName": name,
        "RecordType": kind,
        "RecordData": [value for line in found.lines if line.kind == kind for value in line.values],
        "ResponseCode": found.code,
        "Protocol": "UDP",
    }

"""What became of a mail: GetMessageInsights.

https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetMessageInsights.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import AWSError, Context
from fogbank.mail import addresses
from fogbank.mail.records import messages
from fogbank.services.sesv2.service import service
from fogbank.services.sesv2.shared import Answer, Request

_ISPS = {"gmail.com": "Gmail", "yahoo.com": "Yahoo", "outlook.com": "Hotmail", "hotmail.com": "Hotmail"}


@service.operation(resource=lambda ctx, request: "*")
async def get_message_insights(ctx: Context, request: Request) -> Answer:
    message = await messages.get(ctx, request["MessageId"])
    if message is None:
        raise AWSError("NotFoundException", f"Message {request['MessageId']} does not exist.")
    found: dict[str, list[Answer]] = {}
    for recipient, kind, moment, about in message.events:
        event = {"Timestamp": moment, "Type": kind, "Details": _details(kind, about)}
        found.setdefault(recipient, []).append(event)
    insights = [
        {"Destination": recipient, "Isp": _ISPS.get(addresses.domain_of(recipient), "UNKNOWN_ISP"), "Events": events}
        for recipient, events in found.items()
    ]
    tags = [{"Name": name, "Value": value} for name, values in message.tags.items() for value in values]
    return {
        "MessageId": message.id,
        "FromEmailAddress": message.sender,
        "Subject": message.subject,
        "EmailTags": tags,
        "Insights": insights,
    }


def _details(kind: str, about: dict[str, Any]) -> Answer | None:
    if kind == "BOUNCE":
        (person,) = about["bouncedRecipients"]
        bounce = {
            "BounceType": about["bounceType"].upper(),
            "BounceSubType": about["bounceSubType"],
            "DiagnosticCode": person["diagnosticCode"],
        }
        return {"Bounce": bounce}
    if kind == "COMPLAINT":
        return {"Complaint": {"ComplaintFeedbackType": about["complaintFeedbackType"]}}
    return None

"""Refusals that both APIs have, each with its own code and often in the same words.

https://docs.aws.amazon.com/ses/latest/dg/troubleshoot-error-messages.html
"""

from __future__ import annotations

from fogbank.kernel import AWSError, Context

# what v1 and v2 call it
_CODES = {
    "invalid": ("InvalidParameterValue", "BadRequestException"),
    "rejected": ("MessageRejected", "MessageRejected"),
    "quota": ("Throttling", "LimitExceededException"),
    "limit": ("LimitExceededException", "LimitExceededException"),
    "identity": ("InvalidParameterValue", "NotFoundException"),
    "no set": ("ConfigurationSetDoesNotExistException", "NotFoundException"),
    "a set": ("ConfigurationSetAlreadyExistsException", "AlreadyExistsException"),
    "no template": ("TemplateDoesNotExistException", "NotFoundException"),
    "a template": ("AlreadyExistsException", "AlreadyExistsException"),
    "bad template": ("InvalidTemplateException", "BadRequestException"),
    "no data": ("MissingRenderingAttributeException", "BadRequestException"),
    "bad data": ("InvalidRenderingParameterException", "BadRequestException"),
    "no destination": ("EventDestinationDoesNotExistException", "NotFoundException"),
    "a destination": ("EventDestinationAlreadyExistsException", "AlreadyExistsException"),
    "bad topic": ("InvalidSNSDestinationException", "BadRequestException"),
    "bad firehose": ("InvalidFirehoseDestinationException", "BadRequestException"),
    "bad cloudwatch": ("InvalidCloudWatchDestinationException", "BadRequestException"),
    "paused": ("AccountSendingPausedException", "SendingPausedException"),
    "set paused": ("ConfigurationSetSendingPausedException", "SendingPausedException"),
    "bad policy": ("InvalidPolicyException", "BadRequestException"),
    "no verification": ("CustomVerificationEmailTemplateDoesNotExistException", "NotFoundException"),
    "a verification": ("CustomVerificationEmailTemplateAlreadyExistsException", "AlreadyExistsException"),
    "unverified sender": ("FromEmailAddressNotVerifiedException", "BadRequestException"),
    "bad options": ("InvalidTrackingOptionsException", "BadRequestException"),
}


def problem(ctx: Context, kind: str, message: str) -> AWSError:
    return AWSError(_CODES[kind][ctx.service.name == "sesv2"], message)


def invalid(ctx: Context, message: str) -> AWSError:
    return problem(ctx, "invalid", message)


def not_verified(ctx: Context, names: list[str]) -> AWSError:
    listed = ", ".join(names)
    return problem(
        ctx,
        "rejected",
        "Email address is not verified. The following identities failed the check in region "
        f"{ctx.region.upper()}: {listed}",
    )


def no_identity(ctx: Context, name: str) -> AWSError:
    if ctx.service.name == "sesv2":
        return problem(ctx, "identity", f"Email identity {name} does not exist.")
    return problem(ctx, "identity", f"Identity <{name}> does not exist.")


def no_set(ctx: Context, name: str) -> AWSError:
    return problem(ctx, "no set", f"Configuration set <{name}> does not exist.")


def no_template(ctx: Context, name: str) -> AWSError:
    return problem(ctx, "no template", f"Template {name} does not exist.")


def no_destination(ctx: Context, set_name: str, name: str) -> AWSError:
    return problem(
        ctx, "no destination", f"Configuration set <{set_name}> does not have an event destination <{name}>."
    )


def too_many_recipients(ctx: Context, limit: int) -> AWSError:
    return invalid(ctx, f"Recipient count exceeds {limit}.")


def quota_exceeded(ctx: Context) -> AWSError:
    return problem(ctx, "quota", "Daily message quota exceeded.")

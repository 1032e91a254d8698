"""Secrets of Secrets Manager as parameters: `/aws/reference/secretsmanager/<secret>`, perhaps with a version or label.

https://docs.aws.amazon.com/systems-manager/latest/userguide/integration-ps-secretsmanager.html
"""

from __future__ import annotations

import base64
import json
from typing import Any

from fogbank.kernel import AWSError, Context
from fogbank.services.ssm import errors, names
from fogbank.services.ssm.names import Reference

Answer = dict[str, Any]

_VERSION_ID_LENGTHS = range(32, 65)


async def read(ctx: Context, reference: Reference, decrypt: bool) -> Answer:
    """The secret as GetParameter answers it, read as the caller. Raises ParameterNotFound, ValidationException."""
    if not decrypt:
        raise errors.decryption_needed()
    request = {"SecretId": reference.name.removeprefix(names.SECRETS), **_choice(reference.selector)}
    try:
        secret = await ctx.call("secretsmanager", "GetSecretValue", request, as_caller=True)
    except AWSError as error:
        if error.code in ("ResourceNotFoundException", "InvalidRequestException"):
            raise errors.secret_not_found(reference.name) from error
        raise
    value = secret.get("SecretString")
    return {
        "Name": reference.name,
        "Type": "SecureString",
        "Value": base64.b64encode(secret["SecretBinary"]).decode() if value is None else value,
        "Version": 0,
        "Selector": f":{reference.selector}" if reference.selector else None,
        "SourceResult": _source(secret),
        "LastModifiedDate": secret["CreatedDate"],
        "ARN": secret["ARN"],
    }


def _choice(selector: str) -> dict[str, str]:
    """A selector is the id of a version, else a staging label."""
    if not selector:
        return {}
    member = "VersionId" if len(selector) in _VERSION_ID_LENGTHS else "VersionStage"
    return {member: selector}


def _source(secret: Answer) -> str:
    """The answer of Secrets Manager as JSON."""
    shown = {
        "ARN": secret["ARN"],
        "name": secret["Name"],
        "versionId": secret["VersionId"],
        "secretString": secret.get("SecretString"),
        "versionStages": secret.get("VersionStages"),
        "createdDate": secret["CreatedDate"],
    }
    return json.dumps({name: value for name, value in shown.items() if value is not None})

"""AWS::Serverless-2016-10-31: templates of AWS SAM, translated by AWS's own library (aws-sam-translator, an extra).

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification.html
"""

from __future__ import annotations

import asyncio
import copy
import threading
from typing import Any, NamedTuple

from fogbank.kernel import AWSError, Context
from fogbank.services.cloudformation import errors, evaluation
from fogbank.services.cloudformation.records import Stack
from fogbank.services.cloudformation.templates.parsing import Document

NAME = "AWS::Serverless-2016-10-31"

_APPLICATION = "AWS::Serverless::Application"
_POLICIES = 1000

# the library keeps the Region that it works for in a variable of its own: one template at a time
_lock = threading.Lock()


class _Session(NamedTuple):
    """All that the library wants of a session of boto3."""

    region_name: str


async def translated(ctx: Context, stack: Stack, document: Document, texts: dict[str, str]) -> Document:
    """The template with CloudFormation's types in the place of SAM's. Not in a transaction. Raises ValidationError."""
    _check_applications(document)
    policies = await ctx.transact(_managed_policies, ctx)
    pseudo = {name: value for name, value in evaluation.pseudo(ctx, stack).items() if isinstance(value, str)}
    return await asyncio.to_thread(_translate, document, stack.region, {**pseudo, **texts}, policies)


def _check_applications(document: Document) -> None:
    """The library would ask the Serverless Application Repository of AWS; there is none here."""
    resources = document.get("Resources")
    for name, each in resources.items() if isinstance(resources, dict) else ():
        properties = each.get("Properties") if isinstance(each, dict) and each.get("Type") == _APPLICATION else None
        if isinstance(properties, dict) and isinstance(properties.get("Location"), dict):
            told = "Fogbank has no Serverless Application Repository; Location has to be the URL of a template."
            raise _failed(f"Resource with id [{name}] is invalid. {told}")


async def _managed_policies(ctx: Context) -> dict[str, str]:
    """The ARNs of AWS's managed policies, by their names: `Policies` of functions may have these."""
    found: dict[str, str] = {}
    request: dict[str, Any] = {"Scope": "AWS", "MaxItems": _POLICIES}
    while True:
        answer = await ctx.call("iam", "ListPolicies", request, as_caller=True)
        found |= {each["PolicyName"]: each["Arn"] for each in answer["Policies"]}
        if not answer.get("IsTruncated"):
            return found
        request = {**request, "Marker": answer["Marker"]}


def _translate(document: Document, region: str, values: dict[str, str], policies: dict[str, str]) -> Document:
    try:
        from samtranslator.model.exceptions import InvalidDocumentException
        from samtranslator.parser.parser import Parser
        from samtranslator.translator.translator import Translator
    except ImportError:
        raise _failed("it needs the package aws-sam-translator: pip install 'fogbank[sam]'") from None
    with _lock:
        translator = Translator(policies, Parser(), boto_session=_Session(region))
        try:
            found: Document = translator.translate(copy.deepcopy(document), values)
        except InvalidDocumentException as error:
            raise _failed(" ".join([error.message, *(each.message for each in error.causes)])) from error
        except Exception as error:
            # what the library did not expect of a template; in AWS's words
            raise _failed("Internal transform failure.") from error
        finally:
            translator.metrics.publish()  # to nobody: else it warns of what nobody asked for
    return found


def _failed(told: str) -> AWSError:
    return errors.transform_failed(NAME, told)

"""AssumeRoleWithSAML: a role for somebody for whom a SAML identity provider vouches.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithSAML.html
"""

from __future__ import annotations

import hashlib
import re
import time
from base64 import b64encode
from typing import Any

from fogbank.identity import directory
from fogbank.identity.principals import Principal, Session
from fogbank.kernel import Context
from fogbank.kernel.service import itself
from fogbank.services.sts import entering, errors, limits, saml_responses
from fogbank.services.sts.entering import Entry
from fogbank.services.sts.saml_responses import Assertion
from fogbank.services.sts.service import service

Request = dict[str, Any]

_ACTIONS = ("sts:AssumeRoleWithSAML", "sts:TagSession", "sts:SetSourceIdentity")
_PROVIDER = re.compile(r"arn:[\w-]+:iam::(\d{12}):saml-provider/([\w._-]+)")


@service.operation(resource=itself, action=_ACTIONS)
async def assume_role_with_saml(ctx: Context, request: Request) -> Request:
    """Errors: InvalidIdentityToken, ExpiredToken, AccessDenied, and those of AssumeRole."""
    arn = request["PrincipalArn"]
    named = _PROVIDER.fullmatch(arn)
    if named is None:
        raise errors.invalid_arn(arn)
    iam = directory.iam(ctx.app)
    provider = None if iam is None else await iam.saml_provider(ctx.at(account=named[1]), arn)
    if provider is None:
        raise errors.bad_saml("Specified provider doesn't exist.")
    assertion = saml_responses.read(request["SAMLAssertion"], provider, time.time(), ctx.now())
    if (request["RoleArn"], arn) not in assertion.roles:
        raise errors.bad_saml("Your request included an invalid SAML response")
    return await _enter(ctx, request, assertion, named[1], named[2])


async def _enter(ctx: Context, request: Request, assertion: Assertion, account: str, name: str) -> Request:
    arn = request["PrincipalArn"]
    qualifier = b64encode(hashlib.sha1(f"{assertion.issuer}{account}/{name}".encode()).digest()).decode()
    claims: dict[str, str | tuple[str, ...]] = {
        "saml:aud": assertion.recipient,
        "saml:doc": f"{account}/{name}",
        "saml:iss": assertion.issuer,
        "saml:namequalifier": qualifier,
        "saml:sub": assertion.subject,
        "saml:sub_type": assertion.subject_type,
    }
    identity = assertion.source_identity
    session = Session(ctx.now(), source_identity=identity, provider=arn, keys=claims)
    session = entering.with_tags(session, assertion.tags)
    who = Principal("", arn, "provider", f"{arn}:{assertion.subject}", session=session)
    keys = {"sts:RoleSessionName": assertion.session_name, **({"sts:SourceIdentity": identity} if identity else {})}
    entry = Entry(who, "sts:AssumeRoleWithSAML", request["RoleArn"], assertion.session_name, session, keys)
    role = await entering.trusted(ctx, entry)
    answer = await entering.enter(ctx, entry, role, _with_duration(request, assertion))
    return {
        **answer,
        "Subject": assertion.subject,
        "SubjectType": assertion.subject_type,
        "Issuer": assertion.issuer,
        "Audience": assertion.recipient,
        "NameQualifier": qualifier,
    }


def _with_duration(request: Request, assertion: Assertion) -> Request:
    """The provider may ask for a duration, too: the shorter one counts."""
    if assertion.session_duration is None:
        return request
    wanted = request.get("DurationSeconds", limits.LONGEST_SESSION)
    return request | {"DurationSeconds": min(wanted, assertion.session_duration)}

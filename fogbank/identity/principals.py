"""Who calls. A principal is what policies speak of and what CloudTrail records; it holds no secret."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Literal

import msgspec

DEFAULT_ACCOUNT = "000000000000"

Kind = Literal["root", "user", "role", "federated", "provider", "service", "anonymous"]


class Session(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a temporary credential says beyond whom it stands for.

    issued        when, in epoch seconds of the virtual clock
    policies      session policies (JSON), of which one has to allow; None when none were passed, and nothing is limited by them
    policy_arns   managed policies that were passed, to the same effect
    tags          session tags
    transitive    those of them (their keys) that go on to the next role
    mfa           when the caller showed an MFA code, in epoch seconds; None without one
    source_identity
                  who is behind it, for as long as roles follow upon each other
    provider      the identity provider that vouched for the caller (`accounts.google.com`, an ARN)
    keys          further condition keys that came with it (`accounts.google.com:sub`), names in lower case
    """

    issued: float
    policies: tuple[str, ...] | None = None
    policy_arns: tuple[str, ...] = ()
    tags: dict[str, str] = {}
    transitive: tuple[str, ...] = ()
    mfa: float | None = None
    source_identity: str = ""
    provider: str = ""
    keys: dict[str, str | tuple[str, ...]] = {}

    @property
    def limits(self) -> bool:
        """Do session policies limit it?"""
        return self.policies is not None or bool(self.policy_arns)


class Principal(msgspec.Struct, frozen=True, omit_defaults=True):
    """One caller.

    `arn` is the caller's own ARN (a session's ARN for roles), `issuer` the ARN of what stands behind a session (the role, or
    the user who asked for a federation token). `user_id` is AWS's unique id (`AIDA...`, `AROA...:session`, the account number for
    root). `name` is the user name. `tags` are those of the user or role itself, as far as they are known without looking.
    A service principal has its host name (`sns.amazonaws.com`) as `arn`, and the account it works for as `account`. A "provider" is
    somebody for whom an identity provider vouches (its name or ARN is `arn`), before there is a session.
    """

    account: str
    arn: str
    kind: Kind
    user_id: str
    access_key: str = ""
    name: str = ""
    issuer: str = ""
    tags: dict[str, str] = {}
    session: Session | None = None

    @property
    def policy_arn(self) -> str:
        """The ARN that `aws:PrincipalArn` goes by: the role of a session, else the caller."""
        return self.issuer if self.kind == "role" else self.arn

    @property
    def unique_id(self) -> str:
        """The unique id of the user or role, without the session's name."""
        return self.user_id.partition(":")[0]

    @property
    def is_service_linked(self) -> bool:
        """Is this a role that belongs to a service? Organizations' policies do not bind those."""
        return ":role/aws-service-role/" in self.issuer


# The account is empty: an anonymous caller belongs to nobody and owns nothing.
ANONYMOUS = Principal(account="", arn="", kind="anonymous", user_id="anonymous")


def root(account: str, access_key: str = "", partition: str = "aws") -> Principal:
    """The root of an account."""
    return Principal(account, f"arn:{partition}:iam::{account}:root", "root", account, access_key)


# Where the name of a service's principal is not the name of its API.
_SERVICE_NAMES = {
    "accessanalyzer": "access-analyzer",
    "apigatewayv2": "apigateway",
    "dynamodbstreams": "dynamodb",
    "efs": "elasticfilesystem",
    "elb": "elasticloadbalancing",
    "elbv2": "elasticloadbalancing",
    "emr": "elasticmapreduce",
    "mwaa": "airflow",
    "s3control": "s3",
    "sesv2": "ses",
    "sso-admin": "sso",
    "stepfunctions": "states",
}


def service_host(name: str) -> str:
    """The name by which policies know a service, given botocore's name of it (`stepfunctions` is `states.amazonaws.com`)."""
    return f"{_SERVICE_NAMES.get(name, name)}.amazonaws.com"


@lru_cache(maxsize=1024)
def service_principal(name: str, account: str) -> Principal:
    """An AWS service by its name (`sns`), at work for an account."""
    host = service_host(name)
    return Principal(account, host, "service", host)


def role_session(role_arn: str, role_id: str, session_name: str, session: Session, access_key: str = "") -> Principal:
    """Who acts as a role, under a session's name."""
    _, partition, _, _, account, path = role_arn.split(":", 5)
    name = path.rpartition("/")[2]
    arn = f"arn:{partition}:sts::{account}:assumed-role/{name}/{session_name}"
    return Principal(account, arn, "role", f"{role_id}:{session_name}", access_key, "", role_arn, {}, session)


@lru_cache(maxsize=1024)
def canonical_id(account: str) -> str:
    """The canonical user id of an account: 64 hexadecimal digits, the same for ever."""
    return hashlib.sha256(f"fogbank canonical user {account}".encode()).hexdigest()

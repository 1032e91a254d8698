"""boto3 clients of a server under test. Nothing of the user's own AWS configuration reaches them."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import boto3

REGION = "us-east-1"
_SECRET = "test"


def fresh_account() -> str:
    """A 12-digit account id that no other test has."""
    return f"{random.SystemRandom().randrange(10**11, 10**12)}"


class Clients:
    """Makes boto3 clients in one account: `aws("sqs")`, `aws("s3", region="eu-west-1")`. `accounts` are all that it made any in."""

    def __init__(self, endpoint: str, account: str | None = None) -> None:
        self.endpoint = endpoint
        self.account = account or fresh_account()
        self.accounts = {self.account}
        self._made: list[Any] = []

    def __call__(
        self,
        service: str,
        region: str = REGION,
        account: str | None = None,
        credentials: Mapping[str, Any] | None = None,
        endpoint: str | None = None,
        **config: Any,
    ) -> Any:
        """A client of the service (by boto3's name of it) as the root of the account.

        credentials  keys to sign with instead, as IAM and STS answer them: AccessKeyId, SecretAccessKey, SessionToken
        endpoint     another URL of the same server, for example with another host name
        config       fields of botocore.config.Config; a request is tried once unless `retries` says otherwise
        """
        from botocore.config import Config

        if account is not None:
            self.accounts.add(account)
        keys = credentials or {"AccessKeyId": account or self.account, "SecretAccessKey": _SECRET}
        client = _session().client(
            service,
            region_name=region,
            endpoint_url=endpoint or self.endpoint,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys.get("SessionToken"),
            config=Config(**{"retries": {"total_max_attempts": 1}, **config}),
        )
        self._made.append(client)
        return client

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables that lead AWS SDKs and tools to the server, in this account."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.account,
            "AWS_SECRET_ACCESS_KEY": _SECRET,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
        }

    def close(self) -> None:
        """Close the connections of all clients that were made."""
        for client in self._made:
            client.close()


@cache
def _session() -> boto3.Session:
    """One session for all clients, so that every model is read once."""
    import boto3
    import botocore.session

    # (name in a profile, environment variable, default, conversion)
    nothing: dict[str, Any] = {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
    }
    return boto3.Session(botocore_session=botocore.session.Session(session_vars=nothing))

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode
from http.client import HTTPConnection
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.services.sso.conftest import center, code_of, confirm

__all__ = ["center"]

REDIRECT = "http://127.0.0.1/callback"


def test_device_waits_until_somebody_confirms(center):
    user, client = center.user(), center.registered()
    device = center.begin(client)
    assert code_of(center.poll, client, device) == "AuthorizationPendingException"
    assert "Request approved" in confirm(device, user)
    assert center.poll(client, device)["tokenType"] == "Bearer"


def test_device_that_polls_too_fast_is_told_to_slow_down(center):
    client = center.registered()
    device = center.begin(client)
    assert code_of(center.poll, client, device) == "AuthorizationPendingException"
    assert code_of(center.poll, client, device) == "SlowDownException"
    center.clock.advance(seconds=10)
    assert code_of(center.poll, client, device) == "AuthorizationPendingException"


def test_device_code_expires(center):
    client = center.registered()
    device = center.begin(client)
    center.clock.advance(seconds=601)
    assert code_of(center.poll, client, device) == "ExpiredTokenException"


def test_device_code_is_good_once(center):
    user, client = center.user(), center.registered()
    device = center.begin(client)
    confirm(device, user)
    center.poll(client, device)
    assert code_of(center.poll, client, device) == "InvalidGrantException"


def test_denied_device_gets_nothing(center):
    user, client = center.user(), center.registered()
    device = center.begin(client)
    confirm(device, user, answer="deny")
    assert code_of(center.poll, client, device) == "AccessDeniedException"


def test_wrong_secret_is_refused(center):
    client = {**center.registered(), "clientSecret": "wrong"}
    assert code_of(center.begin, client) == "InvalidClientException"


def test_registration_expires(center):
    client = center.registered()
    center.clock.advance(days=91)
    assert code_of(center.begin, client) == "InvalidClientException"


def test_unknown_start_url_is_refused(center):
    center.start_url = "https://d-0000000000.awsapps.com/start"
    assert code_of(center.begin, center.registered()) == "InvalidRequestException"


def test_refresh_token_gives_new_tokens_and_is_used_up(center):
    client, tokens = center.sign_in(center.user(), scopes=["sso:account:access"])
    wanted = {**client, "grantType": "refresh_token", "refreshToken": tokens["refreshToken"]}
    renewed = center.oidc.create_token(**wanted)
    assert code_of(center.portal.list_accounts, accessToken=tokens["accessToken"]) == "UnauthorizedException"
    assert center.portal.list_accounts(accessToken=renewed["accessToken"])["accountList"] == []
    assert code_of(center.oidc.create_token, **wanted) == "InvalidGrantException"


def test_unknown_grant_type_is_refused(center):
    assert code_of(center.oidc.create_token, **center.registered(), grantType="password") == (
        "UnsupportedGrantTypeException"
    )


# -- authorization code


def authorize(center, client, user, verifier):
    """What the browser brings back: the query of the redirect."""
    digest = hashlib.sha256(verifier.encode()).digest()
    wanted = {
        "client_id": client["clientId"],
        "response_type": "code",
        "redirect_uri": "http://127.0.0.1:53682/callback",
        "state": "s",
        "code_challenge": urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    connection = HTTPConnection(urlsplit(center.aws.endpoint).netloc)
    body = urlencode({"user": user, "answer": "allow"})
    connection.request("POST", f"/_aws/sso-oidc/authorize?{urlencode(wanted)}", body)
    answer = connection.getresponse()
    location = answer.getheader("location")
    connection.close()
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def code_client(center):
    grants = ["authorization_code", "refresh_token"]
    more = {"redirectUris": [REDIRECT], "issuerUrl": center.start_url, "scopes": ["sso:account:access"]}
    return center.registered(grantTypes=grants, **more)


def test_code_with_its_verifier_gives_tokens(center):
    client, verifier = code_client(center), secrets.token_urlsafe(48)
    back = authorize(center, client, center.user(), verifier)
    assert back["state"] == "s"
    wanted = {"code": back["code"], "redirectUri": "http://127.0.0.1:53682/callback", "codeVerifier": verifier}
    tokens = center.oidc.create_token(**client, grantType="authorization_code", **wanted)
    assert tokens["refreshToken"]


def test_code_with_another_verifier_is_refused(center):
    client = code_client(center)
    back = authorize(center, client, center.user(), "right")
    wanted = {"code": back["code"], "redirectUri": "http://127.0.0.1:53682/callback", "codeVerifier": "wrong"}
    refuse = center.oidc.create_token
    assert code_of(refuse, **client, grantType="authorization_code", **wanted) == "InvalidGrantException"

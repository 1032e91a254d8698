"""Signing in: flows, challenges, tokens and what they say, and taking tokens back."""

import base64
import hashlib
import hmac
import json
import secrets
import time
import urllib.error
import urllib.request

import boto3
import jwt
import pytest

PASSWORD = "Str0ng!pass"


def claims(token):
    return jwt.decode(token, options={"verify_signature": False})


def secret_hash(client, name):
    key, text = client["ClientSecret"].encode(), (name + client["ClientId"]).encode()
    return base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()


# -- by password


def test_tokens_say_what_those_of_aws_say(idp, pool, app, jane, sign_in, clock):
    idp.create_group(UserPoolId=pool, GroupName="admins", RoleArn="arn:aws:iam::123456789012:role/admin")
    idp.admin_add_user_to_group(UserPoolId=pool, Username=jane, GroupName="admins")
    result = sign_in(app)["AuthenticationResult"]
    assert (result["TokenType"], result["ExpiresIn"]) == ("Bearer", 3600)
    access, identity = claims(result["AccessToken"]), claims(result["IdToken"])
    assert access["iss"] == identity["iss"] == f"https://cognito-idp.us-east-1.amazonaws.com/{pool}"
    assert (access["token_use"], access["client_id"], access["username"]) == ("access", app, jane)
    assert access["scope"] == "aws.cognito.signin.user.admin"
    assert (identity["token_use"], identity["aud"], identity["cognito:username"]) == ("id", app, jane)
    assert (identity["email"], identity["email_verified"]) == ("jane@example.com", True)
    assert access["cognito:groups"] == identity["cognito:groups"] == ["admins"]
    assert identity["cognito:preferred_role"] == "arn:aws:iam::123456789012:role/admin"
    assert access["exp"] - access["iat"] == 3600
    assert abs(access["auth_time"] - clock.now()) < 60


def test_the_documents_of_the_issuer_verify_a_token(aws, pool, app, jane, sign_in):
    token = sign_in(app)["AuthenticationResult"]["IdToken"]
    with urllib.request.urlopen(f"{aws.endpoint}/{pool}/.well-known/openid-configuration") as answer:
        discovery = json.load(answer)
    assert discovery["issuer"] == claims(token)["iss"]
    key = jwt.PyJWKClient(discovery["jwks_uri"]).get_signing_key_from_jwt(token)
    checks = {"verify_exp": False, "verify_iat": False}
    assert jwt.decode(token, key, algorithms=["RS256"], audience=app, options=checks)["cognito:username"] == jane


def test_a_pool_that_is_not_there_has_no_keys(aws):
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{aws.endpoint}/us-east-1_none/.well-known/jwks.json")
    assert caught.value.code == 404


def test_a_wrong_password_is_refused(app, jane, sign_in, refused):
    with refused("NotAuthorizedException", "Incorrect username or password."):
        sign_in(app, password="wrong")


def test_a_client_may_keep_to_itself_which_users_there_are(pool, app, make_app, sign_in, refused):
    with refused("UserNotFoundException", "User does not exist."):
        sign_in(app, "nobody")
    discreet = make_app(pool, PreventUserExistenceErrors="ENABLED")["ClientId"]
    with refused("NotAuthorizedException", "Incorrect username or password."):
        sign_in(discreet, "nobody")


def test_a_flow_has_to_be_enabled(pool, make_app, jane, sign_in, refused):
    app = make_app(pool, ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH"])["ClientId"]
    with refused("InvalidParameterException", "USER_PASSWORD_AUTH flow not enabled for this client"):
        sign_in(app)


def test_an_app_needs_no_credentials_of_aws(aws, app, jane):
    from botocore import UNSIGNED
    from botocore.config import Config

    unsigned = Config(signature_version=UNSIGNED)
    idp = boto3.client("cognito-idp", "eu-west-1", endpoint_url=aws.endpoint, config=unsigned)
    params = {"USERNAME": jane, "PASSWORD": PASSWORD}
    result = idp.initiate_auth(ClientId=app, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=params)
    token = result["AuthenticationResult"]["AccessToken"]
    assert idp.get_user(AccessToken=token)["Username"] == jane


def test_a_client_with_a_secret_asks_for_its_hash(idp, pool, make_app, jane, sign_in, refused):
    client = make_app(pool, GenerateSecret=True)
    app = client["ClientId"]
    with refused("NotAuthorizedException", f"Client {app} is configured with secret but SECRET_HASH was not received"):
        sign_in(app)
    with refused("NotAuthorizedException", f"Unable to verify secret hash for client {app}"):
        sign_in(app, SECRET_HASH="wrong")
    result = sign_in(app, SECRET_HASH=secret_hash(client, jane))["AuthenticationResult"]
    params = {"REFRESH_TOKEN": result["RefreshToken"], "SECRET_HASH": secret_hash(client, jane)}
    assert idp.initiate_auth(ClientId=app, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters=params)["AuthenticationResult"]


def test_a_temporary_password_is_replaced_at_the_first_sign_in(idp, pool, app, sign_in, refused):
    idp.admin_create_user(UserPoolId=pool, Username="joe", TemporaryPassword=PASSWORD, MessageAction="SUPPRESS")
    challenge = sign_in(app, "joe")
    assert challenge["ChallengeParameters"]["USER_ID_FOR_SRP"] == "joe"

    def respond(password):
        responses = {"USERNAME": "joe", "NEW_PASSWORD": password, "userAttributes.name": "Joe"}
        return idp.respond_to_auth_challenge(
            ClientId=app,
            ChallengeName="NEW_PASSWORD_REQUIRED",
            Session=challenge["Session"],
            ChallengeResponses=responses,
        )

    with refused("InvalidPasswordException"):
        respond("weak")
    assert claims(respond("An0ther!pass")["AuthenticationResult"]["IdToken"])["name"] == "Joe"
    with refused("NotAuthorizedException", "session can only be used once"):
        respond("Th1rd!pass!")


def test_a_session_expires(idp, pool, app, sign_in, clock, refused):
    idp.admin_create_user(UserPoolId=pool, Username="joe", TemporaryPassword=PASSWORD, MessageAction="SUPPRESS")
    session = sign_in(app, "joe")["Session"]
    clock.advance(minutes=4)
    with refused("NotAuthorizedException", "session is expired"):
        idp.respond_to_auth_challenge(
            ClientId=app,
            ChallengeName="NEW_PASSWORD_REQUIRED",
            Session=session,
            ChallengeResponses={"USERNAME": "joe", "NEW_PASSWORD": "An0ther!pass"},
        )


def test_an_administrator_signs_a_user_in(idp, pool, app, jane):
    params = {"USERNAME": jane, "PASSWORD": PASSWORD}
    flow = "ADMIN_USER_PASSWORD_AUTH"
    assert idp.admin_initiate_auth(UserPoolId=pool, ClientId=app, AuthFlow=flow, AuthParameters=params)[
        "AuthenticationResult"
    ]


# -- by SRP: the client's side, after RFC 5054 and what Amplify calculates

PRIME = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437"
    "4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF05"
    "98DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33"
    "A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864"
    "D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
    16,
)


def pad(number):
    text = f"{number:x}"
    text = "0" + text if len(text) % 2 else text
    return bytes.fromhex("00" + text if text[0] in "89abcdef" else text)


def number(*parts):
    return int(hashlib.sha256(b"".join(parts)).hexdigest(), 16)


def srp(idp, pool, app, name, password, flow="USER_SRP_AUTH", **params):
    """The whole of USER_SRP_AUTH."""
    small = secrets.randbelow(PRIME)
    public = pow(2, small, PRIME)
    given = {"USERNAME": name, "SRP_A": f"{public:x}", **params}
    challenge = idp.initiate_auth(ClientId=app, AuthFlow=flow, AuthParameters=given)
    told = challenge["ChallengeParameters"]
    server, user, salt = int(told["SRP_B"], 16), told["USER_ID_FOR_SRP"], int(told["SALT"], 16)
    identity = pool.split("_")[1] + user
    x = number(pad(salt), hashlib.sha256(f"{identity}:{password}".encode()).digest())
    u, k = number(pad(public), pad(server)), number(pad(PRIME), pad(2))
    common = pow(server - k * pow(2, x, PRIME), small + u * x, PRIME)
    derived = hmac.new(pad(u), pad(common), hashlib.sha256).digest()
    key = hmac.new(derived, b"Caldera Derived Key\x01", hashlib.sha256).digest()[:16]
    now = time.strftime("%a %b %d %H:%M:%S UTC %Y", time.gmtime())
    message = identity.encode() + base64.b64decode(told["SECRET_BLOCK"]) + now.encode()
    responses = {
        "USERNAME": user,
        "TIMESTAMP": now,
        "PASSWORD_CLAIM_SECRET_BLOCK": told["SECRET_BLOCK"],
        "PASSWORD_CLAIM_SIGNATURE": base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode(),
    }
    return idp.respond_to_auth_challenge(ClientId=app, ChallengeName="PASSWORD_VERIFIER", ChallengeResponses=responses)


def test_a_client_shows_by_srp_that_it_knows_the_password(idp, pool, app, jane):
    result = srp(idp, pool, app, jane, PASSWORD)["AuthenticationResult"]
    assert claims(result["AccessToken"])["username"] == jane


def test_a_client_that_does_not_know_the_password_is_refused(idp, pool, app, jane, refused):
    with refused("NotAuthorizedException", "Incorrect username or password."):
        srp(idp, pool, app, jane, "wrong")


def test_srp_with_a_user_that_is_not_there_looks_like_a_wrong_password(idp, pool, make_app, refused):
    app = make_app(pool, PreventUserExistenceErrors="ENABLED")["ClientId"]
    with refused("NotAuthorizedException", "Incorrect username or password."):
        srp(idp, pool, app, "nobody", PASSWORD)


def test_srp_refuses_a_public_value_that_gives_the_key_away(idp, app, jane, refused):
    params = {"USERNAME": jane, "SRP_A": f"{PRIME:x}"}
    with refused("InvalidParameterException"):
        idp.initiate_auth(ClientId=app, AuthFlow="USER_SRP_AUTH", AuthParameters=params)


# -- refresh tokens, and the end of tokens


def refresh(idp, app, token):
    params = {"REFRESH_TOKEN": token}
    return idp.initiate_auth(ClientId=app, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters=params)["AuthenticationResult"]


def test_a_refresh_token_gives_new_tokens(idp, app, jane, sign_in, clock, refused):
    first = sign_in(app)["AuthenticationResult"]
    clock.advance(hours=2)
    with refused("NotAuthorizedException", "Access Token has expired"):
        idp.get_user(AccessToken=first["AccessToken"])
    again = refresh(idp, app, first["RefreshToken"])
    assert "RefreshToken" not in again
    assert claims(again["AccessToken"])["auth_time"] == claims(first["AccessToken"])["auth_time"]
    assert idp.get_user(AccessToken=again["AccessToken"])["Username"] == jane
    other = idp.get_tokens_from_refresh_token(ClientId=app, RefreshToken=first["RefreshToken"])
    assert other["AuthenticationResult"]["AccessToken"]


def test_a_refresh_token_expires(idp, app, jane, sign_in, clock, refused):
    token = sign_in(app)["AuthenticationResult"]["RefreshToken"]
    clock.advance(days=31)
    with refused("NotAuthorizedException", "Refresh Token has expired"):
        refresh(idp, app, token)


def test_a_revoked_refresh_token_takes_its_access_token_along(idp, app, jane, sign_in, refused):
    result = sign_in(app)["AuthenticationResult"]
    idp.revoke_token(ClientId=app, Token=result["RefreshToken"])
    with refused("NotAuthorizedException", "Refresh Token has been revoked"):
        refresh(idp, app, result["RefreshToken"])
    with refused("NotAuthorizedException", "Access Token has been revoked"):
        idp.get_user(AccessToken=result["AccessToken"])
    with refused("UnsupportedTokenTypeException"):
        idp.revoke_token(ClientId=app, Token=result["AccessToken"])


def test_a_global_sign_out_ends_all_tokens(idp, app, jane, sign_in, refused):
    first, second = (sign_in(app)["AuthenticationResult"] for _ in range(2))
    idp.global_sign_out(AccessToken=first["AccessToken"])
    with refused("NotAuthorizedException", "Access Token has been revoked"):
        idp.get_user(AccessToken=second["AccessToken"])
    with refused("NotAuthorizedException", "Refresh Token has been revoked"):
        refresh(idp, app, second["RefreshToken"])


def test_a_token_of_nobody_is_refused(idp, app, jane, sign_in, refused):
    token = sign_in(app)["AuthenticationResult"]["AccessToken"]
    for other in ("nonsense", token[:-8] + "AAAAAAAA"):
        with refused("NotAuthorizedException", "Invalid Access Token"):
            idp.get_user(AccessToken=other)


# -- a second factor


def one_time(secret, now):
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, int(now // 30).to_bytes(8, "big"), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start : start + 4], 'big') & 0x7FFFFFFF) % 10**6:06d}"


def test_a_pool_may_ask_for_a_one_time_password(idp, pool, app, jane, sign_in, clock, refused):
    token = {"Enabled": True}
    idp.set_user_pool_mfa_config(UserPoolId=pool, SoftwareTokenMfaConfiguration=token, MfaConfiguration="ON")
    challenge = sign_in(app)
    assert challenge["ChallengeName"] == "MFA_SETUP"
    made = idp.associate_software_token(Session=challenge["Session"])
    with refused("EnableSoftwareTokenMFAException"):
        idp.verify_software_token(Session=made["Session"], UserCode="000000")
    code = one_time(made["SecretCode"], clock.now())
    session = idp.verify_software_token(Session=made["Session"], UserCode=code)["Session"]

    def respond(challenge, session, **responses):
        return idp.respond_to_auth_challenge(
            ClientId=app, ChallengeName=challenge, Session=session, ChallengeResponses={"USERNAME": jane, **responses}
        )

    assert "AuthenticationResult" in respond("MFA_SETUP", session)
    challenge = sign_in(app)
    assert challenge["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    with refused("CodeMismatchException", "Invalid code received for user"):
        respond("SOFTWARE_TOKEN_MFA", challenge["Session"], SOFTWARE_TOKEN_MFA_CODE="none!!")
    code = one_time(made["SecretCode"], clock.now())
    assert "AuthenticationResult" in respond("SOFTWARE_TOKEN_MFA", challenge["Session"], SOFTWARE_TOKEN_MFA_CODE=code)
    assert idp.admin_get_user(UserPoolId=pool, Username=jane)["UserMFASettingList"] == ["SOFTWARE_TOKEN_MFA"]

"""Who may call HTTP APIs: JWTs, functions, IAM."""

import base64
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

SIMPLE = """
def handler(event, context):
    return {"isAuthorized": event["identitySource"] == ["good"], "context": {"tenant": event["routeKey"]}}
"""


class Issuer:
    """Signs tokens, and tells its keys by HTTP."""

    def __init__(self):
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        numbers = self._key.public_key().public_numbers()
        public = {"kty": "RSA", "kid": "k1", "alg": "RS256", "n": _text(numbers.n), "e": _text(numbers.e)}
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                discovery = {"issuer": issuer.url, "jwks_uri": f"{issuer.url}/keys"}
                body = json.dumps(discovery if "openid" in self.path else {"keys": [public]}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def token(self, **claims):
        told = {"iss": self.url, "aud": "shop", "exp": int(time.time()) + 3600, "scope": "read write", **claims}
        return jwt.encode(told, self._key, algorithm="RS256", headers={"kid": "k1"})

    def of_another_kind(self):
        """Signed by an algorithm that the key of that name is none of."""
        key = ec.generate_private_key(ec.SECP256R1())
        return jwt.encode({"iss": self.url}, key, algorithm="ES256", headers={"kid": "k1"})


def _text(number):
    return base64.urlsafe_b64encode(number.to_bytes((number.bit_length() + 7) // 8, "big")).rstrip(b"=").decode()


@pytest.fixture(scope="module")
def issuer():
    made = Issuer()
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_tokens_are_held_against_the_keys_of_their_issuer(apis, issuer):
    api = apis.http("GET /open")
    target = apis.v2.get_routes(ApiId=api)["Items"][0]["Target"]
    authorizer = apis.v2.create_authorizer(
        ApiId=api,
        AuthorizerType="JWT",
        Name="jwt",
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={"Issuer": issuer.url, "Audience": ["shop"]},
    )["AuthorizerId"]
    options = {"AuthorizationType": "JWT", "AuthorizerId": authorizer, "Target": target}
    apis.v2.create_route(ApiId=api, RouteKey="GET /orders", **options)
    apis.v2.create_route(ApiId=api, RouteKey="GET /admin", AuthorizationScopes=["admin"], **options)

    def call(token, path="/orders"):
        return apis.visit(api, path, headers={"Authorization": f"Bearer {token}"} if token else {})

    good = call(issuer.token(sub="u1"))
    told = good.json["requestContext"]["authorizer"]["jwt"]
    assert (told["claims"]["sub"], told["claims"]["aud"]) == ("u1", "shop")
    none = call(None)
    assert (none.status, none.message, none.headers["www-authenticate"]) == (401, "Unauthorized", "Bearer")
    forged = issuer.token()[:-8] + "AAAAAAAA"
    refused = [forged, issuer.token(aud="other"), issuer.token(exp=1), issuer.token(iss="http://other"), "nonsense"]
    refused.append(issuer.of_another_kind())
    answers = [call(token) for token in refused]
    assert [answer.status for answer in answers] == [401] * 6
    assert 'error="invalid_token"' in answers[0].headers["www-authenticate"]
    assert call(issuer.token(), "/admin").status == 403
    assert call(issuer.token(scope="admin"), "/admin").status == 200
    assert apis.visit(api, "/open").status == 200


def test_a_function_says_simply_yes_or_no(apis):
    api = apis.http("GET /open")
    target = apis.v2.get_routes(ApiId=api)["Items"][0]["Target"]
    uri = apis.function(SIMPLE, "authorizer")
    authorizer = apis.v2.create_authorizer(
        ApiId=api,
        AuthorizerType="REQUEST",
        Name="f",
        IdentitySource=["$request.header.X-Token"],
        AuthorizerUri=uri,
        AuthorizerPayloadFormatVersion="2.0",
        EnableSimpleResponses=True,
    )["AuthorizerId"]
    apis.v2.create_route(
        ApiId=api, RouteKey="GET /orders", AuthorizationType="CUSTOM", AuthorizerId=authorizer, Target=target
    )
    good = apis.visit(api, "/orders", headers={"X-Token": "good"})
    assert good.json["requestContext"]["authorizer"]["lambda"] == {"tenant": "GET /orders"}
    bad = apis.visit(api, "/orders", headers={"X-Token": "bad"})
    assert (bad.status, bad.message) == (403, "Forbidden")
    assert apis.visit(api, "/orders").status == 401


def test_iam_lets_nobody_in_who_has_not_signed(apis):
    api = apis.http("GET /open")
    route = apis.v2.get_routes(ApiId=api)["Items"][0]
    apis.v2.update_route(ApiId=api, RouteId=route["RouteId"], AuthorizationType="AWS_IAM")
    refused = apis.visit(api, "/open")
    assert (refused.status, refused.message) == (403, "Forbidden")

"""The pool's functions. Those here are Python in the test's process, in the place of the Lambda service."""

from __future__ import annotations

import json

import jwt
import pytest

from fogbank.kernel import AWSError, Service
from fogbank.testing import server
from fogbank.testing.clients import Clients

PASSWORD = "Str0ng!pass"
FUNCTION = "arn:aws:lambda:us-east-1:111122223333:function:trigger"


class Function:
    """`answers` are responses by the occasion; `events` the calls. What is not there is answered as it came."""

    def __init__(self):
        self.answers = {}
        self.events = []
        self.sources = []

    def __call__(self, event):
        self.events.append(event)
        answer = self.answers.get(event["triggerSource"])
        if isinstance(answer, Exception):
            raise answer
        response = answer(event) if callable(answer) else answer
        return {**event, "response": event["response"] if response is None else response}


def functions(function):
    service = Service("lambda")

    @service.operation(transaction=False, open=True)
    async def invoke(ctx, request):
        function.sources.append((ctx.principal.arn, ctx.origin.get("aws:SourceArn")))
        if function.answers.get("access") == "denied":
            raise AWSError("AccessDeniedException", "not authorized")
        try:
            answer = function(json.loads(request["Payload"]))
        except RuntimeError as error:
            payload = json.dumps({"errorMessage": str(error)}).encode()
            return {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": payload}
        return {"StatusCode": 200, "Payload": json.dumps(answer).encode()}

    return service


@pytest.fixture(scope="module")
def serving():
    with server() as running:
        yield running


@pytest.fixture
def function(serving):
    function = Function()
    serving.app.services._loaded["lambda"] = functions(function)
    return function


@pytest.fixture
def aws(serving):
    clients = Clients(serving.endpoint)
    yield clients
    clients.close()


@pytest.fixture
def triggered(function, make_pool, make_app):
    """A pool with the function as those triggers, and its app."""

    def make(*triggers, **config):
        pool = make_pool(AutoVerifiedAttributes=["email"], LambdaConfig=dict.fromkeys(triggers, FUNCTION) | config)
        return pool, make_app(pool)["ClientId"]

    return make


def sign_up(idp, app):
    email = [{"Name": "email", "Value": "joe@example.com"}]
    return idp.sign_up(ClientId=app, Username="joe", Password=PASSWORD, UserAttributes=email)


def test_a_function_confirms_who_signs_up(idp, function, triggered):
    pool, app = triggered("PreSignUp", "PostConfirmation")
    function.answers["PreSignUp_SignUp"] = {"autoConfirmUser": True, "autoVerifyEmail": True}
    function.answers["PostConfirmation_ConfirmSignUp"] = {}
    assert sign_up(idp, app)["UserConfirmed"] is True
    first, second = function.events
    assert (first["version"], first["userPoolId"], first["userName"]) == ("1", pool, "joe")
    assert first["callerContext"]["clientId"] == app
    assert second["request"]["userAttributes"]["email_verified"] == "true"


def test_the_pool_invokes_a_function_as_itself(aws, idp, function, triggered):
    pool, app = triggered("PreSignUp")
    sign_up(idp, app)
    arn = f"arn:aws:cognito-idp:us-east-1:{aws.account}:userpool/{pool}"
    assert function.sources == [("cognito-idp.amazonaws.com", arn)]


def test_a_function_refuses_a_sign_up(idp, pool, function, triggered, refused):
    pool, app = triggered("PreSignUp")
    function.answers["PreSignUp_SignUp"] = RuntimeError("not you")
    with refused("UserLambdaValidationException", "PreSignUp failed with error not you."):
        sign_up(idp, app)
    assert idp.list_users(UserPoolId=pool)["Users"] == []


def test_a_function_that_may_not_be_invoked_refuses_the_request(idp, function, triggered, refused):
    _, app = triggered("PreSignUp")
    function.answers["access"] = "denied"
    with refused("UnexpectedLambdaException", "PreSignUp invocation failed due to error AccessDeniedException."):
        sign_up(idp, app)


def test_an_answer_without_a_response_is_refused(idp, function, triggered, refused):
    _, app = triggered("PreSignUp")
    function.answers["PreSignUp_SignUp"] = "text"
    with refused("InvalidLambdaResponseException", "Unrecognizable lambda output"):
        sign_up(idp, app)


def test_a_function_words_a_message(idp, function, triggered, mails):
    _, app = triggered("CustomMessage")
    function.answers["CustomMessage_SignUp"] = {"emailSubject": "Hello", "emailMessage": "Say {####}"}
    sign_up(idp, app)
    mail = mails("joe@example.com")[0]
    assert mail["subject"] == "Hello"
    assert mail["body"].startswith("Say ") and mail["body"][4:].isdigit()


@pytest.fixture
def joe(idp):
    def make(pool):
        idp.admin_create_user(UserPoolId=pool, Username="joe", MessageAction="SUPPRESS")
        idp.admin_set_user_password(UserPoolId=pool, Username="joe", Password=PASSWORD, Permanent=True)

    return make


def test_functions_stand_before_and_after_a_sign_in(idp, function, triggered, joe, sign_in, refused):
    pool, app = triggered("PreAuthentication", "PostAuthentication")
    joe(pool)
    sign_in(app, "joe")
    sources = [event["triggerSource"] for event in function.events]
    assert sources == ["PreAuthentication_Authentication", "PostAuthentication_Authentication"]
    function.answers["PreAuthentication_Authentication"] = RuntimeError("closed")
    with refused("UserLambdaValidationException", "PreAuthentication failed with error closed."):
        sign_in(app, "joe")


def claims(token):
    return jwt.decode(token, options={"verify_signature": False})


def test_a_function_of_version_1_changes_the_id_token(function, triggered, joe, sign_in):
    pool, app = triggered("PreTokenGeneration")
    joe(pool)
    details = {"claimsToAddOrOverride": {"tenant": "t1", "sub": "no"}, "claimsToSuppress": ["event_id", "auth_time"]}
    details["groupOverrideDetails"] = {"groupsToOverride": ["a", "b"]}
    function.answers["TokenGeneration_Authentication"] = {"claimsOverrideDetails": details}
    result = sign_in(app, "joe")["AuthenticationResult"]
    identity, access = claims(result["IdToken"]), claims(result["AccessToken"])
    assert (identity["tenant"], identity["cognito:groups"]) == ("t1", ["a", "b"])
    assert identity["sub"] == access["sub"] != "no"
    assert "tenant" not in access


def test_a_function_of_version_2_changes_the_access_token_too(function, triggered, joe, sign_in):
    config = {"LambdaVersion": "V2_0", "LambdaArn": FUNCTION}
    pool, app = triggered(PreTokenGenerationConfig=config)
    joe(pool)
    changes = {"claimsToAddOrOverride": {"tenant": "t1"}, "scopesToAdd": ["orders/read"]}
    function.answers["TokenGeneration_Authentication"] = {
        "claimsAndScopeOverrideDetails": {"accessTokenGeneration": changes}
    }
    access = claims(sign_in(app, "joe")["AuthenticationResult"]["AccessToken"])
    assert (access["tenant"], access["scope"]) == ("t1", "aws.cognito.signin.user.admin orders/read")
    assert function.events[0]["version"] == "2"


def test_a_function_brings_a_user_from_elsewhere(idp, function, triggered, sign_in, refused):
    pool, app = triggered("UserMigration")
    found = {"userAttributes": {"email": "old@example.com", "email_verified": "true"}, "finalUserStatus": "CONFIRMED"}
    function.answers["UserMigration_Authentication"] = lambda event: found
    assert "AuthenticationResult" in sign_in(app, "old")
    assert idp.admin_get_user(UserPoolId=pool, Username="old")["UserStatus"] == "CONFIRMED"
    function.answers["UserMigration_Authentication"] = RuntimeError("unknown")
    with refused("UserNotFoundException"):
        sign_in(app, "other")


def test_functions_ask_what_they_want(idp, function, triggered, joe, refused):
    pool, app = triggered("DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse")
    joe(pool)

    def define(event):
        session = event["request"]["session"]
        if session and session[-1]["challengeResult"]:
            return {"issueTokens": True, "failAuthentication": False}
        return {"challengeName": "CUSTOM_CHALLENGE", "issueTokens": False, "failAuthentication": len(session) > 1}

    function.answers["DefineAuthChallenge_Authentication"] = define
    function.answers["CreateAuthChallenge_Authentication"] = {
        "publicChallengeParameters": {"question": "2+2"},
        "privateChallengeParameters": {"answer": "4"},
        "challengeMetadata": "SUM",
    }
    function.answers["VerifyAuthChallengeResponse_Authentication"] = lambda event: {
        "answerCorrect": event["request"]["challengeAnswer"] == event["request"]["privateChallengeParameters"]["answer"]
    }

    def answer(challenge, text):
        return idp.respond_to_auth_challenge(
            ClientId=app,
            ChallengeName="CUSTOM_CHALLENGE",
            Session=challenge["Session"],
            ChallengeResponses={"USERNAME": "joe", "ANSWER": text},
        )

    given = {"ClientId": app, "AuthFlow": "CUSTOM_AUTH", "AuthParameters": {"USERNAME": "joe"}}
    first = idp.initiate_auth(**given)
    assert first["ChallengeParameters"] == {"USERNAME": "joe", "question": "2+2"}
    second = answer(first, "5")
    with refused("NotAuthorizedException", "session can only be used once"):
        answer(first, "4")
    assert "AuthenticationResult" in answer(second, "4")
    with refused("NotAuthorizedException", "Incorrect username or password."):
        answer(answer(idp.initiate_auth(**given), "5"), "6")

"""Functions in Node.js: handlers of every form, what they are given, how they fail, what they log."""

import base64
import json
import shutil

import pytest

RUNTIME = "nodejs20.x"

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node.js")


@pytest.fixture
def make(functions):
    def made(source, name="index.js", **options):
        functions.make(source if isinstance(source, dict) else {name: source}, Runtime=RUNTIME, **options)
        return functions

    return made


@pytest.mark.parametrize(
    "name, source",
    [
        ("index.mjs", "export const handler = async (event) => ({ got: event.n });"),
        ("index.js", "exports.handler = async (event) => ({ got: event.n });"),
        ("index.cjs", "exports.handler = (event, context, callback) => callback(null, { got: event.n });"),
        ("index.js", "exports.handler = (event, context) => { context.succeed({ got: event.n }); };"),
    ],
)
def test_a_handler_may_have_any_form(make, name, source):
    assert make(source, name).call({"n": 3}) == ({"got": 3}, None)


def test_a_package_says_that_its_files_are_modules(make):
    functions = make(
        {
            "package.json": '{"type": "module"}',
            "src/app.js": "import { x } from './part.js';\nexport const run = async () => x;",
            "src/part.js": "export const x = 7;",
        },
        Handler="src/app.run",
    )
    assert functions.call() == (7, None)


def test_an_answer_waits_for_what_is_left_to_do(make):
    functions = make(
        "let done = 0;\n"
        "exports.handler = (event, context, callback) => {\n"
        "  context.callbackWaitsForEmptyEventLoop = event.wait;\n"
        "  const before = done;\n  setTimeout(() => { done += 1; }, 30);\n  callback(null, before);\n};"
    )
    assert [functions.call({"wait": True})[0] for _ in range(3)] == [0, 1, 2]


def test_a_handler_that_never_answers_gives_null(make):
    assert make("exports.handler = () => new Promise(() => {});").call() == (None, None)


def test_an_error_has_its_type_and_its_trace(make):
    document, error = make("exports.handler = async () => { throw new RangeError('too far'); };").call()
    assert error == "Unhandled"
    assert (document["errorType"], document["errorMessage"]) == ("RangeError", "too far")
    assert document["trace"][0] == "RangeError: too far" and "index.js" in document["trace"][1]


def test_what_is_thrown_need_not_be_an_error(make):
    document, _ = make("exports.handler = async () => { throw 'text'; };").call()
    assert document == {"errorType": "string", "errorMessage": "text", "trace": []}


def test_an_error_that_nobody_catches_ends_the_process(make):
    functions = make(
        "let n = 0;\nexports.handler = (event, context, callback) => {\n"
        "  n += 1;\n  if (event.fail) setTimeout(() => { throw new Error('late'); }, 1); else callback(null, n);\n};"
    )
    assert functions.call() == (1, None)
    document, error = functions.call({"fail": True})
    assert (document["errorMessage"], error) == ("late", "Unhandled")
    assert functions.call() == (1, None)


def test_a_rejection_that_nobody_handles_is_an_error(make):
    functions = make("exports.handler = () => { Promise.reject(new Error('lost')); };")
    document, _ = functions.call()
    assert document["errorType"] == "Runtime.UnhandledPromiseRejection"
    assert document["errorMessage"] == "Error: lost"


@pytest.mark.parametrize(
    "source, kind",
    [
        ("exports.other = 1;", "Runtime.HandlerNotFound"),
        ("exports.handler = 1;", "Runtime.HandlerNotFound"),
        ("require('nothing-of-that-name');", "Runtime.ImportModuleError"),
        ("this is not JavaScript", "Runtime.UserCodeSyntaxError"),
        ("throw new TypeError('at the start');", "TypeError"),
    ],
)
def test_a_function_that_cannot_be_loaded_says_why(make, source, kind):
    document, error = make(source).call()
    assert (document["errorType"], error) == (kind, "Unhandled")


def test_the_context_is_that_of_lambda(make):
    functions = make(
        "exports.handler = async (event, context) => ({ ...context, left: context.getRemainingTimeInMillis() });",
        MemorySize=256,
    )
    context, _ = functions.call()
    assert (context["functionName"], context["functionVersion"], context["memoryLimitInMB"]) == ("f", "$LATEST", "256")
    assert context["invokedFunctionArn"].endswith(":function:f")
    assert 5_000 < context["left"] <= 10_000


def _tail(functions):
    answer = functions.client.invoke(FunctionName="f", LogType="Tail")
    return answer["ResponseMetadata"]["RequestId"], base64.b64decode(answer["LogResult"]).decode().splitlines()


def test_console_writes_lines_of_lambda(make):
    request, lines = _tail(
        make("exports.handler = async () => { console.log('a %d', 1, {b: 2}); console.error('c'); };")
    )
    logged = [line.split("\t")[1:] for line in lines if line.startswith("20")]
    assert logged == [[request, "INFO", "a 1 { b: 2 }"], [request, "ERROR", "c"]]


def test_console_writes_json_where_that_is_the_format(make):
    functions = make(
        "exports.handler = async () => { console.info({ order: 1 }); console.debug('quiet'); };",
        LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "INFO"},
    )
    request, lines = _tail(functions)
    logged = [json.loads(line) for line in lines if '"level"' in line]
    assert [(each["level"], each["requestId"], each["message"]) for each in logged] == [("INFO", request, {"order": 1})]


def test_layers_bring_modules_to_both_kinds_of_packages(make, functions):
    from tests.services.lambda_.functions import package

    layer = functions.client.publish_layer_version(
        LayerName="l",
        Content={"ZipFile": package({"nodejs/node_modules/greeting/index.js": "exports.text = 'hello';"})},
    )["LayerVersionArn"]
    make("exports.handler = async () => require('greeting').text;", Layers=[layer])
    assert functions.call() == ("hello", None)
    functions.client.update_function_code(
        FunctionName="f",
        ZipFile=package({"index.mjs": "import g from 'greeting';\nexport const handler = async () => g.text;"}),
    )
    functions.settle()
    assert functions.call() == ("hello", None)


def test_temporary_files_are_its_own(make, own_tmp):
    functions = make("exports.handler = async () => [require('os').tmpdir(), require('fs').readdirSync('/tmp')];")
    assert functions.call() == (["/tmp", []], None)

"""Functions in Node.js that do what they should not: the error document, the log, and that the next invocation works."""

import shutil

import pytest

from fogbank.services.lambda_.runtime.isolation import Rooms
from tests.services.lambda_.test_faults import invoke, report

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node.js")


@pytest.fixture
def make(functions):
    def made(source, name="index.js", **options):
        functions.make({name: source}, Runtime="nodejs20.x", **options)
        return functions

    return made


@pytest.fixture
def isolated(tmp_path):
    if not Rooms(str(tmp_path)).skeleton:
        pytest.skip("this machine allows no mount namespaces")


@pytest.mark.parametrize(
    "name, source, kind, message",
    [
        (
            "other.js",
            "",
            "ImportModuleError",
            "Error: Cannot find module 'index'\nRequire stack:\n- /var/runtime/index.mjs",
        ),
        (
            "index.js",
            "require('./missing');",
            "ImportModuleError",
            "Error: Cannot find module './missing'\nRequire stack:\n- /var/task/index.js\n- /var/runtime/index.mjs",
        ),
        ("index.js", "exports.other = 1;", "HandlerNotFound", "index.handler is undefined or not exported"),
        ("index.js", "const x = ;", "UserCodeSyntaxError", "SyntaxError: Unexpected token ';'"),
        ("index.mjs", "const x = ;", "UserCodeSyntaxError", "SyntaxError: Unexpected token ';'"),
        (
            "index.js",
            "Promise.reject(new Error('lost')); exports.handler = async () => 1;",
            "UnhandledPromiseRejection",
            "Error: lost",
        ),
    ],
)
def test_what_cannot_be_loaded_is_said_in_the_document_and_in_the_log(isolated, make, name, source, kind, message):
    document, lines, _ = invoke(make(source, name))
    assert (document["errorType"], document["errorMessage"]) == (f"Runtime.{kind}", message)
    assert document["trace"][0] == f"Runtime.{kind}: {message.splitlines()[0]}"
    assert report(lines)["Error Type"] == f"Runtime.{kind}"


def test_traces_show_the_runtime_where_aws_has_it(isolated, make):
    document, _, _ = invoke(make("exports.handler = async () => { throw new RangeError('far'); };"))
    assert document["trace"][0] == "RangeError: far"
    assert "/var/task/index.js:1" in document["trace"][1] and "file:///var/runtime/index.mjs" in document["trace"][2]


@pytest.mark.parametrize(
    "value", ["(() => { const x = {}; x.x = x; return x; })()", "10n", "{ toJSON() { throw new Error('no'); } }"]
)
def test_what_has_no_json_cannot_be_returned(make, value):
    functions = make(f"exports.handler = async (event) => event.well ? 1 : {value};")
    document, _, _ = invoke(functions)
    assert document["errorType"] == "Runtime.JSONStringifyError"
    assert document["errorMessage"] == "Unable to stringify response body"
    assert functions.call({"well": True}) == (1, None)


@pytest.mark.parametrize(
    "statement, kind, text",
    [
        ("process.exit(7)", "Runtime.ExitError", "Runtime exited with error: exit status 7"),
        ("process.abort()", "Runtime.ExitError", "Runtime exited with error: signal: aborted"),
        ("setTimeout(() => { throw new TypeError('late'); }, 1)", "TypeError", "late"),
        ("Promise.reject('lost')", "Runtime.UnhandledPromiseRejection", "lost"),
        ("const f = () => f() + 1; f()", "RangeError", "Maximum call stack size exceeded"),
        ("throw Object.assign(new Error('no'), { name: 'Own', code: 5 })", "Own", "no"),
    ],
)
def test_the_next_invocation_works(make, statement, kind, text):
    functions = make(
        "exports.handler = async (event) => {\n"
        f"  if (event.fail) {{ {statement}; await new Promise((done) => setTimeout(done, 500)); }}\n"
        "  return 'well';\n};"
    )
    document, lines, _ = invoke(functions, {"fail": True})
    assert document["errorType"] == kind and document["errorMessage"].endswith(text)
    assert any(text in line for line in lines)
    assert functions.call() == ("well", None)


def test_too_much_memory_is_reported_as_that(make):
    functions = make(
        "exports.handler = async (event) => { const x = []; while (event.much) x.push(Buffer.alloc(1 << 20, 1)); };"
    )
    _, lines, _ = invoke(functions, {"much": True})
    assert report(lines)["Error Type"] == "Runtime.OutOfMemory"
    assert functions.call() == (None, None)


def test_a_time_out_ends_what_never_ends(make):
    functions = make("exports.handler = async (event) => { while (event.long); };", Timeout=1)
    document, lines, _ = invoke(functions, {"long": True})
    assert document["errorType"] == "Sandbox.Timedout" and report(lines)["Status"] == "timeout"
    assert functions.call() == (None, None)


def test_a_missing_sdk_is_said_to_be_missing_from_the_machine(make):
    _, lines, _ = invoke(make("require('@aws-sdk/client-of-nothing');"))
    assert any("The AWS SDK for JavaScript is not among the libraries of functions" in line for line in lines)

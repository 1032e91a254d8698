"""Functions in Ruby: handlers of every form, what they are given, how they fail."""

import base64
import shutil

import pytest

RUNTIME = "ruby3.3"

pytestmark = pytest.mark.skipif(shutil.which("ruby") is None, reason="there is no Ruby")


@pytest.fixture
def make(functions):
    def made(source, **options):
        files = source if isinstance(source, dict) else {"index.rb": source}
        functions.make(files, Runtime=RUNTIME, **options)
        return functions

    return made


def test_a_handler_is_a_method_with_keywords(make):
    functions = make("$calls = 0\ndef handler(event:, context:)\n  { got: event['n'], calls: $calls += 1 }\nend\n")
    assert [functions.call({"n": "ü"}) for _ in range(2)] == [({"got": "ü", "calls": n}, None) for n in (1, 2)]


def test_a_handler_may_belong_to_a_class_of_a_module(make):
    functions = make(
        {
            "app/main.rb": "require_relative 'part'\nmodule Shop\n  class Orders\n"
            "    def self.take(event:, context:)\n      PART\n    end\n  end\nend\n",
            "app/part.rb": "PART = 7\n",
        },
        Handler="app/main.Shop::Orders.take",
    )
    assert functions.call() == (7, None)


def test_libraries_of_the_package_and_of_layers_are_found(make, functions):
    from tests.services.lambda_.functions import package

    layer = functions.client.publish_layer_version(
        LayerName="l", Content={"ZipFile": package({"ruby/lib/greeting.rb": "GREETING = 'hello'\n"})}
    )
    make(
        {
            "index.rb": "require 'greeting'\nrequire 'own'\ndef handler(event:, context:)\n  GREETING + OWN\nend\n",
            "own.rb": "OWN = '!'\n",
        },
        Layers=[layer["LayerVersionArn"]],
    )
    assert functions.call() == ("hello!", None)


def test_the_context_is_that_of_lambda(make):
    functions = make(
        "def handler(event:, context:)\n"
        "  [context.function_name, context.function_version, context.memory_limit_in_mb, context.aws_request_id,\n"
        "   context.invoked_function_arn, context.get_remaining_time_in_millis, ENV['AWS_EXECUTION_ENV']]\nend\n",
        MemorySize=256,
    )
    (name, version, memory, request, arn, left, kind), _ = functions.call()
    assert (name, version, memory, kind) == ("f", "$LATEST", "256", f"AWS_Lambda_{RUNTIME}")
    assert len(request) == 36 and arn.endswith(":function:f") and 5_000 < left <= 10_000


def test_an_exception_has_its_type_and_its_trace(make):
    functions = make(
        "def handler(event:, context:)\n  raise ArgumentError, 'no such order' if event['fails']\n  1\nend\n"
    )
    document, error = functions.call({"fails": True})
    assert error == "Unhandled"
    assert (document["errorType"], document["errorMessage"]) == ("Function<ArgumentError>", "no such order")
    assert len(document["stackTrace"]) == 1 and "index.rb:2:in " in document["stackTrace"][0]
    assert functions.call() == (1, None)


@pytest.mark.parametrize(
    "source, kind, text",
    [
        ("x = 1\n", "Init<NameError>", "undefined method `handler'"),
        ("require 'nothing_of_that_name'\n", "Init<LoadError>", "cannot load such file -- nothing_of_that_name"),
        ("def handler(\n", "Init<SyntaxError>", "syntax error"),
        ("raise 'at the start'\n", "Init<RuntimeError>", "at the start"),
    ],
)
def test_a_function_that_cannot_be_loaded_says_why(make, source, kind, text):
    document, error = make(source).call()
    assert (document["errorType"], error) == (kind, "Unhandled")
    assert text in document["errorMessage"].replace("'handler'", "`handler'")


def test_what_ends_the_process_is_an_error(make):
    functions = make("def handler(event:, context:)\n  exit(4) if event['end']\n  'well'\nend\n")
    document, _ = functions.call({"end": True})
    assert document["errorMessage"].endswith("Error: Runtime exited with error: exit status 4")
    assert functions.call() == ("well", None)


def test_endless_recursion_and_what_has_no_json_are_errors(make):
    functions = make(
        "def handler(event:, context:)\n  event['deep'] ? handler(event: event, context: context) : Float::NAN\nend\n"
    )
    assert functions.call({"deep": True})[0]["errorType"] == "Function<SystemStackError>"
    assert functions.call()[0]["errorType"] == "Function<JSON::GeneratorError>"


def test_what_is_written_is_in_the_log(make):
    functions = make(
        "require 'logger'\ndef handler(event:, context:)\n  puts 'one'\n  Logger.new($stdout).warn('two')\nend\n"
    )
    answer = functions.client.invoke(FunctionName="f", LogType="Tail")
    lines = base64.b64decode(answer["LogResult"]).decode().splitlines()
    assert lines[1] == "one" and lines[2].endswith(": two")

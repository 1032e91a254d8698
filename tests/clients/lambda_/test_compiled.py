"""Go, Rust and Java, with AWS's libraries for them."""

import pytest

from tests.clients.lambda_.conftest import eventually, zipped

BATCH = {"Records": [{"messageId": f"m{number}", "body": body} for number, body in enumerate(("one", "bad two"))]}
FAILED = {"batchItemFailures": [{"itemIdentifier": "m1"}]}


# -- Go


@pytest.fixture
def go(app, package):
    def make(handler="take", **options):
        app.make(zipped(package("go/bootstrap")), runtime="provided.al2023", handler=handler, **options)
        return app

    return make


def test_go_has_typed_events_and_the_context(go):
    app = go()
    answer = app.invoke({"id": "a", "count": 21})
    assert len(answer.pop("request")) == 36
    assert answer == {"order": "a", "doubled": 42, "function": "app", "hasTime": True}
    assert "taking b" in app.log({"id": "b"})


@pytest.mark.parametrize(
    "how, kind, message",
    [
        ("error", "errorString", "no such order"),
        ("typed", "shortage", "3 are missing"),
        ("panic", "string", "out of stock"),
        ("exit", "Runtime.ExitError", "Runtime exited with error: exit status 4"),
    ],
)
def test_go_tells_errors_panics_and_its_end(go, how, kind, message):
    app = go()
    document = app.fail({"fails": how})
    assert document["errorType"] == kind
    assert document["errorMessage"].endswith(message)
    assert app.invoke({"id": "a"})["order"] == "a"


def test_go_gives_back_what_failed_of_a_batch(go):
    assert go("consume").invoke(BATCH) == FAILED


def test_go_streams_its_response(go):
    site = go("stream").url(InvokeMode="RESPONSE_STREAM")
    answer = site("GET", "/")
    assert (answer.status, answer.headers["x-made-by"]) == (201, "Go")
    assert answer.data == b"part 0\npart 1\npart 2\n"


# -- Rust


@pytest.fixture
def rust(app, package):
    app.make(zipped(package("rust/bootstrap")), runtime="provided.al2023", handler="rust.handler")
    return app


def test_rust_has_typed_events_and_the_context(rust):
    answer = rust.invoke({"id": "a"})
    assert len(answer.pop("request")) == 36
    assert answer == {"order": "a", "function": "app", "memory": 512}
    assert "taking b" in rust.log({"id": "b"})


def test_rust_tells_errors_and_panics(rust):
    document = rust.fail({"id": "a", "fails": "error"})
    assert document == {"errorType": "NoSuchOrder", "errorMessage": "a is not there"}
    assert "out of stock" in rust.fail({"id": "a", "fails": "panic"})["errorMessage"]
    assert "missing field `id`" in rust.fail({})["errorMessage"]
    assert rust.invoke({"id": "a"})["order"] == "a"


# -- Java


@pytest.fixture
def java(app, package):
    package("libraries/java")

    def make(handler, jar=package("java/function-1.0.jar")):
        app.make(jar.read_bytes(), runtime="java17", handler=handler)
        return app

    return make


def test_java_calls_a_method_with_objects(java):
    app = java("example.Orders::take")
    assert app.invoke({"id": "a", "count": 21}) == {"order": "a", "doubled": 42}
    assert "taking b" in app.log({"id": "b", "count": 1})
    document = app.fail({"id": "a", "count": -1})
    assert (document["errorType"], document["errorMessage"]) == ("java.lang.IllegalArgumentException", "count is -1")
    assert document["stackTrace"][0].startswith("example.Orders.take(Orders.java")
    assert app.fail({"count": 1001})["errorMessage"].endswith("Runtime exited with error: exit status 4")
    assert app.invoke({"id": "a", "count": 1})["doubled"] == 2


def test_java_calls_a_request_handler(java):
    answer = java("example.Orders$Mapped").invoke({"a": [1, "ü"]})
    assert len(answer.pop("request")) == 36
    assert answer == {"event": {"a": [1, "ü"]}, "function": "app", "memory": 512, "hasTime": True}


def test_java_calls_a_stream_handler(java):
    assert java("example.Orders$Streamed::handleRequest").invoke({"a": 1}) == {"length": 8}


def test_java_has_events_of_queues(java):
    assert java("example.Orders$Batch").invoke(BATCH) == FAILED


def test_java_finds_libraries_in_a_zip(java, package, tmp_path):
    """The classes and, below lib, the jars that they need: what Gradle's task in AWS's guide makes."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "events.jar").write_bytes(package("java/function-1.0.jar").read_bytes())
    (tmp_path / "all.zip").write_bytes(zipped(package("java/classes"), tmp_path))
    assert java("example.Orders$Batch", tmp_path / "all.zip").invoke(BATCH) == FAILED


def test_java_says_what_it_does_not_find(java):
    app = java("example.Missing::handle")
    document = app.fail()
    assert document["errorMessage"] == "Class not found: example.Missing"
    assert document["errorType"] == "java.lang.ClassNotFoundException"
    assert eventually(lambda: any("Class not found" in line for line in app.log()))

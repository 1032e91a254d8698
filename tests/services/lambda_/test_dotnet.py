"""Functions in .NET, with a stand-in for `dotnet`: what it is asked, and what it is started with."""

import sys

import pytest
from botocore.exceptions import ClientError

from fogbank.services.lambda_.runtime import interpreters
from tests.services.lambda_.functions import code

RUNTIMES = """Microsoft.AspNetCore.App 8.0.11 [/usr/share/dotnet/shared/Microsoft.AspNetCore.App]
Microsoft.NETCore.App 8.0.11 [/usr/share/dotnet/shared/Microsoft.NETCore.App]
Microsoft.NETCore.App 9.0.0 [/usr/share/dotnet/shared/Microsoft.NETCore.App]"""
# An assembly has AWS's runtime client in it; this one answers how it was started.
ASSEMBLY = """
import http.client, json, os, sys
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
def ask(*request):
    api.request(*request)
    answer = api.getresponse()
    return answer.headers, answer.read()
while True:
    headers, _ = ask("GET", "/2018-06-01/runtime/invocation/next")
    about = [os.path.basename(sys.argv[0]), os.environ["_HANDLER"], os.environ.get("DOTNET_ROLL_FORWARD")]
    identifier = headers["Lambda-Runtime-Aws-Request-Id"]
    ask("POST", f"/2018-06-01/runtime/invocation/{identifier}/response", json.dumps(about))
"""


@pytest.fixture(autouse=True)
def dotnet(tmp_path, monkeypatch):
    program = tmp_path / "dotnet"
    program.write_text(
        f"#!/bin/sh\nif [ $1 = --list-runtimes ]; then echo '{RUNTIMES}'; exit; fi\nexec {sys.executable} $1\n"
    )
    program.chmod(0o755)
    monkeypatch.setitem(interpreters._PLACES, "dotnet", (str(program),))
    monkeypatch.setenv("PATH", str(tmp_path))
    interpreters.installed.cache_clear()
    yield
    interpreters.installed.cache_clear()


@pytest.mark.parametrize("runtime, roll_forward", [("dotnet8", None), ("dotnet10", "Major")])
def test_an_executable_assembly_runs(functions, runtime, roll_forward):
    functions.make({"Orders.dll": ASSEMBLY}, Runtime=runtime, Handler="Orders")
    assert functions.call() == (["Orders.dll", "Orders", roll_forward], None)


def test_an_assembly_that_is_missing_is_named(functions):
    functions.make({"Orders.dll": ASSEMBLY}, Runtime="dotnet8", Handler="Other")
    document, kind = functions.call()
    assert (kind, document["errorType"]) == ("Unhandled", "Runtime.InvalidEntrypoint")
    assert "Other.dll was not found" in document["errorMessage"]


def test_a_class_library_is_refused(functions):
    functions.make({"Shop.dll": ""}, Runtime="dotnet8", Handler="Shop::Shop.Orders::Take")
    with pytest.raises(ClientError, match="an executable assembly with Amazon") as error:
        functions.client.invoke(FunctionName="f")
    assert code(error) == "InvalidRuntimeException"

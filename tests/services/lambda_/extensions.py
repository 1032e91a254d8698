"""Extensions that the tests put into layers: they write down what they hear, where the function finds it."""

import sys

from tests.services.lambda_.functions import package

# What every extension begins with: the API, and a file of what was heard.
_BEGINNING = (
    f"#!{sys.executable} -IS\n"
    """
import http.client, json, os, sys
NAME = os.path.basename(sys.argv[0])
HEARD = "{heard}"

def note(**what):
    try:
        file = os.open(HEARD, os.O_WRONLY | os.O_APPEND)
    except FileNotFoundError:
        return  # the test is over
    os.write(file, (json.dumps({{"name": NAME, **what}}) + "\\n").encode())
    os.close(file)

def ask(method, path, headers, body=None):
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    response = connection.getresponse()
    return response, json.loads(response.read() or b"null")

def register(*events, **headers):
    names = {{"Lambda-Extension-Name": NAME, **headers}}
    response, answer = ask("POST", "/2020-01-01/extension/register", names, {{"events": list(events)}})
    return {{"Lambda-Extension-Identifier": response.headers.get("Lambda-Extension-Identifier", "")}}, answer

def following(me):
    return ask("GET", "/2020-01-01/extension/event/next", me)[1]
"""
)

LISTENER = """
me, answer = register("INVOKE", "SHUTDOWN")
note(registered=answer, environ=sorted(os.environ))
while True:
    event = following(me)
    note(event=event)
    if event["eventType"] == "SHUTDOWN":
        break
"""


def layer(heard, **sources):
    """A layer of extensions: names and sources, which note what they hear in the file `heard`."""
    beginning = _BEGINNING.format(heard=heard)
    return package({f"extensions/{name}": beginning + source for name, source in sources.items()})

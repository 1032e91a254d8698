"""With `--lambda-processors memory` functions have as much of a processor as AWS gives for their memory."""

import time

import pytest

from fogbank.testing.clients import Clients
from fogbank.testing.in_process import server
from tests.services.lambda_.functions import Functions

# So much time on the processor, and how long that took.
BUSY = """
import time
def handler(event, context):
    begun, until = time.monotonic(), time.process_time() + event["seconds"]
    while time.process_time() < until:
        pass
    return time.monotonic() - begun
"""


@pytest.fixture(scope="module")
def functions():
    with server(ephemeral=True, lambda_processors="memory") as running:
        clients = Clients(running.endpoint)
        yield Functions(clients)
        clients.close()


@pytest.mark.parametrize(("memory", "share"), [(128, 0.072), (512, 0.29)])
def test_work_takes_longer_with_less_memory(functions, memory, share):
    functions.make(BUSY, f"busy-{memory}", MemorySize=memory)
    took, _ = functions.call({"seconds": 0.08}, f"busy-{memory}")
    # the first period's share comes at once, and is not looked at all the time
    assert took > (0.08 / share - 0.1) * 0.7


def test_who_waits_is_not_slowed_down(functions):
    functions.make("import time\ndef handler(event, context):\n    time.sleep(0.2)\n", "waiting", MemorySize=128)
    functions.call(name="waiting")
    begun = time.monotonic()
    functions.call(name="waiting")
    assert time.monotonic() - begun < 1


def test_who_takes_too_long_is_ended_all_the_same(functions):
    functions.make(BUSY, "endless", MemorySize=128, Timeout=1)
    document, _ = functions.call({"seconds": 100}, "endless")
    assert document["errorType"] == "Sandbox.Timedout"

import time

import pytest

from tests.services.ecr.containers import Container, Registry, layer_of


@pytest.fixture
def ecr(aws):
    return aws("ecr")


@pytest.fixture
def repository(ecr):
    ecr.create_repository(repositoryName="app")
    return "app"


@pytest.fixture
def registry_for(fogbank_server):
    """Makes registries for clients of ECR."""
    made = []

    def make(ecr, host=None):
        made.append(Registry(ecr, fogbank_server.port, host))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def registry(ecr, registry_for):
    return registry_for(ecr)


@pytest.fixture
def container():
    return Container(layer_of({"hello.txt": b"hello"}))


@pytest.fixture
def make_container():
    """Makes images that differ from each other."""

    def make(number, **more):
        return Container(layer_of({"number.txt": str(number).encode()}), **more)

    return make


@pytest.fixture
def eventually():
    """Asks until there is an answer, for what goes on behind the scenes."""

    def ask(question, seconds=10.0):
        until = time.monotonic() + seconds
        while (answer := question()) is None:
            assert time.monotonic() < until
            time.sleep(0.01)
        return answer

    return ask

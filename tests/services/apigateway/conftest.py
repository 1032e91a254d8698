import pytest

from tests.services.apigateway.apis import Apis


@pytest.fixture
def apis(aws, fogbank_server):
    return Apis(aws, fogbank_server.endpoint)

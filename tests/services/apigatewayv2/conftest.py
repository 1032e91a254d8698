import pytest

from tests.services.apigatewayv2.http_apis import HttpApis


@pytest.fixture
def apis(aws, fogbank_server):
    return HttpApis(aws, fogbank_server.endpoint)

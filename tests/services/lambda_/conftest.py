import pytest

from tests.services.lambda_.functions import Functions


@pytest.fixture
def functions(aws):
    """Makes functions, and invokes them."""
    return Functions(aws)

import pytest


@pytest.fixture
def kinesis(aws):
    return aws("kinesis")

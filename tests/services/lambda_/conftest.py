import os
import sys

import pytest

import fogbank
from fogbank.services.lambda_.runtime.isolation import Rooms
from tests.services.lambda_.functions import Functions


@pytest.fixture
def functions(aws):
    """Makes functions, and invokes them."""
    return Functions(aws)


@pytest.fixture
def isolated(tmp_path):
    if not Rooms(str(tmp_path)).skeleton:
        pytest.skip("this machine allows no mount namespaces")


@pytest.fixture
def own_tmp(isolated):
    """The machine's /tmp is not covered by another where the program itself lies in it."""
    for needed in (fogbank.__file__, sys.executable):
        if os.path.realpath(needed).startswith("/tmp/"):
            pytest.skip(f"{needed} is in /tmp")

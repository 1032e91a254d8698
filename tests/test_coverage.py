"""The coverage table says what the code says."""

import re
from pathlib import Path

import botocore
import pytest

from fogbank import coverage
from fogbank.protocols import load

DOCUMENT = Path(__file__).parent.parent / "docs" / "coverage.md"


def test_document_is_up_to_date():
    """Run `make docs` when it is not. A botocore of another version may have operations that the document does not know."""
    written, computed = DOCUMENT.read_text(), coverage.render(coverage.measure_all())
    if f"botocore {botocore.__version__}." not in written:
        written, computed = _without_missing(written), _without_missing(computed)
    assert written == computed


def _without_missing(document: str) -> list[str]:
    lines = [re.sub(r"\| \d+ \|$", "", line) for line in document.splitlines()]
    return [line for line in lines if not line.startswith(("**Not implemented:**", "Operations are those of"))]


@pytest.mark.parametrize("service", coverage.measure_all(), ids=lambda service: service.name)
def test_every_operation_of_the_model_is_counted_once(service):
    counted = [name for names in coverage.as_json([service])[service.name].values() for name in names]
    assert sorted(counted) == sorted(load(service.name).operations)


@pytest.mark.parametrize("name", coverage.Registry().names)
def test_every_declared_operation_is_in_the_model(name):
    service = coverage.Registry().get(name)
    assert set(service.operations) <= {operation.snake for operation in load(name).operations.values()}


def test_unknown_service_has_no_coverage():
    assert coverage.measure("nosuch") is None

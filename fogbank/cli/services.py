"""`fogbank services`: what is implemented, computed from the code; no server is needed."""

from __future__ import annotations

from argparse import Namespace

from fogbank import coverage
from fogbank.cli.errors import CommandError, Exit


def services(command: Namespace) -> None:
    if command.service is None:
        _print_summary(coverage.measure_all())
        return
    found = coverage.measure(command.service)
    if found is None:
        raise CommandError(Exit.FAILED, f"Fogbank has no service {command.service!r}: see `fogbank services`")
    for operation, fidelity in sorted(found.operations.items()):
        print(f"{operation:<50} {fidelity}")


def _print_summary(found: list[coverage.ServiceCoverage]) -> None:
    print(f"{'service':<24}{'by hand':>10}{'derived':>10}{'missing':>10}{'all':>8}")
    for service in found:
        count = service.count
        print(
            f"{service.name:<24}{count('by hand'):>10}{count('derived'):>10}{count('not implemented'):>10}"
            f"{len(service.operations):>8}"
        )

"""The long trial: `benchmarks/crash`. Prints what was done and how long the starts took; ends with 1 when something was lost."""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import time

from tests.crash import filling
from tests.crash.ledger import Broken
from tests.crash.trial import Trial

_VERIFY = 10
_REST = 50


def main() -> int:
    options = _options()
    failures = 0
    for durability in options.durability:
        with tempfile.TemporaryDirectory(dir=options.directory, prefix="fogbank-crash-") as directory:
            failures += not _run(os.path.join(directory, "data"), durability, options)
    return 1 if failures else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="benchmarks/crash", description="Kill a server and look for what it acknowledged."
    )
    parser.add_argument("--kills", type=int, default=500, help="of each durability (500)")
    parser.add_argument(
        "--durability", nargs="+", choices=("process", "power"), default=["process", "power"], help="one or both (both)"
    )
    parser.add_argument("--seed", type=int, default=None, help="of the writers and of the moments (random)")
    parser.add_argument("--span", type=float, default=0.6, help="longest time between two kills in seconds (0.6)")
    parser.add_argument("--state-mb", type=int, default=0, help="state to begin with, half of it rows, half blobs (0)")
    parser.add_argument(
        "--checkpoint-pages", type=int, default=200, help="length of the log (200; 2000 is the default)"
    )
    parser.add_argument("--workers", type=int, default=1, help="processes of the server (1)")
    parser.add_argument("--directory", default=None, help="where the state is kept (the system's temporary directory)")
    options = parser.parse_args()
    options.seed = random.randrange(10**6) if options.seed is None else options.seed
    return options


def _run(directory: str, durability: str, options: argparse.Namespace) -> bool:
    print(f"durability {durability}, seed {options.seed}, {options.workers} worker(s)", flush=True)
    flags = (f"--durability={durability}", f"--workers={options.workers}")
    begun = time.monotonic()
    trial = Trial(directory, options.seed, flags, options.span, options.checkpoint_pages)
    try:
        filling.fill(trial.client, options.state_mb)
        for number in range(1, options.kills + 1):
            trial.kill()
            if number % _VERIFY == 0:
                trial.verify()
            if number % _REST == 0 or number == options.kills:
                trial.rest()
                trial.examine()
                print(f"  {number} kills, {sum(trial.done().values())} changes, {_sizes(directory)}", flush=True)
        _report(trial, time.monotonic() - begun)
    except Broken as error:
        print(f"  BROKEN after {dict(trial.kills)}: {error}", flush=True)
        return False
    finally:
        trial.close()
    return True


def _report(trial: Trial, seconds: float) -> None:
    starts = sorted(trial.server.seconds)
    print(f"  nothing lost, nothing twice, no orphans; {seconds:.0f} s")
    print(f"  kills: {', '.join(f'{count} {kind}' for kind, count in sorted(trial.kills.items()))}")
    print(f"  acknowledged: {', '.join(f'{count} {name}' for name, count in sorted(trial.done().items()))}")
    ninth = starts[int(len(starts) * 0.99)]
    print(
        f"  starts: median {statistics.median(starts):.2f} s, 99 % {ninth:.2f} s, longest {starts[-1]:.2f} s",
        flush=True,
    )


def _sizes(directory: str) -> str:
    files = {name: _size(os.path.join(directory, name)) for name in ("state.db", "state.db-wal", "blobs")}
    return ", ".join(f"{name} {size / 1e6:.1f} MB" for name, size in files.items())


def _size(path: str) -> int:
    if not os.path.isdir(path):
        return os.path.getsize(path) if os.path.exists(path) else 0
    return sum(entry.stat().st_size if entry.is_file() else _size(entry.path) for entry in os.scandir(path))


if __name__ == "__main__":
    sys.exit(main())

"""What was acknowledged is there after `kill -9`, once, and nothing else is.

Writers of three services write over many connections and note what was acknowledged. The server is killed while they do, while it
starts, and while it writes its checkpoints; it is started again on the same directory, and everything is looked for.
`benchmarks/crash` does the same for long.
"""

from __future__ import annotations

import pytest

from tests.crash.trial import CHECKPOINT, STARTING, WORKING, Trial

KILLS = 12
SPAN = 0.3
CHECKPOINT_PAGES = 40


@pytest.mark.parametrize("durability", ["process", "power"])
def test_what_was_acknowledged_survives_kill_9(tmp_path, durability):
    trial = Trial(tmp_path / "data", 1, (f"--durability={durability}",), SPAN, CHECKPOINT_PAGES)
    try:
        for number in range(KILLS):
            trial.kill()
            if number % 6 == 5:
                trial.verify()
        trial.rest()
        trial.examine()
        assert all(trial.kills[kind] for kind in (WORKING, STARTING, CHECKPOINT))
        assert all(trial.done().values())
    finally:
        trial.close()

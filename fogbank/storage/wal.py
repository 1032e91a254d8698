"""Was all of SQLite's log taken up when it was opened?

After a crash SQLite takes up the log to the first frame that is not as it was written, and says nothing of those behind it. A process
that was killed leaves none; a damaged file does, and so may a loss of power: with durability `power` at most the one commit that
was under way, else any number.
https://www.sqlite.org/walformat.html
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator

_HEADER = struct.Struct(">IIIIIIII")
_FRAME = struct.Struct(">IIIIII")
_MAGIC = (0x377F0682, 0x377F0683)
# where the wal-index says how many frames are valid (in the machine's byte order)
_VALID_FRAMES_AT = 16


def lost_commits(path: str) -> int:
    """How many commits in the log of the open database at `path` were not taken up, although they were written to their end."""
    try:
        with open(path + "-wal", "rb") as log, open(path + "-shm", "rb") as index:
            valid = _valid_frames(index.fileno())
            return sum(number > valid for number in _commits(log.fileno()))
    except FileNotFoundError:
        return 0


def _valid_frames(index: int) -> int:
    found = os.pread(index, 4, _VALID_FRAMES_AT)
    return int(struct.unpack("=I", found)[0]) if len(found) == 4 else 0


def _commits(log: int) -> Iterator[int]:
    """The numbers of the frames that end a commit of this log; what is left of older ones has other salts."""
    head = os.pread(log, _HEADER.size, 0)
    if len(head) < _HEADER.size:
        return
    magic, _, page_size, _, *salts, _, _ = _HEADER.unpack(head)
    if magic not in _MAGIC:
        return
    size = _FRAME.size + page_size
    for number in range(1, (os.fstat(log).st_size - _HEADER.size) // size + 1):
        _, commit, *own_salts, _, _ = _FRAME.unpack(os.pread(log, _FRAME.size, _HEADER.size + (number - 1) * size))
        if commit and own_salts == salts:
            yield number

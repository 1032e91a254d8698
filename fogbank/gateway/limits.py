"""What the HTTP front allows a client: sizes, times and numbers, in one place.

The sizes are generous beside AWS's own (S3 allows a header section of 8 KiB, most services a URL of 8 KiB), since what is too
large for a service is that service's to say; these only bound what one connection can cost. Tests make the times small.
"""

from __future__ import annotations

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, times in seconds. The status in a comment is what the client is answered beyond the limit."""

    target: int = 16 * KIB
    """Length of the request target, path and query together (414)."""
    head: int = 64 * KIB
    """Request line and headers together (431); also the most of a pipelined request that is read ahead."""
    inline: int = 256 * KIB
    """Bodies up to this length are always complete before the application sees the request."""
    buffered: int = 128 * MIB
    """Bodies that the application does not stream may be this long (413)."""
    queued: int = MIB
    """Bytes of a streamed body that may wait for the application before the client is held back."""
    drained: int = 64 * MIB
    """Bytes of an unwanted body that are read and thrown away, so that the client sees the answer and not a reset."""

    head_seconds: float = 30.0
    """From the first byte of a head to its last (408)."""
    idle_seconds: float = 75.0
    """Between two requests of a connection, and the longest that a client may take none of an answer."""
    progress_seconds: float = 30.0
    """In each such span a body must bring `progress_bytes`, while the application is ready to take them (408)."""
    progress_bytes: int = KIB
    drain_seconds: float = 2.0
    """How long an unwanted body is read."""
    handshake_seconds: float = 30.0
    """For a TLS handshake."""
    close_seconds: float = 5.0
    """What requests in flight are given to finish when the front is closed."""

    streams: int = 128
    """HTTP/2 streams open at once on a connection."""
    resets: int = 200
    """HTTP/2 streams that a client may reset unanswered on a connection, beyond the number that were answered."""

    @property
    def tick(self) -> float:
        """How often connections are looked at for what has run out."""
        shortest = min(
            self.head_seconds, self.idle_seconds, self.progress_seconds, self.drain_seconds, self.handshake_seconds
        )
        return min(1.0, shortest / 4)

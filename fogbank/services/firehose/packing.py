"""Compression of objects. https://docs.aws.amazon.com/firehose/latest/dev/create-configure.html"""

from __future__ import annotations

import gzip
import importlib.util
import io
import zipfile

from fogbank.services.firehose import errors

EXTENSIONS = {"GZIP": ".gz", "ZIP": ".zip", "Snappy": ".snappy", "HADOOP_SNAPPY": ".hsnappy", "UNCOMPRESSED": ""}
_SNAPPY = ("Snappy", "HADOOP_SNAPPY")
_HADOOP_BLOCK = 256 * 1024
# the first moment that a ZIP file can tell: what is packed does not depend on when
_EPOCH = (1980, 1, 1, 0, 0, 0)


def check(kind: str) -> None:
    """Raises NotImplemented for what needs a library that is not there."""
    if kind in _SNAPPY and importlib.util.find_spec("cramjam") is None:
        raise errors.extra_missing("Compression with Snappy")


def packed(kind: str, data: bytes, name: str) -> bytes:
    """`name` is that of the file in a ZIP archive."""
    if kind == "GZIP":
        return gzip.compress(data, mtime=0)
    if kind == "ZIP":
        return _zipped(data, name)
    if kind == "Snappy":
        import cramjam

        return bytes(cramjam.snappy.compress(data))
    return _hadoop(data) if kind == "HADOOP_SNAPPY" else data


def _zipped(data: bytes, name: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo(name, _EPOCH)
        entry.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(entry, data)
    return target.getvalue()


def _hadoop(data: bytes) -> bytes:
    """Blocks as Hadoop's SnappyCodec reads them: the length of what is in it, then the length of what follows, then that."""
    import cramjam

    parts: list[bytes] = []
    for start in range(0, len(data), _HADOOP_BLOCK):
        block = data[start : start + _HADOOP_BLOCK]
        compressed = bytes(cramjam.snappy.compress_raw(block))
        parts += [len(block).to_bytes(4, "big"), len(compressed).to_bytes(4, "big"), compressed]
    return b"".join(parts)

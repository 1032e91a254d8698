"""What DAX and its clients say to each other over TCP: CBOR (RFC 8949), keys, items and expressions in forms of their own.

Learnt from the source of AWS's clients (`amazon-dax-client` on PyPI, Apache-2.0); AWS documents none of it.
"""

"""Configurations of a bucket that were kept without effect: there are none left."""

CONFIGURATIONS: tuple[str, ...] = ()
MANY: tuple[str, ...] = ()

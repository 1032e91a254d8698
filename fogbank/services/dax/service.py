"""The service object: what the modules of this package declare themselves with."""

from __future__ import annotations

from fogbank.kernel import Service

service = Service("dax")

"""One package per AWS service; `fogbank.kernel.registry` finds and loads them."""

"""The service. Its modules: `templates/` reads them (pure), `stacks` and `change_sets` hold what is wanted, `deploying` makes it so."""

from fogbank.kernel import Service

service = Service("cloudformation")

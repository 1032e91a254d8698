"""What IAM keeps and has to use again (seeds, private keys), sealed under a root key that is not in the store."""

from __future__ import annotations

from fogbank.kernel.vault import Vault

vault = Vault("iam")

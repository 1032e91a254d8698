"""Object lock and MFA delete: what keeps versions from being deleted."""

"""X.509: keys, names, what a certificate says, and the local authority that signs for ACM. Everything heavy is imported when used."""

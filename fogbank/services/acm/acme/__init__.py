"""ACME endpoints: managed ACME servers, whose clients (certbot, lego, cert-manager) get public certificates without a request to ACM.

The operations of the API are in modules by noun; the protocol itself (RFC 8555) is in `server`, which any ACME client can talk to.
"""

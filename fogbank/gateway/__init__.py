"""The edge: the HTTP front, and the way of a request from its bytes to an operation and back."""

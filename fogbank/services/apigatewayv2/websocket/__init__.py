"""WebSocket APIs: connections, and what comes by them."""

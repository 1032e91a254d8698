"""`execute-api`: where APIs answer, and where connections of WebSocket APIs are managed."""

from __future__ import annotations

from fogbank.kernel import Service

service = Service("apigatewaymanagementapi", iam_prefix="execute-api")

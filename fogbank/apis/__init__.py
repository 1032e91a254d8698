"""What the kinds of APIs of API Gateway have in common: where they are, who may call them, and how they ask what is behind them.

REST APIs (`apigateway`), HTTP and WebSocket APIs (`apigatewayv2`), and the host names at which they answer
(`apigatewaymanagementapi`, which is `execute-api`) are services of their own; this is what they share.
"""

"""What invocations leave: logs, metrics, traces."""

"""Walks through definitions: strands of control, and what they ask of whoever runs them (`run.Run`)."""

from fogbank.services.stepfunctions.interpreter import forks, simple, tasks

__all__ = ["forks", "simple", "tasks"]

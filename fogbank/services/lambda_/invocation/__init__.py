"""Invoking: at once, as a stream, or from the queue of events; and what becomes of it."""

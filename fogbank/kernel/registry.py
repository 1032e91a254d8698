"""Which services there are: a package of `fogbank.services` each, imported on its first request."""

from __future__ import annotations

import importlib
import os
from functools import cached_property
from keyword import iskeyword
from typing import Any

import fogbank.services
from fogbank.kernel.service import Service


class Registry:
    """Services by botocore's name. A package's name has underscores where the service's has hyphens, and one at its end when it
    would be a keyword (`lambda_`)."""

    def __init__(self) -> None:
        self._loaded: dict[str, Service | None] = {}
        self.routes: dict[Any, Any] = {}  # what the gateway found out about the ways to them

    @cached_property
    def names(self) -> list[str]:
        """All services that Fogbank has, loaded or not."""
        found: list[str] = []
        for root in fogbank.services.__path__:
            found.extend(
                entry.name.rstrip("_").replace("_", "-")
                for entry in os.scandir(root)
                if entry.is_dir() and os.path.exists(os.path.join(entry.path, "service.py"))
            )
        return sorted(found)

    def get(self, name: str) -> Service | None:
        """The service, or None when there is no such package."""
        try:
            return self._loaded[name]
        except KeyError:
            service = self._load(name) if name in self.names else None
            self._loaded[name] = service
            return service

    def __getitem__(self, name: str) -> Service:
        """The service, which is one of ours."""
        service = self.get(name)
        if service is None:
            raise KeyError(name)
        return service

    def has_loaded(self, name: str) -> bool:
        """Has anybody used the service in this process?"""
        return self._loaded.get(name) is not None

    def _load(self, name: str) -> Service:
        package_name = name.replace("-", "_") + "_" * iskeyword(name)
        package = importlib.import_module(f"fogbank.services.{package_name}")
        return package.service

    def all(self) -> list[Service]:
        """Every service, loaded."""
        return [service for name in self.names if (service := self.get(name)) is not None]

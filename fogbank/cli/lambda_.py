"""`fogbank lambda`: what this machine has for functions, and what they need besides. No server is needed."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator

from fogbank.cli.errors import CommandError, Exit
from fogbank.config import Settings, chosen_options
from fogbank.services.lambda_.function.configurations import runtimes
from fogbank.services.lambda_.runtime import interpreters
from fogbank.services.lambda_.runtime.installing import MAVEN_CENTRAL, CannotInstall, Installer
from fogbank.services.lambda_.runtime.interpreters import NoInterpreter

# Languages whose functions need more than an interpreter.
_INSTALLED = ("nodejs", "java")


def lambda_(command: Namespace) -> None:
    settings = Settings(**chosen_options(command.flags))
    if command.action == "install":
        _install(command, settings.lambda_libraries)
    elif command.languages or command.upgrade or command.maven:
        raise CommandError(Exit.USAGE, "runtimes takes nothing of install's: see `fogbank lambda --help`")
    else:
        _runtimes(settings)


def _install(command: Namespace, libraries: str) -> None:
    repository = command.maven or MAVEN_CENTRAL
    if not repository.startswith(("https://", "http://")):
        raise CommandError(Exit.USAGE, f"--maven: expected a URL that begins with https://, not {repository!r}")
    installer = Installer(libraries, repository)
    for language in dict.fromkeys(_wanted(command.languages)):
        there = installer.found(language)
        if not there or command.upgrade:
            print(f"{language}: installing into {libraries}/{language} ...", flush=True)
            try:
                installer.install(language)
            except CannotInstall as error:
                raise CommandError(Exit.FAILED, f"{language}: {error}") from None
        print(f"{language}: {installer.found(language)}{' was there' if there and not command.upgrade else ''}")


def _wanted(named: list[str]) -> list[str]:
    """The languages that were named, else those of this machine."""
    for language in named:
        if language not in _INSTALLED:
            raise CommandError(
                Exit.USAGE, f"there is nothing to install for {language!r}: expected {' or '.join(_INSTALLED)}"
            )
    wanted = named or [language for language in _INSTALLED if interpreters.installed(language)]
    if not wanted:
        raise CommandError(Exit.FAILED, "neither node nor java is on this machine: nothing to install for")
    return wanted


def _runtimes(settings: Settings) -> None:
    for runtime in runtimes():
        print(f"{runtime:<18}{_runs_with(runtime, settings.lambda_runtimes == 'exact')}")
    print(f"\nLibraries in {settings.lambda_libraries}:")
    for line in _libraries(Installer(settings.lambda_libraries)):
        print(line)


def _runs_with(runtime: str, exact: bool) -> str:
    if runtime.startswith("provided"):
        return "the package's own bootstrap"
    try:
        found = interpreters.find(runtime, exact)
    except NoInterpreter:
        return "no interpreter"
    _, version = interpreters.wanted(runtime)
    nearest = "" if found.version[: len(version)] == version else " (the nearest)"
    which = ", executable assemblies" if runtime.startswith("dotnet") else ""
    return f"{found.text:<10}{found.path}{which}{nearest}"


def _libraries(installer: Installer) -> Iterator[str]:
    for language in _INSTALLED:
        yield f"{language:<18}{installer.found(language) or f'missing: fogbank lambda install {language}'}"

"""What functions need besides an interpreter: put where they find it (`--lambda-libraries`), whole or not at all. All of it blocks.

nodejs   the AWS SDK for JavaScript v3, in the version that is the latest, as AWS's runtimes have it
java     Amazon's runtime interface client, in versions that are known to work together
"""

from __future__ import annotations

import glob
import hashlib
import http.client
import json
import os
import shutil
import subprocess
import tempfile
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from fogbank import protocols
from fogbank.kernel.registry import Registry

MAVEN_CENTRAL = "https://repo1.maven.org/maven2"
# Beside the clients of services, as https://docs.aws.amazon.com/lambda/latest/dg/lambda-nodejs.html#nodejs-sdk-included has them.
_SDK_HELPERS = (
    "credential-providers",
    "lib-dynamodb",
    "lib-storage",
    "s3-request-presigner",
    "util-dynamodb",
)
_SDK_MAJOR = "3"
_SECONDS = 60
_NPM_SECONDS = 300


class CannotInstall(Exception):
    """Something is missing or failed; the text says what, in one line."""


class Jar(NamedTuple):
    """A library of Amazon's on Maven Central, with the SHA-256 of its bytes."""

    name: str
    version: str
    sha256: str

    @property
    def file(self) -> str:
        return f"{self.name}-{self.version}.jar"

    @property
    def path(self) -> str:
        return f"com/amazonaws/{self.name}/{self.version}/{self.file}"


JARS = (
    Jar(
        "aws-lambda-java-runtime-interface-client",
        "2.6.0",
        "7b503b4b891e259df5268d298f3ad04991675872c035e8997a18027a7ed35941",
    ),
    Jar("aws-lambda-java-core", "1.4.0", "575c24393cc1ad645e83e618956eabd89ffe8cc09efae2cb62bc6589154d68ed"),
    Jar("aws-lambda-java-serialization", "1.1.5", "d444e7e1accdfd37a86863ff788d7a8076280d77fe1b6c40b7d7a60f9af2bb8f"),
)


class Installer:
    """Installs into a directory of libraries. `repository` is the Maven repository; npm has settings of its own."""

    def __init__(self, libraries: str, repository: str = MAVEN_CENTRAL) -> None:
        self._root = Path(libraries)
        self._repository = repository.rstrip("/")
        self._installs: Mapping[str, Callable[[], None]] = {"nodejs": self._install_sdk, "java": self._install_jars}

    def found(self, language: str) -> str:
        """What is installed for a language, in words; empty where something is missing."""
        return self._found_sdk() if language == "nodejs" else self._found_jars()

    def install(self, language: str) -> None:
        """Whatever was there stays there, in newer versions. Raises CannotInstall."""
        try:
            self._installs[language]()
        except OSError as error:
            raise CannotInstall(f"cannot write {self._root / language}: {error.strerror or error}") from None

    def _found_sdk(self) -> str:
        versions = [_package_version(self._root / "nodejs" / "node_modules" / name) for name in sdk_packages()]
        if not all(versions):
            return ""
        newest = max(versions, key=lambda version: [int(part) for part in version.split("-")[0].split(".")])
        return f"AWS SDK for JavaScript {newest} ({len(versions)} packages)"

    def _found_jars(self) -> str:
        place = self._root / "java"
        there = all(any(place.glob(f"{jar.name}-[0-9]*.jar")) for jar in JARS)
        clients = sorted(place.glob(f"{JARS[0].name}-[0-9]*.jar"))
        return f"runtime interface client {clients[-1].stem.rpartition('-')[2]}" if there else ""

    def _install_sdk(self) -> None:
        npm = shutil.which("npm")
        if npm is None:
            raise CannotInstall("npm is not on the PATH: it comes with Node.js")
        with _replacing(self._root / "nodejs") as place:
            # what somebody has added is installed again with the rest
            for name in ("package.json", "package-lock.json"):
                if (self._root / "nodejs" / name).is_file():
                    shutil.copy(self._root / "nodejs" / name, place)
            _run_npm(npm, place, [f"{name}@{_SDK_MAJOR}" for name in sdk_packages()])

    def _install_jars(self) -> None:
        with _replacing(self._root / "java") as place:
            for jar in JARS:
                (place / jar.file).write_bytes(self._downloaded(jar))
            for path in glob.glob(os.path.join(glob.escape(str(self._root / "java")), "*")):
                if os.path.isfile(path) and not _is_ours(os.path.basename(path)):
                    shutil.copy(path, place)

    def _downloaded(self, jar: Jar) -> bytes:
        url = f"{self._repository}/{jar.path}"
        try:
            with urllib.request.urlopen(url, timeout=_SECONDS) as answer:
                content: bytes = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise CannotInstall(f"cannot download {url}: {getattr(error, 'reason', error)}") from None
        if hashlib.sha256(content).hexdigest() != jar.sha256:
            raise CannotInstall(f"{url} is not the file that it should be: its SHA-256 differs")
        return content


def sdk_packages() -> list[str]:
    """The npm packages of the clients of all services that Fogbank has, and of what people use with them."""
    identifiers = [protocols.load(name).metadata["serviceId"] for name in Registry().names]
    clients = [f"client-{identifier.lower().replace(' ', '-')}" for identifier in identifiers]
    return [f"@aws-sdk/{name}" for name in sorted((*clients, *_SDK_HELPERS))]


def _package_version(directory: Path) -> str:
    """The version of an npm package, empty where it is not installed."""
    try:
        described: dict[str, Any] = json.loads((directory / "package.json").read_bytes())
    except (OSError, ValueError):
        return ""
    return str(described.get("version", ""))


def _is_ours(name: str) -> bool:
    """Is it a jar of those that are installed? Two versions of one must not be on the class path."""
    return any(name.startswith(f"{jar.name}-") for jar in JARS)


@contextmanager
def _replacing(place: Path) -> Iterator[Path]:
    """An empty directory that takes the place of another when all went well, and is removed when not."""
    place.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
    replaced = made.with_name(f"{made.name}-replaced")
    try:
        yield made
        made.chmod(0o755)
        if place.exists():
            place.rename(replaced)
        made.rename(place)
        shutil.rmtree(replaced, ignore_errors=True)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _run_npm(npm: str, place: Path, packages: list[str]) -> None:
    quiet = ("--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=1", "--fetch-timeout=30000")
    command = [npm, "install", "--prefix", str(place), *quiet, *packages]
    try:
        done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False, timeout=_NPM_SECONDS)
    except subprocess.TimeoutExpired:
        raise CannotInstall(f"npm install took longer than {_NPM_SECONDS} seconds") from None
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise CannotInstall(f"npm install failed: {' '.join(lines[:3]) or f'exit status {done.returncode}'}")

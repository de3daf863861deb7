"""Downloads Kafka's jars once by their coordinates, and uses only files that are equal to the locked ones.

The list was resolved by Maven from kafka_2.13 4.3.1, log4j-slf4j-impl and log4j-core 2.25.3. Each jar is fetched by itself: the
resolver of ``jgo`` would take kafka-clients 3.9.1 (through log4j), which is another Kafka.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

from mekong.schemas.errors import Refused

LIST = Path(__file__).with_name("kafka-jars.txt")
KAFKA = "4.3.1"
DOWNLOAD_MB = 44


class Jar(NamedTuple):
    """One line of the list."""

    group: str
    artifact: str
    version: str
    sha256: str

    def path(self, cache: Path) -> Path:
        """Where it lies in a Maven repository folder."""
        return cache.joinpath(*self.group.split("."), self.artifact, self.version, f"{self.artifact}-{self.version}.jar")


def read_list(text: str) -> tuple[Jar, ...]:
    """Parse ``group:artifact:version sha256`` lines."""
    return tuple(Jar(*line.replace(":", " ").split()) for line in text.splitlines() if line.strip())


def locked() -> tuple[Jar, ...]:
    """The jars of the Kafka that is run."""
    return read_list(LIST.read_text(encoding="ascii"))


def cache_folder() -> Path:
    """Where what is fetched or made once for all stacks is kept."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mekong"


def missing() -> tuple[Jar, ...]:
    """The jars still to be downloaded, by name only."""
    repository = cache_folder() / "jars"
    return tuple(jar for jar in locked() if not jar.path(repository).exists())


def fetch(said: Callable[[str], None] = lambda _: None) -> tuple[Path, ...]:
    """Every jar, checked, in the list's order. Raises Refused when one is not the locked file or cannot be fetched."""
    repository = cache_folder() / "jars"
    absent = missing()
    if absent:
        said(f"fetching {len(absent)} jars of Apache Kafka {KAFKA} (about {DOWNLOAD_MB * len(absent) // len(locked())} MB, once)")
    with ThreadPoolExecutor(8) as pool:
        return tuple(pool.map(partial(_checked, repository), locked()))


def _checked(repository: Path, jar: Jar) -> Path:
    path = jar.path(repository)
    if not _is_locked(path, jar):
        _download(repository, jar, path)
    if not _is_locked(path, jar):
        raise Refused(
            f"{path} is not the locked file (its sha256 differs), and neither is what can be fetched in its place. It is not used."
        )
    return path


def _is_locked(path: Path, jar: Jar) -> bool:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == jar.sha256
    except FileNotFoundError:
        return False


def _download(repository: Path, jar: Jar, path: Path) -> None:
    """Get the jar from Maven's own repository folder or from the network.

    The download has its own folder, so two programs that download at once never see half a file.
    """
    from jgo.maven import MavenContext  # noqa: PLC0415 - slow to import, and only needed the first time

    repository.mkdir(parents=True, exist_ok=True)
    maven = Path(os.environ.get("M2_REPO") or Path.home() / ".m2" / "repository")
    with tempfile.TemporaryDirectory(dir=repository) as folder:
        context = MavenContext(repo_cache=Path(folder) / "got", local_repos=[maven], timeout=60)
        try:
            got = context.project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve()
        except (OSError, RuntimeError, AssertionError) as exc:
            raise Refused(
                f"{jar.artifact}-{jar.version}.jar could not be fetched ({exc}). Kafka's jars are fetched once; try again."
            ) from exc
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(got, Path(folder) / path.name).replace(path)

"""The ClickHouse JDBC driver: a locked jar that has all that it needs, downloaded once."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path

from mekong.deploy.local.jars import cache_folder

GROUP, ARTIFACT, VERSION, CLASSIFIER = "com.clickhouse", "clickhouse-jdbc", "0.9.5", "all"
SHA256 = "fad614686d2e79ec6e93ff0f0e64d1d08658a6bfc57e86a73b2d5a1c87f8f4a0"


def driver() -> Path:
    """The jar. Fails when what was downloaded is not the locked file."""
    path = cache_folder() / "jars" / f"{ARTIFACT}-{VERSION}-{CLASSIFIER}.jar"
    if not path.exists():
        _download(path)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == SHA256, f"{path} is not the locked file"
    return path


def _download(path: Path) -> None:
    from jgo.maven import MavenContext

    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        project = MavenContext(repo_cache=Path(folder), timeout=60).project(GROUP, ARTIFACT)
        got = project.at_version(VERSION).artifact(classifier=CLASSIFIER).resolve()
        shutil.copyfile(got, Path(folder) / "got.jar").replace(path)

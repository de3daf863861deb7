"""Makes class-data archives: Java maps classes that it has parsed once from a file at the next start (JEP 310 and 350). For all stacks.

The first run of a program leaves its archive when it ends normally. This archive is based on Java's own. Some Java packages have none,
as the packaged one; then it is made first.
"""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mekong.deploy.local.java import Java


@dataclass(frozen=True)
class Archives:
    """The archives of one program on one Java, with the ``flags`` it always runs with. All are optional: without them it starts later."""

    folder: Path
    java: Java
    flags: tuple[str, ...]
    program: str
    """Names the program and all of its jars."""
    run: str
    """Names this run among those that may end at the same time."""

    def prepare(self) -> None:
        """Make Java's own archive when it has none."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.java.has_archive or self._base.exists():
            return
        new = self._base.with_suffix(f".{self.run}")
        dump = [self.java.path, *self.flags, "-Xshare:dump", f"-XX:SharedArchiveFile={new}"]
        with suppress(OSError, subprocess.SubprocessError):
            subprocess.run(dump, capture_output=True, timeout=120, check=True)
            new.replace(self._base)

    def options(self) -> list[str]:
        """The options of Java: use the archive that exists, or write one at the end when there is none."""
        base = [] if self.java.has_archive else [self._base]
        if self._top.exists():
            return [_shared([*base, self._top])]
        if not all(path.exists() for path in base):
            return []
        return [*([_shared(base)] if base else []), f"-XX:ArchiveClassesAtExit={self._new}"]

    def ended(self, *, in_order: bool) -> None:
        """Keep the archive of a run that ended normally. Delete the archive of any other run."""
        with suppress(OSError):
            if in_order and self._new.exists():
                self._new.replace(self._top)
            self._new.unlink(missing_ok=True)

    @property
    def _base(self) -> Path:
        return self.folder / f"java-{_key([self.java.said, *self.flags])}.jsa"

    @property
    def _top(self) -> Path:
        return self.folder / f"{self.program.partition(' ')[0]}-{_key([self.java.said, *self.flags, self.program])}.jsa"

    @property
    def _new(self) -> Path:
        return self._top.with_suffix(f".{self.run}")


def _key(parts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _shared(archives: Sequence[Path]) -> str:
    return "-XX:SharedArchiveFile=" + ":".join(map(str, archives))

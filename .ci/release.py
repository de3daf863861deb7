"""``python .ci/release.py``: may this version be released? Then build its sdist and wheel into ``dist/``, check them, say what is next.

It never tags and never pushes. Exit codes: 0 built and checked; 1 something is missing, with a sentence for each thing.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("schemas", "producers", "streams", "sinks", "deploy")
NUMBER = r"\d+\.\d+\.\d+"
BUILD = "import sys; from setuptools import build_meta; getattr(build_meta, sys.argv[1])(sys.argv[2])"
PIP = ("-m", "pip", "--disable-pip-version-check", "--quiet", "install")


def main() -> int:
    """Check, build, check again."""
    version = version_of(ROOT)
    faults = changelog_faults((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), version) + git_faults(ROOT, version)
    if faults:
        return _refused(version, faults)
    shutil.rmtree(ROOT / "dist", ignore_errors=True)
    sdist, wheel = build(ROOT, ROOT / "dist")
    faults = wheel_faults(wheel, tracked(ROOT)) + sdist_faults(sdist, wheel) + install_faults(wheel, version, ROOT / "locks" / "base.txt")
    if faults:
        return _refused(version, faults)
    (ROOT / "dist" / "SHA256SUMS").write_text("".join(f"{_sha256(path)}  {path.name}\n" for path in (sdist, wheel)), encoding="ascii")
    print(f"dist/{sdist.name}\ndist/{wheel.name}\ndist/SHA256SUMS\n\nNext, when `make test` has passed on this commit:")
    print(f"  git tag --annotate v{version} --message 'Release {version}'\n  git push origin v{version}")
    print(f"  publish the three files, with the part {version} of CHANGELOG.md as their description")
    return 0


def version_of(root: Path) -> str:
    """The one place of the version."""
    return str(tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def changelog_faults(text: str, version: str) -> list[str]:
    """What the changelog lacks for this version."""
    parts = re.split(r"^## (.+)\n", text, flags=re.MULTILINE)[1:]
    sections = dict(zip(parts[::2], parts[1::2], strict=True))
    faults = []
    if "\n- " in sections.get("Unreleased", ""):
        faults.append("CHANGELOG.md: Unreleased has lines. Move them into the section of the version.")
    ours = next((title for title in sections if re.fullmatch(rf"{re.escape(version)} - \d{{4}}-\d\d-\d\d", title)), None)
    if ours is None:
        return [*faults, f"CHANGELOG.md: the section `## {version} - YYYY-MM-DD` is missing."]
    if not re.search(r"^### Operators must\n+- ", sections[ours], re.MULTILINE):
        faults.append(f"CHANGELOG.md: {version} has no `### Operators must` with a line (`- Nothing.` where there is nothing to do).")
    return faults


def git_faults(root: Path, version: str) -> list[str]:
    """What git has to say against a release of what lies here."""
    faults = []
    if not re.fullmatch(NUMBER, version):
        faults.append(f"pyproject.toml: {version} is not of the form 1.2.3.")
    if _git(root, "tag", "--list", f"v{version}"):
        faults.append(f"The tag v{version} is there already: raise the version in pyproject.toml.")
    if changed := _git(root, "status", "--porcelain"):
        faults.append(f"Not committed: {', '.join(line[3:] for line in changed.splitlines()[:5])}.")
    return faults


def build(root: Path, into: Path) -> tuple[Path, Path]:
    """The sdist and the wheel of the last commit, and of nothing else that lies here."""
    into.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source"
        source.mkdir()
        archive = Path(folder) / "source.tar"
        _git(root, "archive", "--output", str(archive), "HEAD")
        with tarfile.open(archive) as tar:
            tar.extractall(source, filter="data")
        return _built("build_sdist", source, into), _built("build_wheel", source, into)


def tracked(root: Path) -> set[str]:
    """What the wheel must hold: the files of our folders that git knows, under the name to import."""
    ours = [path for path in _git(root, "ls-files", *FOLDERS).splitlines() if not Path(path).name.startswith(".")]
    return {f"mekong/{path}" for path in ours} | {"mekong/__init__.py", "mekong/py.typed"}


def wheel_faults(wheel: Path, wanted: set[str]) -> list[str]:
    """What a wheel lacks, or should not have."""
    names = {name for name in contents(wheel) if ".dist-info/" not in name}
    licences = {name.rpartition("/")[2] for name in contents(wheel) if ".dist-info/" in name}
    lacks = sorted(wanted - names) + sorted({"LICENSE", "NOTICE"} - licences)
    return [f"{wheel.name} lacks {name}." for name in lacks] + [f"{wheel.name} should not have {name}." for name in sorted(names - wanted)]


def sdist_faults(sdist: Path, wheel: Path) -> list[str]:
    """Where the wheel that is built from the sdist differs from the other one."""
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(sdist) as tar:
            tar.extractall(folder, filter="data")
        (source,) = Path(folder).iterdir()
        again, first = contents(_built("build_wheel", source, Path(folder))), contents(wheel)
    differs = sorted(name for name in again.keys() | first.keys() if again.get(name) != first.get(name))
    return [f"{sdist.name} builds another wheel: {', '.join(differs[:5])}."] if differs else []


def install_faults(wheel: Path, version: str, lock: Path) -> list[str]:
    """What is wrong with the command in an environment that has the wheel, and what it needs."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        python = str(Path(folder) / "bin" / "python")
        subprocess.run([python, *PIP, "--require-hashes", "--only-binary", ":all:", "-r", str(lock)], check=True)
        subprocess.run([python, *PIP, "--no-deps", "--no-index", str(wheel.resolve())], check=True)
        done = subprocess.run([Path(folder) / "bin" / "mekong", "--version"], cwd=folder, capture_output=True, text=True, check=False)
    said = (done.stdout + done.stderr).strip()
    return [] if said == f"mekong, version {version}" else [f"The installed `mekong --version` says {said!r}."]


def contents(wheel: Path) -> dict[str, bytes]:
    """Name -> bytes of each file of a wheel."""
    with zipfile.ZipFile(wheel) as found:
        return {name: found.read(name) for name in found.namelist()}


def _built(what: str, source: Path, into: Path) -> Path:
    before = set(into.iterdir())
    done = subprocess.run([sys.executable, "-c", BUILD, what, str(into.resolve())], cwd=source, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{what} failed:\n{done.stderr[-2000:]}")
    (made,) = (path for path in set(into.iterdir()) - before if path.suffix in (".gz", ".whl"))
    return made


def _git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True).stdout.rstrip("\n")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _refused(version: str, faults: list[str]) -> int:
    print(f"{version} cannot be released:", *faults, sep="\n  ", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())

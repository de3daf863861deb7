"""The locks: whole, with hashes for every platform, and of no machine in particular."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ("base", "local", "dev")
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)( ; .*)? \\$")


def pins(name: str) -> dict[tuple[str, str], str]:
    """(package, marker) -> version."""
    lines = (ROOT / "locks" / f"{name}.txt").read_text().splitlines()
    return {(found[1], found[3] or ""): found[2] for line in lines if (found := PIN.match(line))}


@pytest.mark.parametrize("name", LOCKS)
def test_every_line_of_a_lock_is_a_pin_or_one_of_its_hashes(name):
    lines = (ROOT / "locks" / f"{name}.txt").read_text().splitlines()
    assert all(PIN.match(line) or re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line) for line in lines)
    assert lines[0][0] != " "


@pytest.mark.parametrize("name", LOCKS)
def test_no_address_and_no_path_stands_in_a_lock(name):
    assert not re.search(r"://|find-links|index-url|file:|@ ", (ROOT / "locks" / f"{name}.txt").read_text())


def test_each_lock_holds_what_the_smaller_one_holds_in_the_same_version():
    assert pins("base").items() <= pins("local").items() <= pins("dev").items()


def test_the_peers_have_what_our_pure_core_imports_in_our_versions():
    ours, theirs = pins("dev"), pins("peers")
    files = [path for folder in ("schemas", "streams/core") for path in (ROOT / folder).rglob("*.py")]
    imported = {found for path in files for found in re.findall(r"^(?:import|from) (\w+)", path.read_text(), re.MULTILINE)}
    needed = {(package, marker): version for (package, marker), version in ours.items() if package.replace("-", "_") in imported}
    assert {"numpy", "orjson", "pydantic"} <= {package for package, _ in needed}
    assert needed.items() <= theirs.items()


def test_every_requirement_of_the_project_is_in_its_lock():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = project["project"]["optional-dependencies"]
    wanted = {
        "base": project["project"]["dependencies"] + project["build-system"]["requires"],
        "local": extras["streams"] + extras["sinks"] + extras["local"],
        "dev": extras["dev"],
    }
    for name, requirements in wanted.items():
        locked = {package for package, _ in pins(name)}
        named = {re.match(r"[A-Za-z0-9._-]+", requirement)[0].lower() for requirement in requirements} - {"seizure-exchange"}
        assert named <= locked, name


def test_the_build_of_the_project_needs_nothing_that_is_not_locked():
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    assert (ROOT / "locks" / "build.in").read_text().split() == build


def test_a_package_with_a_compiled_part_has_hashes_for_many_platforms():
    text = (ROOT / "locks" / "dev.txt").read_text()
    for package in ("orjson", "pydantic-core", "uvloop"):
        part = text.split(f"\n{package}==")[1].split("==")[0]
        assert part.count("--hash") > 20, package


NPM = sorted(path for path in ROOT.rglob("package-lock.json") if not {".venv", "node_modules"} & set(path.parts))


@pytest.mark.parametrize("path", NPM, ids=lambda path: path.parent.name)
def test_a_lock_of_npm_pins_every_package_by_its_hash_and_names_no_registry(path):
    packages = {name: one for name, one in json.loads(path.read_text())["packages"].items() if name}
    assert packages
    assert all(re.fullmatch(r"sha512-[\w+/=]+", one["integrity"]) for one in packages.values())
    assert not any("resolved" in one for one in packages.values())
    assert "://" not in path.read_text()


@pytest.mark.parametrize("path", NPM, ids=lambda path: path.parent.name)
def test_the_package_json_asks_for_the_versions_that_are_locked(path):
    wanted = json.loads((path.parent / "package.json").read_text())["dependencies"]
    packages = json.loads(path.read_text())["packages"]
    assert {name: packages[f"node_modules/{name}"]["version"] for name in wanted} == wanted

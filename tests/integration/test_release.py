"""What `make release` builds: a wheel with all its files, an sdist that builds the same wheel, and a command that says its version."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.unit.release import load

ROOT = Path(__file__).parents[2]
release = load()


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> tuple[Path, Path]:
    return release.build(ROOT, tmp_path_factory.mktemp("release") / "dist")


def changed(wheel: Path, folder: Path, *, without: str = "", more: str = "") -> Path:
    """A copy of a wheel that lacks a file, or has another one."""
    copy = folder / wheel.name
    with zipfile.ZipFile(wheel) as whole, zipfile.ZipFile(copy, "w") as other:
        for name in whole.namelist():
            if name != without:
                other.writestr(name, whole.read(name))
        if more:
            other.writestr(more, "")
    return copy


def test_the_wheel_has_every_file_and_the_sdist_builds_the_same_one(built):
    sdist, wheel = built
    assert release.wheel_faults(wheel, release.tracked(ROOT)) == []
    assert release.sdist_faults(sdist, wheel) == []


def test_a_file_that_is_missing_or_too_many_is_named(built, tmp_path):
    wanted = release.tracked(ROOT)
    lacking = changed(built[1], tmp_path, without="mekong/schemas/times.py")
    assert release.wheel_faults(lacking, wanted) == [f"{lacking.name} lacks mekong/schemas/times.py."]
    too_many = changed(built[1], tmp_path, more="tests/test_x.py")
    assert release.wheel_faults(too_many, wanted) == [f"{too_many.name} should not have tests/test_x.py."]


def test_an_sdist_that_builds_another_wheel_is_refused(built, tmp_path):
    other = changed(built[1], tmp_path, more="mekong/schemas/new.py")
    assert release.sdist_faults(built[0], other) == [f"{built[0].name} builds another wheel: mekong/schemas/new.py."]


def test_the_command_of_a_clean_install_says_the_version(built):
    said = built[1].name.split("-")[1]
    assert release.install_faults(built[1], said, ROOT / "locks" / "base.txt") == []
    assert release.install_faults(built[1], "9.9.9", ROOT / "locks" / "base.txt") == [
        f"The installed `mekong --version` says 'mekong, version {said}'."
    ]

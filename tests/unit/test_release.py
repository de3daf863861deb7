"""What `make release` refuses before it builds anything."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.unit.release import load

release = load()
GOOD = """# Changelog

## Unreleased

## 1.2.3 - 2026-11-28

### Fixed
- A fault.

### Operators must
- Nothing.

## 1.2.2 - 2026-11-01

### Operators must
- Nothing.
"""


@pytest.fixture
def root(tmp_path) -> Path:
    """A repository of one commit, with nothing against its release."""
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n')
    (tmp_path / "CHANGELOG.md").write_text(GOOD)
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "-c", "user.name=Test", "-c", "user.email=test@example.org", "commit", "--quiet", "--message", "all: begin")
    return tmp_path


def git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(root), *arguments], check=True)


def test_a_version_with_its_section_may_be_released():
    assert release.changelog_faults(GOOD, "1.2.3") == []


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        pytest.param("## 1.2.3 - 2026-11-28", "## 1.2.3", "the section `## 1.2.3 - YYYY-MM-DD` is missing", id="no date"),
        pytest.param("## 1.2.3 -", "## 1.2.4 -", "the section `## 1.2.3 - YYYY-MM-DD` is missing", id="another version"),
        pytest.param("## Unreleased\n", "## Unreleased\n\n### Fixed\n- One more.\n", "Unreleased has lines", id="unreleased"),
        pytest.param("### Operators must\n- Nothing.\n\n## 1.2.2", "## 1.2.2", "no `### Operators must`", id="operators"),
        pytest.param("### Operators must\n- Nothing.\n\n## 1.2.2", "### Operators must\n\n## 1.2.2", "no `### Operators must`", id="empty"),
    ],
)
def test_a_changelog_that_lacks_something_is_refused_with_what(before, after, sentence):
    assert before in GOOD
    (fault,) = release.changelog_faults(GOOD.replace(before, after), "1.2.3")
    assert sentence in fault


def test_a_clean_commit_without_the_tag_may_be_released(root):
    assert release.version_of(root) == "1.2.3"
    assert release.git_faults(root, "1.2.3") == []


def test_what_is_not_committed_is_named(root):
    (root / "new.txt").touch()
    assert release.git_faults(root, "1.2.3") == ["Not committed: new.txt."]


def test_a_tag_that_is_there_is_refused(root):
    git(root, "tag", "v1.2.3")
    (fault,) = release.git_faults(root, "1.2.3")
    assert fault.startswith("The tag v1.2.3 is there already")


def test_a_version_of_another_form_is_refused(root):
    assert release.git_faults(root, "1.2") == ["pyproject.toml: 1.2 is not of the form 1.2.3."]


def test_it_neither_tags_nor_pushes():
    """It reads git, and makes an archive of it."""
    text = Path(release.__file__).read_text(encoding="utf-8")
    asked = {line.partition('_git(root, "')[2].partition('"')[0] for line in text.splitlines() if '_git(root, "' in line}
    assert asked == {"tag", "status", "archive", "ls-files"}
    assert '"tag", "--list"' in text

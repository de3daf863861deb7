"""``from mekong import …``: each name is there, also for a type checker, and costs nothing until it is asked for."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import mekong

TREE = ast.parse(Path(mekong.__file__).read_text(encoding="utf-8"))


def seen_by_a_type_checker() -> dict[str, str]:
    """Public name -> its module, of the imports under TYPE_CHECKING."""
    found = {}
    for block in TREE.body:
        if isinstance(block, ast.If):
            for line in block.body:
                assert isinstance(line, ast.ImportFrom)
                found.update({one.asname: f"{line.module}.{one.name}" for one in line.names})
    return found


def test_a_type_checker_sees_the_names_that_are_there():
    assert seen_by_a_type_checker() == {name: f"mekong.{module}.{name}" for name, module in mekong._MODULE_OF.items()}


@pytest.mark.parametrize("name", mekong.__all__)
def test_a_public_name_is_there_and_has_a_docstring(name):
    assert getattr(mekong, name).__doc__, name


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'Sezure'"):
        mekong.Sezure  # noqa: B018
    assert set(mekong.__all__) <= set(dir(mekong))


def test_the_name_alone_loads_no_client():
    asked = (
        "import sys, mekong; dir(mekong); print(sorted(name for name in sys.modules if name.startswith(('kafka', 'pydantic', 'mekong.'))))"
    )
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout
    assert said == "[]\n"

"""A command whose extra is not installed says which one, in one sentence."""

import sys
import tomllib
from pathlib import Path

import pytest

from deploy.cli import EXTRAS, main

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("arguments", "module", "extra"),
    [(["sql", "SELECT 1"], "clickhouse_connect", "sinks"), (["worker", "intake"], "aiokafka", "streams")],
)
def test_the_sentence_names_the_package_and_the_extra(arguments, module, extra, monkeypatch, capsys):
    for name in [name for name in sys.modules if name.partition(".")[0] in {module, "sinks", "streams"}]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setattr(sys, "argv", ["mekong", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert module in said
    assert f"seizure-exchange[{extra}]" in said


def test_every_extra_that_is_named_is_one():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(EXTRAS.values()) <= set(project["optional-dependencies"])

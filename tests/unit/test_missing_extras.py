"""A command whose extra is not installed says which one, in one sentence."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from mekong.deploy.cli import EXTRAS, main
from mekong.deploy.local.stack import ADDRESSES

pytestmark = pytest.mark.processes

ROOT = Path(__file__).parents[2]
PACKAGES = ("schemas", "producers", "streams", "sinks", "deploy")


@pytest.mark.parametrize(
    ("arguments", "module", "extra"),
    [(["sql", "SELECT 1"], "clickhouse_connect", "sinks"), (["worker", "intake"], "aiokafka", "streams")],
)
def test_the_sentence_names_the_package_and_the_extra(arguments, module, extra):
    missing = f"import sys\nsys.modules[{module!r}] = None\nsys.argv = ['mekong', *{arguments!r}]\n"
    done = subprocess.run(
        [sys.executable, "-c", f"{missing}from mekong.deploy.cli import main\nmain()"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert module in done.stderr
    assert f"seizure-exchange[{extra}]" in done.stderr


def test_every_extra_that_is_named_is_one():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(EXTRAS.values()) <= set(project["optional-dependencies"])


def test_a_local_stack_names_the_packages_it_lacks_before_it_starts_anything(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("mekong.deploy.local.packages.find_spec", lambda name: None if name == "chdb" else name)
    monkeypatch.setenv("MEKONG_HOME", str(tmp_path / "home"))
    for name in ADDRESSES:
        monkeypatch.delenv(f"MEKONG_{name}", raising=False)
    monkeypatch.setattr(sys, "argv", ["mekong", "up"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said == "mekong: A local stack needs chdb, which the base install leaves out: install seizure-exchange[local].\n"
    assert not (tmp_path / "home").exists()


def test_every_file_of_data_in_the_packages_is_shipped():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["*"]
    files = [path for name in PACKAGES for path in (ROOT / name).rglob("*") if path.is_file()]
    data = [path for path in files if path.suffix not in {".py", ".pyc"} and not path.name.startswith(".")]
    assert len(data) > 50
    assert [path.name for path in data if not any(path.match(pattern) for pattern in patterns)] == []

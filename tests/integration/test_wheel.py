"""The wheel in an empty environment, beside an application that has a ``schemas`` and a ``producers`` of its own."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mekong.schemas.topics import INCOMING

ROOT = Path(__file__).parents[2]
VN = "VN-CUSTOMS"
NOT_BUILT = shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "__pycache__", "tests", "benchmarks")
APPLICATION = f"""
import json
from decimal import Decimal

import producers
import schemas
from mekong import Client, Line, Seizure, Settings

line = Line(commodity_group="drug", substance_or_taxon="Heroin", quantity=Decimal(2), unit="kg")
with Client(Settings(), "{VN}") as client:
    client.send(Seizure(agency="{VN}", case_no=schemas.CASE_NO, seized_at="2026-05-03", lines=(line,)))
    delivered = client.flush()
files = [schemas.__file__, producers.__file__, __import__("mekong").__file__]
print(json.dumps({{"tokens": [found.token for found in delivered], "files": files}}))
"""
TYPED = f"""
from decimal import Decimal

from mekong import Client, Line, Receipt, Refused, Retriable, Seizure, Settings, Undelivered


def told(seizures: list[Seizure], place: str) -> list[Receipt]:
    with Client(Settings(), "{VN}", place=place) as client:
        for seizure in seizures:
            client.send(seizure)
        reasons = [report.rejected.reason for report in client.flush() if isinstance(report, Undelivered)]
        print(reasons, client.place)
        return client.wait_for_receipts()


def cautious(seizure: Seizure) -> float:
    try:
        told([seizure], "")
    except Refused:
        return 0.0
    except Retriable as exc:
        return exc.retry_after_s
    return 1.0


line = Line(commodity_group="drug", substance_or_taxon="Heroin", quantity=Decimal(2), unit="kg")
cautious(Seizure(agency="{VN}", case_no="1", seized_at="2026-05-03", lines=(line,)))
"""
WRONG = TYPED + 'Seizure(agency="VN-CUSTOMS", case_no=1, seized_at="2026-05-03", lines=(line,))\n'


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """Python with the wheel and what its base needs, and nothing else."""
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT, folder / "source", symlinks=True, ignore=NOT_BUILT)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(folder / "source")], check=True)
    (wheel,) = folder.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", str(folder / "env")], check=True)
    python = folder / "env" / "bin" / "python"
    pip[0] = str(python)
    subprocess.run([*pip, "install", "--require-hashes", "-r", str(ROOT / "locks" / "base.txt")], check=True)
    subprocess.run([*pip, "install", "--no-deps", str(wheel)], check=True)
    return python


def test_an_application_with_a_schemas_and_a_producers_of_its_own_sends_a_message(environment, deployment, tmp_path):
    deployment.register(VN)
    intake = deployment.mekong("worker", "intake")
    for package, content in {"schemas": 'CASE_NO = "case 7"\n', "producers": ""}.items():
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text(content)
    (tmp_path / "application.py").write_text(APPLICATION)
    variables = {"PATH": os.environ["PATH"], "MEKONG_KAFKA_BOOTSTRAP": deployment.bootstrap, "MEKONG_HOME": str(tmp_path / "home")}
    done = subprocess.run([environment, "application.py"], cwd=tmp_path, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["tokens"] == ["case 7"]
    schemas, producers, ours = (Path(file) for file in said["files"])
    assert schemas.is_relative_to(tmp_path)
    assert producers.is_relative_to(tmp_path)
    assert ours.is_relative_to(environment.parents[1])
    (receipt,) = deployment.receipts(VN, 1)
    assert (receipt["outcome"], receipt["case_no"]) == ("accepted", "case 7")
    assert intake.exit_code is None
    assert deployment.read(INCOMING.of(VN))


def test_the_wheel_installs_one_name_with_its_types_and_its_data(environment):
    site = next((environment.parents[1] / "lib").glob("python*/site-packages"))
    assert not {path.name for path in site.iterdir()} & {"schemas", "producers", "streams", "sinks", "deploy", "tests", "benchmarks"}
    package = site / "mekong"
    shipped = {path.relative_to(package) for path in package.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    here = {
        path.relative_to(ROOT)
        for name in ("schemas", "producers", "streams", "sinks", "deploy")
        for path in (ROOT / name).rglob("*")
        if path.is_file() and path.suffix != ".pyc" and not path.name.startswith(".")
    }
    assert shipped == here | {Path("__init__.py"), Path("py.typed")}


def test_a_type_checker_of_the_application_sees_our_types(environment, tmp_path):
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), "--python-executable", str(environment)]
    said = []
    for content in (TYPED, WRONG):
        (tmp_path / "application.py").write_text(content)
        done = subprocess.run([*command, "application.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
        said.append(done.stdout.splitlines())
    assert said[0] == ["Success: no issues found in 1 source file"]
    assert 'Argument "case_no" to "Seizure" has incompatible type "int"' in said[1][0]


def test_the_installed_command_shows_its_help(environment):
    done = subprocess.run([environment.parent / "mekong", "--help"], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("Usage: mekong")

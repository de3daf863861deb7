"""The registry of detectors is complete, each keeps the contract, and the core of them is pure."""

import ast
import importlib
import pkgutil
from pathlib import Path

import pytest

import mekong.streams.core.spikes
import mekong.streams.core.spikes.kinds
from mekong.schemas.alerts import Kind, Sentences, State
from mekong.schemas.languages import LANGUAGES
from mekong.sinks.delivery.words import SAID as ON_PAGES
from mekong.streams.core.notices.texts import KINDS, SAID, STATES, TIERS
from mekong.streams.core.spikes.fold import VERSION
from mekong.streams.core.spikes.kinds import DETECTORS
from mekong.streams.core.spikes.wording.sentences import _SENTENCES as SENTENCES

FOLDER = Path(mekong.streams.core.spikes.__file__).parent
MODULES = sorted(path.relative_to(FOLDER) for path in FOLDER.rglob("*.py"))
KINDS_OF_ALERT = [name for _, name, _ in pkgutil.iter_modules(mekong.streams.core.spikes.kinds.__path__)]
WITH_DETECTOR = [
    name for name in KINDS_OF_ALERT if hasattr(importlib.import_module(f"mekong.streams.core.spikes.kinds.{name}"), "DETECTOR")
]
IMPURE = {"random", "time", "os", "socket", "requests", "threading", "asyncio", "secrets", "uuid1", "pathlib"}


STATE = (3, {"SPIKE", "RETRO_SPIKE", "BULK_REPORT", "FIRST_SEEN", "SILENCE", "MAJOR"})
"""VERSION of the detectors' state, and the kinds that wrote it."""


@pytest.mark.parametrize("name", WITH_DETECTOR)
def test_every_module_with_a_detector_is_registered(name):
    found = importlib.import_module(f"mekong.streams.core.spikes.kinds.{name}").DETECTOR
    assert found in DETECTORS, f"detector {name}: not in DETECTORS of streams/core/spikes/kinds/__init__.py"


@pytest.mark.parametrize("kind", Kind)
def test_there_is_one_detector_for_each_kind_of_alert(kind):
    assert [detector.kind for detector in DETECTORS].count(kind) == 1, f"kind {kind}: no detector in streams/core/spikes/kinds"


@pytest.mark.parametrize("name", WITH_DETECTOR)
def test_a_detector_is_named_as_its_module(name):
    kind = importlib.import_module(f"mekong.streams.core.spikes.kinds.{name}").DETECTOR.kind
    assert name in {kind.value.lower(), kind.value.lower().split("_")[0]}


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda detector: detector.kind)
def test_every_detector_says_what_it_finds(detector):
    assert detector.purpose.endswith(".")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_its_sentence_and_its_subject_in_every_language(kind, language):
    sentence = SENTENCES.get((kind, State.OPEN), {})
    assert sentence.get(language), f"kind {kind}: no sentence in {language} (_SENTENCES of streams/core/spikes/wording/sentences.py)"
    assert KINDS.get(kind, {}).get(language), f"kind {kind}: no subject in {language} (KINDS of streams/core/notices/texts.py)"


@pytest.mark.parametrize(
    "said", [*SENTENCES.values(), *KINDS.values(), *TIERS.values(), *STATES.values(), *SAID.values(), *ON_PAGES.values()]
)
def test_everything_that_is_said_is_said_in_every_language_and_no_other(said):
    assert set(said) == set(LANGUAGES)


def test_an_alert_has_a_sentence_for_every_language():
    assert set(Sentences.model_fields) == set(LANGUAGES), "Sentences of schemas/alerts.py has not the languages of schemas/languages.py"


def test_state_that_other_detectors_wrote_is_of_another_version():
    here = {kind.value for kind in Kind}
    assert (VERSION, here) == STATE, "the kinds changed: raise VERSION of streams/core/spikes/fold.py, and write both into STATE here"


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_nothing_in_the_core_reads_a_clock_a_file_or_chance(path):
    tree = ast.parse((FOLDER / path).read_text(encoding="utf-8"))
    imported = {alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    assert not imported & IMPURE
    calls = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not calls & {"now", "today()", "utcnow", "default_rng", "uuid4"}


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_a_file_is_about_one_thing(path):
    assert len((FOLDER / path).read_text(encoding="utf-8").splitlines()) <= 270


def test_the_notice_of_the_holidays_is_shipped_beside_them():
    assert "MIT" in (FOLDER / "series" / "NOTICE-holidays").read_text(encoding="utf-8")

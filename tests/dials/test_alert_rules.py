"""The alert rules over series that were recorded from real runs: each fault raises its alerts and no others, a quiet hour raises none."""

from __future__ import annotations

import pytest
import yaml

from mekong.deploy.dials.rules import RULES
from mekong.deploy.dials.write import RULES_FILE, SCRAPE_FILE
from tests.dials.faults import BY_NAME
from tests.dials.fired import fired
from tests.dials.promtool import check
from tests.dials.record import FOLDER
from tests.dials.recording import names_in


def recording(name):
    return yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))


def seconds(text):
    return int(text.removesuffix("s"))


def test_promtool_accepts_the_rules_and_the_configuration():
    assert f"SUCCESS: {len(RULES)} rules found" in check("rules", RULES_FILE)
    assert "SUCCESS" in check("config", SCRAPE_FILE)


def test_each_fault_is_recorded_and_each_rule_has_a_fault_that_raises_it():
    assert {path.stem for path in FOLDER.glob("*.yaml")} == set(BY_NAME)
    assert {name for fault in BY_NAME.values() for name in fault.raises} == {rule.name for rule in RULES}


def test_a_recording_has_each_metric_that_a_rule_names():
    """Otherwise a rule would be silent because it sees nothing."""
    recorded = {one["series"].partition("{")[0] for one in recording("quiet")["input_series"]}
    assert recorded == names_in(rule.expression for rule in RULES)


@pytest.mark.parametrize("name", BY_NAME)
def test_a_fault_raises_its_alerts_and_no_others(name):
    fault, found = BY_NAME[name], recording(name)
    moments = fired(found)
    assert set(moments) == fault.raises
    assert all(min(at) > seconds(found["begins"]) for at in moments.values()), "an alert fires before the fault"
    if fault.after_s:
        assert all(max(at) < seconds(found["lasts"]) for at in moments.values()), "an alert still fires when all is well again"


def test_the_quiet_time_is_an_hour():
    assert seconds(recording("quiet")["lasts"]) >= 3600

"""The alert rules over series that were recorded from real runs: each fault raises its alerts and no others, a quiet hour raises none."""

from __future__ import annotations

import pytest
import yaml

from mekong.deploy.dials.rules import RULES
from mekong.deploy.dials.write import RULES_FILE, SCRAPE_FILE
from tests.dials.faults import BY_NAME
from tests.dials.promtool import check, test_rules
from tests.dials.record import FOLDER

EVER = 'group by (alertname) (max_over_time(ALERTS{alertstate="firing"}[3h]))'
NOW = 'group by (alertname) (ALERTS{alertstate="firing"})'


def expected(expression, at, names):
    return {
        "expr": expression,
        "eval_time": at,
        "exp_samples": [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in sorted(names)],
    }


def test_promtool_accepts_the_rules_and_the_configuration():
    assert f"SUCCESS: {len(RULES)} rules found" in check("rules", RULES_FILE)
    assert "SUCCESS" in check("config", SCRAPE_FILE)


def test_each_fault_is_recorded_and_each_rule_has_a_fault_that_raises_it():
    assert {path.stem for path in FOLDER.glob("*.yaml")} == set(BY_NAME)
    assert {name for fault in BY_NAME.values() for name in fault.raises} == {rule.name for rule in RULES}


@pytest.mark.parametrize("name", BY_NAME)
def test_a_fault_raises_its_alerts_and_no_others(name, tmp_path):
    fault, recording = BY_NAME[name], yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    expectations = [expected(EVER, recording["begins"], ()), expected(EVER, recording["lasts"], fault.raises)]
    if fault.after_s:
        expectations.append(expected(NOW, recording["lasts"], ()))
    assert "SUCCESS" in test_rules(tmp_path, RULES_FILE, recording, expectations)


def test_without_the_fault_nothing_would_be_expected_of_it(tmp_path):
    """The tests above can fail: a quiet hour does not raise what a fault raises."""
    recording = yaml.safe_load((FOLDER / "quiet.yaml").read_text(encoding="utf-8"))
    with pytest.raises(pytest.fail.Exception, match="MekongKafkaAway"):
        test_rules(tmp_path, RULES_FILE, recording, [expected(EVER, recording["lasts"], {"MekongKafkaAway"})])

"""Every agent is registered, can be started by the command, and has topics that exist."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mekong.deploy.cli.processes import WORKERS
from mekong.schemas.settings import Settings
from mekong.schemas.topics import TOPICS
from mekong.streams import agents

FOLDER = Path(agents.__file__).parent


def test_every_agent_of_the_folder_is_registered_under_its_name():
    assert set(agents.AGENTS) == {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}


@pytest.mark.processes
def test_a_worker_loads_what_its_own_agent_needs_alone():
    loaded = "import sys, mekong.streams.agents.intake; sys.exit(bool({'scipy', 'mekong.streams.agents.watch'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", loaded], check=False).returncode == 0


def test_the_command_offers_every_agent_and_no_other():
    assert set(WORKERS) == set(agents.AGENTS)


@pytest.mark.parametrize("name", agents.AGENTS)
def test_an_agent_is_its_own_group_and_has_a_state_topic_of_its_own(name):
    plans = [make(Settings(secret="x")) for make in agents.AGENTS.values()]
    plan = agents.AGENTS[name](Settings(secret="x"))
    assert plan.name == name
    assert plan.state in {topic.name for topic in TOPICS}
    assert [one.state for one in plans].count(plan.state) == 1
    assert plan.outputs is not None, "a lost state of it would not be seen"
    assert any(plan.is_source(topic.of("VN-CUSTOMS") if topic.per_agency else topic.name) for topic in TOPICS)
    assert not plan.is_source(plan.state)

"""Every private part of kafka-python that sinks/ leans on is there, and looks as it did."""

import inspect
from importlib.metadata import version

from kafka.coordinator.base import BaseCoordinator
from kafka.coordinator.consumer import ConsumerCoordinator


def test_the_installed_version_is_the_one_the_private_parts_were_read_in():
    assert version("kafka-python") == "3.0.12"


def test_a_coordinator_asks_itself_whether_to_join_and_knows_whether_it_does():
    assert list(inspect.signature(ConsumerCoordinator.need_rejoin).parameters) == ["self"]
    joining = inspect.getsource(BaseCoordinator.join_group_async)
    assert "while self.need_rejoin():" in joining
    assert "if not self.rejoining:" in joining
    assert "self.rejoining = False" in joining

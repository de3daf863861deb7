"""What was delivered is on record across interruptions, and belongs to one file, one way of sending and one deployment."""

from __future__ import annotations

import pytest

from mekong.producers.outbox import Delivered
from mekong.producers.positions import Positions, digest_of, key_of
from mekong.schemas.errors import Refused
from mekong.schemas.settings import Settings

TOPIC = "in.VN-CUSTOMS.v1"


def record(tmp_path, *numbers: int) -> None:
    with Positions(tmp_path, "key") as positions:
        positions.following({"receipts.VN-CUSTOMS.v1": 7})
        positions.add((number, Delivered(None, TOPIC, number * 10)) for number in numbers)


def test_what_was_delivered_is_known_the_next_time(tmp_path):
    record(tmp_path, 0, 1, 5)
    with Positions(tmp_path, "key") as positions:
        assert positions.receipts == {"receipts.VN-CUSTOMS.v1": 7}
        assert positions.delivered == {0: (TOPIC, 0), 1: (TOPIC, 10), 5: (TOPIC, 50)}


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_record_that_was_cut_off_by_a_crash_loses_only_its_last_line(tmp_path, cut):
    record(tmp_path, 0, 1)
    path = tmp_path / "sends" / "key.positions"
    path.write_bytes(path.read_bytes()[:-cut])
    record(tmp_path, 2)
    with Positions(tmp_path, "key") as positions:
        assert sorted(positions.delivered) == [0, 2]


@pytest.mark.parametrize("garbled", [b"D x y z\n", b"\xff\n"])
def test_a_garbled_record_is_as_none_and_is_written_anew(tmp_path, garbled):
    record(tmp_path, 0)
    path = tmp_path / "sends" / "key.positions"
    path.write_bytes(path.read_bytes() + garbled)
    with Positions(tmp_path, "key") as positions:
        assert (positions.receipts, positions.delivered) == ({}, {})
    record(tmp_path, 3)
    with Positions(tmp_path, "key") as positions:
        assert sorted(positions.delivered) == [3]


def test_a_sending_that_is_done_is_forgotten(tmp_path):
    record(tmp_path, 0)
    with Positions(tmp_path, "key") as positions:
        positions.forget()
    with Positions(tmp_path, "key") as positions:
        assert positions.delivered == {}


def test_two_processes_do_not_send_one_file_at_once(tmp_path):
    with Positions(tmp_path, "key"), pytest.raises(Refused, match="being sent already"), Positions(tmp_path, "key"):
        pass


def test_the_key_is_of_the_bytes_the_way_and_the_deployment(tmp_path):
    one, same, other = (tmp_path / name for name in ("one", "same", "other"))
    one.write_text("a")
    same.write_text("a")
    other.write_text("b")
    here = Settings(home=tmp_path, kafka_bootstrap="here:1")
    there = Settings(home=tmp_path, kafka_bootstrap="there:1")
    a, b = digest_of(one), digest_of(other)
    assert digest_of(same) == a
    assert key_of(here, a, "json") == key_of(here, digest_of(same), "json")
    keys = {key_of(here, a, "json"), key_of(here, b, "json"), key_of(here, a, "cbp"), key_of(there, a, "json")}
    assert len(keys) == 4

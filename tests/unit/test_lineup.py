"""The processes of a local stack."""

from __future__ import annotations

from mekong.deploy.local.home import Identity
from mekong.deploy.local.lineup import LIVE, WORKERS, chosen, web_url, without_tls


def test_the_server_gets_the_port_that_the_stack_keeps_and_its_address_says_so():
    identity = Identity.new()._replace(web_port=21187)
    assert chosen(WORKERS, identity)["web"] == ["web", "--listen", "127.0.0.1:21187"]
    assert web_url(identity) == "http://127.0.0.1:21187"


def test_a_replay_runs_what_is_not_live_and_also_the_server():
    replay = chosen(WORKERS, Identity.new()._replace(clock="off"))
    assert set(replay) == set(WORKERS) - LIVE
    assert "web" in replay


def test_a_certificate_of_a_deployment_is_not_the_local_servers():
    assert without_tls({"MEKONG_GATEWAY_CERT": "a", "MEKONG_GATEWAY_KEY": "b", "MEKONG_HOME": "c"}) == {"MEKONG_HOME": "c"}

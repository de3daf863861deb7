"""Each process serves its figures, and they agree with what was sent; whether it is ready shows what it misses."""

from __future__ import annotations

import signal
import time
import urllib.error
import urllib.request

import pytest

from mekong.deploy.local.clickhouse import ClickHouse
from mekong.schemas.topics import CONTROL, INCOMING, JOURNAL
from mekong.sinks.clickhouse.migrate import migrate
from tests.integration.scraped import FREE, address, asked, figure, until
from tests.integration.test_workers import seizure

pytestmark = [pytest.mark.integration, pytest.mark.timeout(280)]
VN, LA = "VN-CUSTOMS", "LA-CUSTOMS"
SECRET_NUMBER = "HN-SECRET-77/2026"


def same(where: str, wanted: float, name: str, within_s: float = 60, **labels: str) -> None:
    """The figure becomes this value, and does not pass it."""
    deadline = time.monotonic() + within_s
    while (found := figure(where, name, **labels)) != wanted:
        assert time.monotonic() < deadline, f"{name} {labels}: {found} and not {wanted}"
        time.sleep(0.2)
    time.sleep(0.5)
    assert figure(where, name, **labels) == wanted


def test_the_figures_of_intake_watch_and_sink_are_those_of_the_messages(deployment, clickhouse, fresh_database):
    migrate(fresh_database)
    deployment.register(VN, LA)
    store = {"MEKONG_CLICKHOUSE_URL": fresh_database}
    processes = [
        deployment.mekong(*command, env=FREE | store) for command in (("worker", "intake"), ("worker", "watch"), ("sink", "clickhouse"))
    ]
    intake, watch, sink = map(address, processes)
    for where in (intake, watch, sink):
        until(where, "/readyz", 200)
        assert asked(where, "/livez")[0] == 200
    deployment.send(
        VN, [seizure(VN, number) for number in range(40)] + [seizure(VN, 1), b"{", {**seizure(VN, 99), "case_no": SECRET_NUMBER}]
    )
    deployment.send(LA, [seizure(LA, number) for number in range(7)])
    deployment.receipts(VN, 43)
    deployment.receipts(LA, 7)

    read = sum(len(deployment.read(topic)) for topic in (INCOMING.of(VN), INCOMING.of(LA), CONTROL.name))
    journal, receipts = len(deployment.read(JOURNAL.name)), 50
    assert (read - len(deployment.read(CONTROL.name)), journal) == (52, 48 + 2)
    same(intake, read, "mekong_records_folded_total", stage="intake")
    same(intake, journal + receipts, "mekong_records_written_total", stage="intake")
    same(watch, journal, "mekong_records_folded_total", stage="watch")
    same(sink, journal, "mekong_rows_stored_total", table="journal")
    same(sink, receipts, "mekong_rows_stored_total", table="receipts")
    assert figure(sink, "mekong_dead_letters_total", table="journal") == 0
    assert figure(sink, "mekong_insert_seconds_count", table="journal") > 0

    assert figure(intake, "mekong_lanes_assigned", stage="intake") == figure(intake, "mekong_lanes_open", stage="intake") == 8
    assert figure(intake, "mekong_records_aside_total", stage="intake") == 0
    assert figure(intake, "mekong_lane_commit_seconds_count", stage="intake") >= 2
    assert time.time() - figure(watch, "mekong_last_commit_timestamp_seconds", stage="watch") < 60
    assert time.time() - figure(sink, "mekong_last_commit_timestamp_seconds", stage="sink-journal") < 60
    same(intake, 0, "mekong_lag_records", stage="intake", topic=INCOMING.of(VN))
    said = "".join(asked(where, "/metrics")[1] for where in (intake, watch, sink))
    assert "SECRET" not in said
    assert "Heroin" not in said


def test_the_lag_of_a_paused_stage_grows_and_its_end_gives_it_to_nobody(deployment):
    deployment.register(VN)
    intake = deployment.mekong("worker", "intake", env=FREE)
    deployment.send(VN, [seizure(VN, 1)])
    deployment.receipts(VN, 1)
    watch = deployment.mekong("worker", "watch", env=FREE)
    where = address(watch)
    until(where, "/readyz", 200)
    watch.send(signal.SIGSTOP)
    with pytest.raises((TimeoutError, urllib.error.URLError)):
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"{where}/livez", timeout=2)
    watch.send(signal.SIGCONT)
    until(where, "/livez", 200)
    second = deployment.mekong("worker", "intake", env=FREE)
    until(address(second), "/readyz", 200)
    shared = lambda: [figure(address(one), "mekong_lanes_open", stage="intake") for one in (intake, second)]  # noqa: E731
    deployment.wait_until(lambda: None not in shared() and sum(shared()) == 8, "two workers share eight lanes")
    intake.kill()
    deployment.wait_until(lambda: figure(address(second), "mekong_lanes_open", stage="intake") == 8, "the second worker has all lanes")
    assert until(address(second), "/readyz", 200) == "intake is ready.\n"
    with pytest.raises(urllib.error.URLError):
        asked(address(intake), "/livez")


def test_a_sink_is_ready_again_when_clickhouse_is_back(deployment, new_clickhouse: ClickHouse, start_server):
    server = start_server(new_clickhouse)
    migrate(new_clickhouse.url)
    deployment.register(VN)
    deployment.mekong("worker", "intake")
    where = address(deployment.mekong("sink", "clickhouse", env=FREE | {"MEKONG_CLICKHOUSE_URL": new_clickhouse.url}))
    until(where, "/readyz", 200)
    server.kill()
    deployment.send(VN, [seizure(VN, 1)])
    said = until(where, "/readyz", 503)
    assert "does not know its position" in said
    assert figure(where, "mekong_ready") == 0
    assert asked(where, "/livez")[0] == 200
    start_server(new_clickhouse)
    until(where, "/readyz", 200, within_s=90)
    same(where, 1, "mekong_rows_stored_total", table="receipts")
    assert sum(figure(where, "mekong_sink_failures_total", table=name) for name in ("journal", "receipts")) > 0


def test_the_server_counts_answers_by_route_and_never_a_path_of_a_client(deployment):
    deployment.register(VN)
    web = deployment.mekong("web", "--listen", "127.0.0.1:0", env=FREE)
    where = address(web)
    until(where, "/readyz", 200)
    url = next(line.split("ready: ")[1].split()[0] for line in web.log.read_text().splitlines() if "ready: http" in line)
    assert asked(url, "/v1/")[0] == 200
    assert asked(url, "/v1/receipts")[0] == 401
    assert asked(url, f"/{SECRET_NUMBER}")[0] == 404
    assert figure(where, "mekong_http_requests_total", method="GET", route="/v1/", status="200") == 1
    assert figure(where, "mekong_http_requests_total", method="GET", route="/v1/receipts", status="401") == 1
    assert figure(where, "mekong_http_requests_total", method="GET", route="none", status="404") == 1
    assert figure(where, "mekong_quota_refusals_total", limit="minute") == 0
    assert "SECRET" not in asked(where, "/metrics")[1]


def test_the_stream_of_alerts_is_ready_and_counts_its_readers(deployment):
    deployment.register(VN)
    tokens = deployment.folder / "tokens"
    tokens.write_text(f"{VN} {'t' * 40}\n")
    where = address(deployment.mekong("events", "--listen", "127.0.0.1:0", env=FREE | {"MEKONG_STREAM_TOKENS": str(tokens)}))
    assert until(where, "/readyz", 200) == "events is ready.\n"
    time.sleep(2.5)  # what beats has beaten again
    assert asked(where, "/readyz")[0] == 200
    assert figure(where, "mekong_stream_readers") == 0
    assert figure(where, "mekong_last_tick_timestamp_seconds") is None


def test_the_clock_and_the_notifier_say_whether_they_are_ready(deployment):
    deployment.register(VN)
    clock, notifier = (address(deployment.mekong(name, env=FREE)) for name in ("clock", "notify"))
    assert until(clock, "/readyz", 200, within_s=75) == "clock is ready.\n"
    assert until(notifier, "/readyz", 200) == "notifier is ready.\n"
    assert figure(notifier, "mekong_notifications_total", channel="mail", outcome="parked") == 0
    same(clock, 1, "mekong_clock_ticks_total", within_s=75)
    assert time.time() - figure(clock, "mekong_last_tick_timestamp_seconds") < 70


def test_a_worker_that_waits_for_the_first_agency_is_ready_and_an_address_that_is_taken_is_refused(deployment):
    intake = deployment.mekong("worker", "intake", env=FREE)
    where = address(intake)
    until(where, "/readyz", 200)
    second = deployment.mekong("worker", "intake", env={"MEKONG_METRICS": where.removeprefix("http://")})
    deployment.wait_until(lambda: second.exit_code is not None, "the second worker ends")
    assert second.exit_code == 2
    assert "Each process needs an address of its own" in second.last_words()


def test_an_idle_worker_is_not_ready_while_no_broker_answers_and_its_last_answer_gets_old(deployment):
    deployment.register(VN)
    where = address(deployment.mekong("worker", "intake", env=FREE))
    until(where, "/readyz", 200)
    name, stage = "mekong_last_answer_timestamp_seconds", {"stage": "intake"}
    time.sleep(3)
    assert time.time() - figure(where, name, **stage) < 15
    deployment.broker.send(signal.SIGSTOP)
    try:
        said = until(where, "/readyz", 503, within_s=100)
        assert said.startswith("No broker has answered intake for 6")
        assert asked(where, "/livez")[0] == 200
        before = figure(where, name, **stage)
        time.sleep(3)
        assert figure(where, name, **stage) == before < time.time() - 60
    finally:
        deployment.broker.send(signal.SIGCONT)
    until(where, "/readyz", 200, within_s=100)
    assert figure(where, name, **stage) > before

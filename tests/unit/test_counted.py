"""What the parts of `mekong web` and of a worker count."""

from __future__ import annotations

import asyncio
import time
from contextlib import ExitStack

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from mekong.deploy.web import measuring
from mekong.deploy.web.measuring import counted
from mekong.producers.gateway.problem import Problem
from mekong.producers.gateway.quota import MOST_WAITING, Limits, Quotas
from mekong.schemas import measured
from mekong.schemas.condition import Condition
from mekong.schemas.topics import ASIDE, CASES, JOURNAL
from mekong.streams import figures


def figure(name: str, **labels: str) -> float:
    return measured.REGISTRY.get_sample_value(name, labels) or 0


def test_a_refusal_by_quota_is_counted_by_the_limit_that_was_reached():
    quotas = Quotas(Limits(6, 600), 0.0)
    before = {limit: figure("mekong_quota_refusals_total", limit=limit) for limit in ("minute", "readers")}
    quotas.charge("VN-CUSTOMS", 100, 100)
    with pytest.raises(Problem), quotas.sending("VN-CUSTOMS", 0.0):
        pass
    with ExitStack() as readers:
        for _ in range(MOST_WAITING):
            readers.enter_context(quotas.waiting("VN-CUSTOMS"))
        with pytest.raises(Problem), quotas.waiting("VN-CUSTOMS"):
            pass
    assert {limit: figure("mekong_quota_refusals_total", limit=limit) - before[limit] for limit in before} == {"minute": 1, "readers": 1}


async def found(_request):
    return PlainTextResponse("here")


async def failing(_request):
    raise RuntimeError("a fault")


def test_an_answer_is_counted_by_the_pattern_of_its_route_also_when_it_fails():
    routes = [Route("/v9/{case}", found), Route("/v9/{case}/too", found), Route("/v9/{case}/failing", failing, methods=["POST"])]
    transport = httpx.ASGITransport(counted(Starlette(routes=routes)), raise_app_exceptions=False)

    async def ask() -> None:
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            await client.get("/v9/HN-SECRET")
            await client.get("/v9/HN-SECRET/too")
            await client.post("/v9/HN-SECRET/failing")
            await client.request("BREW", "/v9/HN-SECRET")

    asyncio.run(ask())
    assert figure("mekong_http_requests_total", method="GET", route="/v9/{case}", status="200") == 1
    assert figure("mekong_http_requests_total", method="GET", route="/v9/{case}/too", status="200") == 1
    assert figure("mekong_http_requests_total", method="POST", route="/v9/{case}/failing", status="500") == 1
    assert figure("mekong_http_requests_total", method="other", route="/v9/{case}", status="405") == 1


def test_a_commit_counts_outputs_without_state_and_what_was_set_aside():
    figures.committed("a-stage-7", 0.2, {JOURNAL.name: 3, CASES.name: 9, ASIDE.name: 1})
    assert figure("mekong_records_written_total", stage="a-stage") == 4
    assert figure("mekong_records_aside_total", stage="a-stage") == 1
    assert figure("mekong_lane_commit_seconds_count", stage="a-stage") == 1
    assert time.time() - figure("mekong_last_commit_timestamp_seconds", stage="a-stage") < 60


def test_what_beats_for_the_server_does_not_say_whether_it_is_ready(monkeypatch):
    condition = Condition()
    monkeypatch.setattr(measuring, "CONDITION", condition)
    condition.report("web")

    async def run():
        beats = asyncio.create_task(measuring.beating())
        await asyncio.sleep(0.01)
        beats.cancel()

    asyncio.run(run())
    assert condition.missing() == ""

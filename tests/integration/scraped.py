"""What a process serves at its MEKONG_METRICS."""

from __future__ import annotations

import re
import time
import urllib.error
import urllib.request

from prometheus_client.parser import text_string_to_metric_families

from mekong.deploy.local.process import Process

FREE = {"MEKONG_METRICS": "127.0.0.1:0"}
"""A free port; the log names it."""
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def address(process: Process, within_s: float = 30) -> str:
    """As ``http://127.0.0.1:12345``."""
    deadline = time.monotonic() + within_s
    while not (found := re.findall(r"metrics of \S+: (http://\S+)/metrics", process.log.read_text(errors="replace"))):
        assert time.monotonic() < deadline, process.last_words()
        time.sleep(0.1)
    return found[-1]


def asked(where: str, path: str) -> tuple[int, str]:
    """Status and text."""
    try:
        with _OPENER.open(f"{where}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as exc:
        return exc.code, exc.read().decode()


def until(where: str, path: str, status: int, within_s: float = 60) -> str:
    """The text, as soon as the answer has this status."""
    deadline = time.monotonic() + within_s
    while (found := asked(where, path))[0] != status:
        assert time.monotonic() < deadline, found
        time.sleep(0.2)
    return found[1]


def figure(where: str, name: str, **labels: str) -> float | None:
    """One value; None when there is none."""
    for family in text_string_to_metric_families(asked(where, "/metrics")[1]):
        for sample in family.samples:
            if sample.name == name and sample.labels == labels:
                return sample.value
    return None

"""``python -m benchmarks.gateway``: how long single messages wait for their 202, alone and beside clients that disturb; and NDJSON.

One agency sends single messages at a fixed rate. Beside it another agency floods, or is slow. All rounds are in one run, each alone and
disturbed by turns, because the machine may do other work: a ratio of two neighbours says more than a figure. The clients, the gateway and
the broker share the machine; the disturber has the lowest priority (benchmarks/gateway_clients.py).
``--before CHECKOUT`` also measures an older version, by turns with this one.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.gateway_clients import OF_A_REQUEST, RATE, Gateway, Waits, many, singles
from benchmarks.ground import Ground, ground
from benchmarks.table import machine, table
from mekong.deploy.tokens import add_token

SENDERS = ("VN-CUSTOMS", "LA-CUSTOMS", "TH-CUSTOMS", "KH-CUSTOMS")
ONE, OTHER = SENDERS[:2]
NOW = "without quotas"
SAID = {
    "flood": "another agency floods",
    "drip": "100 bodies of another agency come a byte a second",
    "deaf": "20 clients never read their answers",
}


class Sizes(NamedTuple):
    """How much is measured."""

    rounds: int
    seconds: float = 8.0
    messages: int = 24_000


class Pair(NamedTuple):
    """Two neighbours of one round."""

    alone: Waits
    beside: Waits
    taken: float
    """Messages a second of the flood that were taken meanwhile."""


def main() -> int:
    """Measure, and print the tables."""
    options = _options()
    sizes = Sizes(1, 3.0, 8_000) if options.quick else Sizes(options.rounds)
    load = os.getloadavg()[0]
    with ground() as here:
        here.register(SENDERS)
        gateways = _gateways(here, options.before)
        waits, rates = _rounds(here, gateways, sizes)
    print(f"{machine()}. Load average before: {load:.1f}, after: {os.getloadavg()[0]:.1f}. {sizes.rounds} rounds of {sizes.seconds:g} s.\n")
    print(_of_waits(waits))
    print("\n" + _of_rates(rates))
    return 0


def _gateways(here: Ground, before: Path | None) -> dict[str, Gateway]:
    tokens = {agency: add_token(here.settings, agency, ("send", "read")).text for agency in SENDERS}
    found = {
        NOW: Gateway(here, tokens, "127.0.0.1", has_quotas=False),
        "with the default quotas": Gateway(here, tokens, "127.0.0.2", has_quotas=True),
    }
    if before:
        found["before, without quotas"] = Gateway(here, tokens, "127.0.0.3", has_quotas=False, checkout=before.resolve())
        found["before, with the default quotas"] = Gateway(here, tokens, "127.0.0.4", has_quotas=True, checkout=before.resolve())
    for gateway in found.values():
        asyncio.run(singles(gateway, ONE, 1.0))  # connections and topics are there before the clock runs
        asyncio.run(many(gateway, (OTHER,), OF_A_REQUEST))
    return found


def _rounds(
    here: Ground, gateways: dict[str, Gateway], sizes: Sizes
) -> tuple[dict[tuple[str, str], list[Pair]], dict[str, list[tuple[float, float]]]]:
    waits: dict[tuple[str, str], list[Pair]] = {}
    rates: dict[str, list[tuple[float, float]]] = {}
    for _ in range(sizes.rounds):
        for name, gateway in gateways.items():
            for how in SAID if gateway.has_quotas else ("flood",):
                alone = asyncio.run(singles(gateway, ONE, sizes.seconds))
                with gateway.disturbed(here, how, OTHER) as taken:
                    beside = asyncio.run(singles(gateway, ONE, sizes.seconds))
                    pair = Pair(alone, beside, taken() * OF_A_REQUEST / sizes.seconds)
                waits.setdefault((how, name), []).append(pair)
                print(f"{name}, {how}: {pair}", file=sys.stderr, flush=True)
            if not gateway.has_quotas:
                rates.setdefault(name, []).append(asyncio.run(many(gateway, SENDERS, sizes.messages)))
    return waits, rates


def _of_waits(waits: dict[tuple[str, str], list[Pair]]) -> str:
    rows = []
    for (how, name), pairs in sorted(waits.items()):
        row = [f"{SAID[how]}, {name}"]
        for part in ("p50", "p99"):
            alone, beside = ([getattr(one, part) for one in side] for side in list(zip(*pairs, strict=True))[:2])
            row += [f"{median(alone):.0f}", f"{median(beside):.0f}", _spread([b / a for a, b in zip(alone, beside, strict=True)])]
        rows.append([*row, f"{median(one.taken for one in pairs):,.0f}", str(sum(one.alone.refused + one.beside.refused for one in pairs))])
    heads = [
        "p50 alone ms",
        "beside",
        "ratio: least, median, most",
        "p99 alone ms",
        "beside",
        "ratio: least, median, most",
        "flood/s",
        "refused",
    ]
    return table([f"{RATE} single messages a second, while", *heads], rows)


def _of_rates(rates: dict[str, list[tuple[float, float]]]) -> str:
    rows = []
    for name, found in rates.items():
        times = [this[0] / now[0] for this, now in zip(found, rates[NOW], strict=True)]
        rows.append([name, _spread([rate for rate, _ in found], 0), _spread(times, 2)])
    return table(["NDJSON, 4 agencies, 1,000 messages a request", "messages/s: least, median, most", "times this version"], rows)


def _spread(found: Sequence[float], digits: int = 1) -> str:
    return ", ".join(f"{one:,.{digits}f}" for one in (min(found), median(found), max(found)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gateway", description="Measure the HTTPS address.")
    parser.add_argument("--quick", action="store_true", help="one short round, to see that it runs; its figures say little")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="default: 5")
    parser.add_argument("--before", type=Path, metavar="CHECKOUT", help="of an older version, measured by turns with this one")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

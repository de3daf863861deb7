"""Three members' journals for the tests of the network, and their fold into alerts and state."""

from datetime import date

import numpy as np

from benchmarks.spikes.journal import case, profile, tick
from mekong.schemas.wire import dump, load
from mekong.streams.core.spikes.network.clocks import Expected
from mekong.streams.core.spikes.network.detectors import NetworkDetectors
from mekong.streams.core.spikes.rules import Rules

FIRST = date(2024, 1, 1).toordinal()
AGENCIES = ("LA-CUSTOMS", "TH-CUSTOMS", "VN-CUSTOMS")
PARTITIONS = dict(zip(AGENCIES, range(3), strict=True))


def partitions(days=90, spike_on=80):
    """Each agency's entries by day; on one day each has a few more than usual."""
    found = {}
    for seed, agency in enumerate(AGENCIES):
        rng, number, log = np.random.default_rng(seed), 0, [[profile(agency)]]
        for day in range(days):
            today = [tick(agency, FIRST + day)]
            for _ in range(int(rng.poisson(0.6)) + 4 * (day == spike_on)):
                number += 1
                entry = case(agency, number, FIRST + day, FIRST + day)
                entry["content"]["route"] = [{"role": "origin", "country": "MM"}, {"role": "destination", "country": "TH"}]
                entry["content"]["concealment_methods"] = ["luggage"]
                kilograms = 900 if number == 30 and agency == "TH-CUSTOMS" else 1 + number % 3
                entry["enriched"] = {"lines": [{"code": "heroin", "base_quantity": str(kilograms), "base_unit": "kg"}]}
                today.append(entry)
            log.append(today)
        found[agency] = log
    return found


def in_step(logs):
    return [entry for day in zip(*logs.values(), strict=True) for part in day for entry in part]


def folded(entries, rules=None, run=10**9, partitions=PARTITIONS, *, is_replay=False, state=None, expected=None):
    """The alerts; the state they leave is put into ``state``."""
    state, alerts, network = {} if state is None else state, [], None
    expected = expected or Expected(set(partitions.values()), AGENCIES if is_replay else (), is_replay)

    def get(name):
        return load(state[name]) if name in state else None

    for place, entry in enumerate(entries):
        if network is None or place % run == 0:
            if network:
                keep(network, state)
            network = NetworkDetectors.from_stored(get, rules or Rules(), expected)
        alerts += network.take(entry, partitions[entry["agency"]])
    keep(network, state)
    return alerts


def keep(network, state):
    state.update({name: dump(value) for name, value in network.stored().items()})
    for name in [name for name, raw in state.items() if raw == b"null"]:
        del state[name]


def parsed(state):
    """Of a JSON object only the order of its keys tells in which order partitions were read, and it means nothing."""
    return {name: load(raw) for name, raw in state.items()}

"""What a small member can hope for: extra cases on one day or over one week in, the share of them that is told out.

Members of phase V reported about 3 cases a week each, and one of CITES goods in three weeks. Members here report at such a rate and no
other way (Poisson), are known for some weeks, and are judged under the default rules by the bucket that their rate gives them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.spikes.batch import Batch, run
from benchmarks.spikes.gate import Gate
from benchmarks.spikes.noufaily import SEED
from mekong.streams.core.spikes.rules import DEFAULT
from mekong.streams.core.spikes.statistics.shape import DAY, WEEK, WEEKDAYS, Shape

MEMBERS = 400
KNOWN_WEEKS = (12, 52)
_JUDGED_DAYS = 154
_FIRST_DAY = 740_000


class Member(NamedTuple):
    """A kind of member: cases a week, the shape that judges it, and extra cases to try."""

    name: str
    a_week: float
    shape: Shape
    extra: tuple[int, ...]


KINDS = (
    Member("3 cases a week", 3.0, DAY, (3, 4, 5, 6, 8, 10)),
    Member("one case in three weeks", 0.35, WEEK, (4, 6, 8, 10)),
)


def gates() -> Iterator[Gate]:
    """Measure."""
    for kind in KINDS:
        for weeks in KNOWN_WEEKS:
            for days in (1, WEEKDAYS):
                found = [(extra, _share_told(kind, weeks, extra, days)) for extra in kind.extra]
                when = "on one day" if days == 1 else "spread over a week"
                asked = f"{kind.name} (judged by the {kind.shape.size}), known for {weeks} weeks; told of so many more {when}"
                if days == 1 or kind.shape is DAY:
                    yield Gate("small", f"  {asked}", ", ".join(f"{extra}: {share:.0%}" for extra, share in found))
        judged = _JUDGED_DAYS // _days(kind)
        quiet = _alarms(kind, KNOWN_WEEKS[0], np.zeros((MEMBERS, judged), int)).sum()
        yield Gate("small", f"  {kind.name}: false alarms a member and year", f"{quiet / (MEMBERS * _JUDGED_DAYS / 365):.2f}")


def _share_told(kind: Member, weeks: int, extra: int, days: int) -> float:
    """Of members with ``extra`` cases within ``days`` days, those of which an alert tells by the end of them."""
    rng = np.random.default_rng((SEED, 10, extra, days))
    span = max(1, days // _days(kind))
    more = rng.multinomial(extra, [1 / span] * span, MEMBERS)
    return float(_alarms(kind, weeks, more).any(1).mean())


def _alarms(kind: Member, weeks: int, more: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each of the last buckets, with ``more`` cases in it, opens an alert of a member known for so many weeks."""
    rng = np.random.default_rng((SEED, 10))
    size, judged = _days(kind), more.shape[1]
    known = weeks * WEEKDAYS // size
    counts = rng.poisson(kind.a_week * size / WEEKDAYS, (MEMBERS, known + judged))
    counts[:, -judged:] += more
    batch = Batch(kind.shape, MEMBERS, DEFAULT.series.prior.level(size))
    p = run(batch, counts, _FIRST_DAY // size, judged, np.zeros((known + judged, 2))).p
    width = max(kind.shape.windows)
    sums = np.stack([counts[:, known + i - width + 1 : known + i + 1].sum(1) for i in range(judged)], 1)
    return (p < DEFAULT.spike.open_p) & (sums >= DEFAULT.spike.min_cases)


def _days(kind: Member) -> int:
    return 1 if kind.shape is DAY else WEEKDAYS

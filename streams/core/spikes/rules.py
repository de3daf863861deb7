"""A rules file (TOML) in; checked thresholds out, or the line that is wrong."""

from __future__ import annotations

import hashlib
import re
import tomllib
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from schemas.alerts import Tier
from schemas.errors import Refused
from schemas.wire import canonical
from streams.core.spikes.prior import Prior

FORMAT = 1
Probability = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=1, le=10_000)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SpikeRules(_Section):
    """SPIKE and RETRO_SPIKE."""

    open_p: Annotated[float, Field(ge=1e-100, lt=1)] = 1e-3
    """An alert opens below it: about one false alarm in 1,000 buckets of each series."""
    severe_p: Annotated[float, Field(ge=1e-100, lt=1)] = 1e-5
    clear_p: Probability = 0.05
    quiet_buckets: Annotated[int, Field(ge=1, le=30)] = 2
    """Closed buckets above ``clear_p`` that clear it."""
    escalate: Annotated[float, Field(ge=1, le=1e6)] = 10.0
    """So many times less probable than when it opened, and SEVERE: it escalates."""
    second_look: Annotated[float, Field(ge=1, le=1e6)] = 10.0
    """A bucket that was judged before must be so many times less probable to open one."""
    min_cases: Count = 3
    """Fewer cases in a bucket are no spike, however rare they are."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.severe_p <= self.open_p < self.clear_p:
            raise ValueError("severe_p <= open_p < clear_p must hold")
        return self


class BulkRules(_Section):
    """BULK_REPORT."""

    open_p: Probability = 1e-3
    min_cases: Count = 10
    old_share: Probability = 0.5
    """Of the arrivals, those whose day is over: fewer are no back-fill."""


class FirstSeenRules(_Section):
    """FIRST_SEEN."""

    novelty: Probability = 0.05
    """It is told only where this share of cases at most shows anything new (Good-Turing)."""
    min_cases: Count = 20
    """Known before."""


class SilenceRules(_Section):
    """SILENCE."""

    p: Probability = 1e-3
    min_days: Count = 7
    min_sendings: Count = 5
    """Sendings that make a member one that usually reports."""


class MajorRules(_Section):
    """MAJOR."""

    spike: Annotated[float, Field(ge=1, le=1e6)] = 4.0
    """Times the declared threshold from which it is of the tier SPIKE; below it is a NOTICE."""
    severe: Annotated[float, Field(ge=1, le=1e6)] = 10.0
    """Times the declared threshold from which it is SEVERE."""
    share: Probability = 0.995
    """Of the network's cases that it is above."""
    min_cases: Count = 400
    """Cases of a commodity that the network must have seen before that share means anything."""


class SeriesRules(_Section):
    """How series are kept."""

    week_below: Annotated[float, Field(gt=0, le=10)] = 0.2
    """Cases a day under which a series is judged by the week."""
    prior_shape: Annotated[float, Field(gt=0, le=1e4)] = 0.7
    prior_rate: Annotated[float, Field(gt=0, le=1e6)] = 1.4
    """Gamma prior of a new agency's cases a day: of phase V, 1,715 cases of 23 members in 154 days, very uneven."""

    @property
    def prior(self) -> Prior:
        """What to believe of a new agency."""
        return Prior(self.prior_shape, self.prior_rate)


class Rules(_Section):
    """All of it."""

    spike: SpikeRules = SpikeRules()
    bulk: BulkRules = BulkRules()
    first_seen: FirstSeenRules = FirstSeenRules()
    silence: SilenceRules = SilenceRules()
    major: MajorRules = MajorRules()
    series: SeriesRules = SeriesRules()

    @property
    def version(self) -> str:
        """Format and hash of the values: said in each alert."""
        return f"{FORMAT}:{hashlib.blake2b(canonical(self.model_dump()), digest_size=6).hexdigest()}"

    def tier(self, p: float) -> Tier:
        """How improbable ``p`` is."""
        return Tier.SEVERE if p < self.spike.severe_p else Tier.SPIKE if p < SPIKE_P else Tier.NOTICE


SPIKE_P = 1e-3
"""Below it an alert is of the tier SPIKE; rules that open earlier give NOTICEs."""
DEFAULT = Rules()


def read(text: str, name: str = "rules") -> Rules:
    """The rules in a file's text. Raises Refused with the line of an unknown key or an impossible threshold."""
    try:
        return Rules.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as exc:
        raise Refused(f"{name}: {exc}") from exc
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        where = [str(part) for part in first["loc"]]
        why = "is no rule" if first["type"] == "extra_forbidden" else first["msg"]
        raise Refused(f"{name}, line {line_of(text, where)}: {'.'.join(where) or 'rules'}: {why}") from exc


def line_of(text: str, where: list[str]) -> int:
    """The line (from 1) where a key, or else its section, stands."""
    section, found = "", 1
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*\[\s*([\w.-]+)\s*\]", line)
        if header:
            section = header[1]
        key = re.match(r"\s*([\w.-]+)\s*=", line)
        path = [*filter(None, section.split(".")), *(key[1].split(".") if key else [])]
        if path and path == where[: len(path)]:
            found = number
            if len(path) == len(where):
                return number
    return found

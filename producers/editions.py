"""Stores the editions of sheets: when each sheet was first sent, which cases it had and what they said. Kept with the stack's state.

A deployment has one SQLite file, under ``editions/``. An edition's time belongs to the bytes of its file. A series is all editions of
one sheet. The previous edition is the newest older one whose receipts have all arrived. docs/decisions/0017 says what is lost with
the file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from mekong.producers.digests import Digests
from mekong.schemas.errors import Refused

_WAIT_S = 60.0
_WITHDRAWN = b""
"""The content of a case that was withdrawn."""
_GONE = 2
"""The state of a case that was withdrawn. 1 is accepted, 0 was never accepted."""
_TABLES = """
CREATE TABLE IF NOT EXISTS edition (
  series TEXT, digest TEXT, at INTEGER, settled INTEGER DEFAULT 0, PRIMARY KEY (series, digest)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS member (
  series TEXT, agency TEXT, case_no TEXT, month TEXT, first INTEGER, last INTEGER, state INTEGER,
  PRIMARY KEY (series, agency, case_no)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS content (
  agency TEXT, case_no TEXT, hash BLOB, since INTEGER, PRIMARY KEY (agency, case_no, hash)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS numbered (agency TEXT, case_no TEXT, PRIMARY KEY (agency, case_no)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS reading (content TEXT, digest TEXT, PRIMARY KEY (content, digest)) WITHOUT ROWID;
CREATE TEMP TABLE item (
  agency TEXT, case_no TEXT, hash BLOB, month TEXT, line TEXT, numbered INTEGER, outcome INTEGER DEFAULT 2,
  PRIMARY KEY (agency, case_no)) WITHOUT ROWID;
"""
_RETURNING = """
SELECT i.agency, i.case_no, i.line, o.since,
  (SELECT max(c.since) FROM content c WHERE c.agency = i.agency AND c.case_no = i.case_no) AS newest
FROM item i JOIN content o ON o.agency = i.agency AND o.case_no = i.case_no AND o.hash = i.hash
WHERE o.since < newest AND newest < ?
ORDER BY i.agency, i.case_no
"""
_MISSING = """
SELECT m.agency, m.case_no, m.month, m.state,
  EXISTS (SELECT 1 FROM numbered n WHERE n.agency = m.agency AND n.case_no = m.case_no)
FROM member m
WHERE m.series = ? AND m.last = ?
  AND NOT EXISTS (SELECT 1 FROM item i WHERE i.agency = m.agency AND i.case_no = m.case_no)
ORDER BY m.agency, m.case_no
"""
_JOIN = """
INSERT INTO member SELECT :series, agency, case_no, month, :at, :at, outcome > 0 FROM item WHERE true
ON CONFLICT DO UPDATE SET
  first = min(first, excluded.first), last = max(last, excluded.last), month = excluded.month,
  state = CASE excluded.state WHEN 1 THEN 1 ELSE state END
"""
_LEARN = """
INSERT INTO content SELECT agency, case_no, hash, ? FROM item WHERE outcome = 2
ON CONFLICT DO UPDATE SET since = excluded.since WHERE since < (
  SELECT max(c.since) FROM content c WHERE c.agency = excluded.agency AND c.case_no = excluded.case_no AND c.since < excluded.since)
"""


class CaseKey(NamedTuple):
    """A case of an agency."""

    agency: str
    case_no: str


class Row(NamedTuple):
    """One message of a sheet, as far as the ledger knows it."""

    agency: str
    case_no: str
    hash: bytes
    """The hash of the row's bytes. A format makes the same bytes of the same content."""
    month: str
    """``2026-05``; empty when it is known to the year only."""
    where: str
    numbered: bool = False
    """Whether its sender orders its versions by a revision or by the time of a report, and not by editions."""


class Returning(NamedTuple):
    """A case that an edition would return to what it was."""

    case: CaseKey
    where: str
    since_ms: int
    """The edition that had this content before."""


class Missing(NamedTuple):
    """A case of the previous edition that is not in this one."""

    case: CaseKey
    month: str
    taken: bool
    """Whether the exchange has accepted a message of the case."""
    withdrawn: bool
    """Whether this edition withdrew it already."""
    numbered: bool = False
    """Whether the sender has given it a revision or the time of a report: an edition does not order its versions."""


class EditionResult(NamedTuple):
    """What became of the rows of an edition. A row that is not named here was accepted."""

    refused: Collection[CaseKey] = ()
    stale: Collection[CaseKey] = ()
    """They changed nothing: the exchange has something newer."""
    present: Collection[CaseKey] = ()
    """Cases of the previous edition that a rejected line of this one is of."""
    withdrawn: Collection[CaseKey] = ()
    """Cases of the previous edition that this one no longer has."""


class Editions:
    """The ledger, together with the rows of one file while it is open."""

    def __init__(self, home: Path, deployment: str) -> None:
        """``deployment`` is the id of the Kafka cluster: other deployments know nothing of what was sent to this one."""
        self._path = home / "editions" / f"{deployment}.db"

    def __enter__(self) -> Self:
        """Raises Refused when the ledger cannot be read."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(self._path, timeout=_WAIT_S, isolation_level=None)
        try:
            self._db.executescript(_TABLES)
        except sqlite3.DatabaseError as exc:
            self._db.close()
            raise self._damaged(exc) from exc
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        """Raises Refused for a fault of the ledger."""
        self._db.close()
        if isinstance(exc, sqlite3.DatabaseError):
            raise self._damaged(exc) from exc

    def hold(self, rows: Iterable[Row]) -> None:
        """Store the rows of the file next to the ledger."""
        with self._db:
            self._db.execute("BEGIN")  # only the own table is written: other processes may use the ledger
            self._db.executemany(
                "INSERT OR IGNORE INTO item (agency, case_no, hash, month, line, numbered) VALUES (?, ?, ?, ?, ?, ?)", rows
            )

    def holds(self, case: CaseKey) -> bool:
        """Whether the file has this case."""
        return self._number("SELECT 1 FROM item WHERE agency = ? AND case_no = ?", *case) is not None

    def months(self) -> set[str]:
        """Those that the rows of the file are of."""
        return {month for (month,) in self._db.execute("SELECT DISTINCT month FROM item WHERE month <> ''")}

    def time_of(self, digests: Digests) -> int | None:
        """When these bytes were first sent, in whatever way they were read, in ms; None when they never were.

        A ledger of an earlier version has a sheet with a layout under the digest of its reading.
        """
        return self._number("SELECT min(at) FROM edition WHERE digest IN (?, ?)", *digests)

    def was_read_otherwise(self, digests: Digests) -> bool:
        """Whether these bytes were sent before, and never read in this way."""
        found = {digest for (digest,) in self._db.execute("SELECT digest FROM reading WHERE content = ?", (digests.content,))}
        if not found:  # of an earlier version
            found = {digest for (digest,) in self._db.execute("SELECT digest FROM edition WHERE digest IN (?, ?)", digests)}
        return bool(found) and self.time_of(digests) is not None and digests.reading not in found

    def newest(self, series: str = "") -> int | None:
        """The time of the newest edition whose receipts have all arrived, of this series or of all."""
        return self._number("SELECT max(at) FROM edition WHERE settled AND ? IN ('', series)", series)

    def previous(self, series: str, at: int) -> int | None:
        """The time of the last edition before ``at`` whose receipts have all arrived."""
        return self._number("SELECT max(at) FROM edition WHERE series = ? AND settled AND at < ?", series, at)

    def unfinished(self, series: str, at: int) -> bool:
        """Whether an edition after the previous one, and before ``at``, was not sent to its end."""
        return bool(
            self._number("SELECT 1 FROM edition WHERE series = ? AND at < ? AND at > ?", series, at, self.previous(series, at) or 0)
        )

    def cases_of(self, series: str, at: int, months: Collection[str] | None) -> int:
        """How many cases the edition at ``at`` had; of these months when they are given."""
        query = "SELECT month, count(*) FROM member WHERE series = ? AND first <= ? AND last >= ? GROUP BY month"
        found = self._db.execute(query, (series, at, at))
        return sum(count for month, count in found if months is None or month in months)

    def returning(self, at: int) -> list[Returning]:
        """The cases of the file that an edition at ``at`` would return to an older content."""
        found = self._db.execute(_RETURNING, (at,))
        return [Returning(CaseKey(agency, case_no), where, since) for agency, case_no, where, since, _ in found]

    def missing(self, series: str, previous: int) -> list[Missing]:
        """The cases that the edition at ``previous`` had, and neither the file nor a later edition has."""
        found = self._db.execute(_MISSING, (series, previous))
        return [
            Missing(CaseKey(agency, case_no), month, state > 0, state == _GONE, bool(own)) for agency, case_no, month, state, own in found
        ]

    def begin(self, series: str, digests: Digests, at: int) -> None:
        """Record the time of these bytes, and how they are read."""
        with self._writing():
            self._db.execute("INSERT OR IGNORE INTO edition (series, digest, at) VALUES (?, ?, ?)", (series, digests.content, at))
            self._db.execute("INSERT OR IGNORE INTO reading VALUES (?, ?)", digests)

    def settle(self, series: str, digest: str, at: int, became: EditionResult) -> None:
        """Every receipt of the edition is in."""
        with self._writing():
            mark = "UPDATE item SET outcome = ? WHERE agency = ? AND case_no = ?"
            self._db.executemany(mark, [(1, *case) for case in became.stale] + [(0, *case) for case in became.refused])
            if not became.withdrawn and not self._number("SELECT 1 FROM item WHERE outcome > 0 LIMIT 1"):
                self._db.execute("DELETE FROM edition WHERE series = ? AND digest = ? AND NOT settled", (series, digest))
                return  # no row of it was accepted: its time is not fixed
            self._db.execute(_JOIN, {"series": series, "at": at})
            self._db.execute(_LEARN, (at,))
            self._db.execute("INSERT OR IGNORE INTO numbered SELECT agency, case_no FROM item WHERE numbered")
            stay = "UPDATE member SET last = max(last, ?) WHERE series = ? AND agency = ? AND case_no = ?"
            self._db.executemany(stay, [(at, series, *case) for case in became.present])
            gone = "INSERT INTO content VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET since = max(since, excluded.since)"
            self._db.executemany(gone, [(*case, _WITHDRAWN, at) for case in became.withdrawn])
            leave = "UPDATE member SET state = ? WHERE series = ? AND agency = ? AND case_no = ?"
            self._db.executemany(leave, [(_GONE, series, *case) for case in became.withdrawn])
            self._db.execute("UPDATE edition SET settled = 1 WHERE series = ? AND digest = ?", (series, digest))

    def _number(self, query: str, *values: object) -> int | None:
        found = self._db.execute(query, values).fetchone()
        return None if found is None else found[0]

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """All of it, or nothing."""
        self._db.execute("BEGIN IMMEDIATE")
        with self._db:
            yield

    def _damaged(self, exc: sqlite3.DatabaseError) -> Refused:
        why = f"the ledger of editions, {self._path}, cannot be used: {exc}"
        return Refused(f"{why}. If it is damaged, bring it back from a backup; without it give each older file its --edition.")

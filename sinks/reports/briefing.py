"""Puts a briefing together: what every file of it shows, in one language. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from mekong.schemas.tables.shape import Computed
from mekong.sinks.reports.kinds import KindOf
from mekong.sinks.reports.question import Account, Scope
from mekong.sinks.reports.shape import Answers, Kind, ReportTable, Row, Rows, Show
from mekong.sinks.reports.summary import Facts, Sentence
from mekong.sinks.reports.words import Words


@dataclass(frozen=True)
class ShownTable:
    """A table as it is shown."""

    table: ReportTable
    rows: Rows
    words: Words
    marked: frozenset[str] = frozenset()
    """Agencies that get a mark: their figures are not confirmed."""

    @property
    def name(self) -> str:
        """Its name, which is also the name of its CSV file."""
        return self.table.name

    @property
    def title(self) -> str:
        """Its number, where it has one, and its title."""
        title = self.words.texts[f"title_{self.name}"]
        return f"{self.words.say('table', number=self.table.number)}. {title}" if self.table.number else title

    @property
    def question(self) -> str:
        """The question that it answers."""
        return self.words.texts[f"question_{self.name}"]

    @property
    def rule(self) -> str:
        """How it counts."""
        return self.words.texts[f"rule_{self.name}"]

    @property
    def headings(self) -> list[str]:
        """Its columns, with their units."""
        return [self.words.texts[f"column_{column.name}"] for column in self.table.columns]

    @property
    def first_rows(self) -> Rows:
        """The rows on the page."""
        return self.rows[: self.table.most] if self.table.most > 0 else self.rows

    @property
    def is_on_the_page(self) -> bool:
        """Whether the page has it as a table; others are there as a chart only."""
        return self.table.most >= 0 and bool(self.rows)

    @property
    def more(self) -> str:
        """That not all rows are on the page; empty when they are."""
        hidden = len(self.rows) - len(self.first_rows)
        return self.words.say("more", shown=len(self.first_rows), rows=len(self.rows), file=f"{self.name}.csv") if hidden else ""

    def cells(self, row: Row) -> list[str]:
        """A row as people read it."""
        return [self._cell(column, row) for column in self.table.columns]

    def _cell(self, column: Show, row: Row) -> str:
        shown = self.words.cell(column, row)
        return f"{shown} (?)" if column.kind is Kind.AGENCY and row[column.name] in self.marked else shown


class Named(NamedTuple):
    """What a briefing is about, in words."""

    phase: str
    """Name of the phase; of several phases the first and the last."""
    before: str = ""
    """Name of the phase before; empty when nothing is compared."""
    member: str = ""
    """The agency that a briefing is for; empty: for all."""
    pair: tuple[str, str] = ("", "")
    """The names of two countries."""
    confirmed: frozenset[str] = frozenset()
    """Members that have confirmed the figures of this edition."""


@dataclass(frozen=True)
class Briefing:
    """One edition of a briefing."""

    kind: KindOf
    scope: Scope
    account: Account
    named: Named
    words: Words
    tables: Mapping[str, ShownTable]
    sentences: Sequence[Sentence]
    members: Mapping[str, int]
    """Members of the phase and their cases."""

    @property
    def unconfirmed(self) -> list[str]:
        """Members whose figures are not confirmed; of a member's own briefing this member only."""
        concerned = {self.named.member} if self.named.member else self.members.keys()
        return sorted(concerned - self.named.confirmed)

    @property
    def is_provisional(self) -> bool:
        """Whether a member has not confirmed its figures."""
        return bool(self.unconfirmed)

    @property
    def title(self) -> str:
        """The title of the page."""
        countries = {"one": self.named.pair[0], "other": self.named.pair[1]}
        return self.words.say(f"title_of_{self.kind.name}", phase=self.named.phase, agency=self.named.member, **countries)

    @property
    def edition(self) -> str:
        """The edition, by its cut-off."""
        return self.words.say("edition", at=f"{self.scope.known_at:%Y-%m-%d}")

    @property
    def cut_off(self) -> str:
        """What the edition knows."""
        return self.words.say("cut_off", at=self.scope.known_at)

    @property
    def line(self) -> str:
        """What each printed page has: marking, simulated, provisional, edition."""
        texts, scope = self.words.texts, self.scope
        marks = [texts[name] for name, holds in (("simulated", scope.simulated), ("provisional", self.is_provisional)) if holds]
        return " · ".join([self.account.level, *marks, self.title, self.edition, f"{scope.known_at:%Y-%m-%d %H:%M} UTC"])

    @property
    def notes(self) -> list[str]:
        """What a reader must know before the figures."""
        words, members = self.words, len(self.members)
        found = [words.texts["note_simulated"]] if self.scope.simulated else []
        if self.named.member and self.is_provisional:
            found.append(words.say("note_member", agency=self.named.member))
        elif self.is_provisional:
            found.append(words.say("note_provisional", confirmed=members - len(self.unconfirmed), members=members))
            found += [words.texts["note_marks"]] if "members" in self.tables else []
        if self.account.above:
            found.append(words.say("note_above", cases=self.account.above, level=self.scope.up_to))
        return [*found, words.texts["note_first"]] if self.scope.since is None and "changes" in self.tables else found

    @property
    def shown(self) -> list[ShownTable]:
        """The tables on the page."""
        return [table for table in self.tables.values() if table.is_on_the_page]

    def source(self, sentence: Sentence) -> str:
        """How a sentence names its table."""
        return self.tables[sentence.table].title.partition(".")[0]


def write(kind: KindOf, scope: Scope, account: Account, answers: Answers, words: Words, named: Named) -> Briefing:
    """Write a briefing from the rows of the tables that read a view."""
    made = {table.name: table.made(answers) if table.made else answers.now[table.name] for table in kind.tables}
    if named.member:
        made = {name: [row for row in rows if row["agency"] == named.member] for name, rows in made.items()}
    marks = {"members": frozenset(row["agency"] for row in made.get("members", ())) - named.confirmed}
    tables = {table.name: ShownTable(table, made[table.name], words, marks.get(table.name, frozenset())) for table in kind.tables}
    facts = Facts(replace(answers, now={**answers.now, **made}), words, named.before)
    members = {row["agency"]: row["cases"] for row in answers.now.get("members", ())}
    return Briefing(kind, scope, account, named, words, tables, list(kind.summary(facts)), members)


def comment(table: ReportTable, column: str) -> str:
    """What a column is, as the view declares it; empty for a table that is made of others."""
    columns = table.view.columns if table.view else ()
    return next((one.comment for one in columns if isinstance(one, Computed) and one.name == column), "")

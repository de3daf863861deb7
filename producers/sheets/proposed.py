"""Writes a guess as a layout in TOML: what is sure as it is, what is not as a question (a comment with ``?``). Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from mekong.producers.sheets import evidence
from mekong.producers.sheets.cells import letters, words
from mekong.producers.sheets.fields import FIELDS
from mekong.producers.sheets.guess import Guess, Proposal
from mekong.producers.sheets.personal import personal_text
from mekong.producers.sheets.spellings import code_of
from mekong.producers.sheets.weights import without_unit

_MOST_WORDS = 20
_KNOWN_GOODS = 0.95
_REQUIRED = ("case_no", "seized_at", "substance_or_taxon", "quantity")
_HEAD = """# A layout proposed by `mekong layout guess`. Read it once. A line with ? is a question: answer it, and remove its mark.
# Then look at the first messages with `mekong layout test THIS.toml FILE`. All about layouts: docs/sheets.md."""


def layout_text(guess: Guess) -> str:
    """The layout, which can be used as it is when it has no questions."""
    parts = [_HEAD, f'title = "A sheet with the headings in row {guess.row}."', *_parts(guess)]
    return "\n\n".join(part for part in parts if part) + "\n"


def questions(guess: Guess) -> int:
    """How many questions the layout has."""
    return sum("# ? " in line for line in layout_text(guess).splitlines())


def _parts(guess: Guess) -> Iterator[str]:
    sure = {proposal.field: proposal for proposal in guess.proposals if proposal.sure and proposal.field}
    yield _case(sure)
    yield _dates(guess, sure)
    yield _numbers(guess)
    yield _constants(guess, sure)
    for proposal in guess.proposals:
        if proposal.field:
            yield _column(proposal, guess)
    yield "\n".join(_left(guess.proposals))


def _case(sure: dict[str, Proposal]) -> str:
    if "case_no" in sure:
        return ""
    why = "no column is surely the case number. Is there one? Else: which fields recognise a case, or all of its content?"
    return f'[case]\nidentity = "content"  # ? {why}'


def _dates(guess: Guess, sure: dict[str, Proposal]) -> str:
    if "seized_at" not in sure:
        return '# ? which column is the date of the seizure (field = "seized_at")'
    values = guess.values[sure["seized_at"].at]
    lines = []
    order = evidence.order_of(values)
    if order is None:
        lines.append('# ? order = "dmy"  # or "mdy": every date of the sheet can be read day first and month first')
    elif order:
        lines.append(f'order = "{order}"')
    if evidence.is_buddhist(values):
        lines.append('# ? calendar = "buddhist"  # are the years those of the Buddhist calendar, 543 ahead?')
    return "\n".join(["[dates]", *lines]) if lines else ""


def _numbers(guess: Guess) -> str:
    values = [value for one in guess.proposals if one.field in ("quantity", "value_amount") for value in guess.values[one.at]]
    decimal = evidence.decimal_of(values)
    if decimal is None:
        return '[numbers]\n# ? decimal = "."  # or ",": numbers such as 1.234 can be read in two ways'
    return f'[numbers]\ndecimal = "{decimal}"' if decimal else ""


def _constants(guess: Guess, sure: dict[str, Proposal]) -> str:
    lines = []
    goods = guess.values[sure["substance_or_taxon"].at] if "substance_or_taxon" in sure else ()
    known = sum(bool(code_of("substances", words(value)) or code_of("taxa", words(value))) for value in goods)
    if "commodity_group" not in sure and known < _KNOWN_GOODS * len(goods):
        lines.append('# ? commodity_group = "drug"  # or precursor, fauna, flora, timber: some goods are not on the code lists')
    if lacking := ", ".join(letters(one.at) for one in without_unit(guess.proposals, guess.values)):
        lines.append(f'# ? unit = "kg"  # or g, or another unit: neither a heading nor a column says the unit of column {lacking}')
    return "\n".join(["[constants]", *lines]) if lines else ""


def _column(proposal: Proposal, guess: Guess) -> str:
    lines = ["[[columns]]", f'field = "{proposal.field}"', f"headings = [{_quoted(proposal.heading)}]"]
    lines += ["required = true"] if proposal.field in _REQUIRED else []
    lines += [f'unit = "{proposal.unit}"'] if proposal.unit else []
    where = f"column {letters(proposal.at)}, {proposal.confidence:.0f} %"
    if proposal.sure:
        return "\n".join([f"# {where}", *lines, *_unknown(proposal, guess)])
    other = f", or {proposal.other}" if proposal.other else ""
    why = f" {proposal.why[0].upper()}{proposal.why[1:]}" if proposal.why else ""
    return "\n".join([f"# ? {where}: is it {proposal.field}{other}, or is it not sent?{why}", *(f"# {line}" for line in lines)])


def _unknown(proposal: Proposal, guess: Guess) -> Iterator[str]:
    """A question for the words of a column that are not on its code list."""
    field = FIELDS[proposal.field]
    if field.kind not in ("code", "codes"):
        return
    texts = dict.fromkeys(words(value) for value in guess.values[proposal.at])
    strange = [text for text in texts if code_of(field.codes, text) is None and personal_text(text) is None]
    if strange:
        yield f"# ? what the words mean, as codes of the list {field.codes}; without it, their rows are refused:"
        yield "[columns.values]"
        yield from (f'# {_quoted(text)} = ""' for text in strange[:_MOST_WORDS])


def _left(proposals: Sequence[Proposal]) -> Iterator[str]:
    for one in proposals:
        if not one.field:
            why = "it looks like personal data" if one.is_personal else "it is none of the fields"
            mark = "#" if one.sure else "# ?"
            yield f"{mark} column {letters(one.at)}, {_quoted(one.heading)}: not sent, {why}"


def _quoted(text: str) -> str:
    """As TOML writes it."""
    return json.dumps(text, ensure_ascii=False)

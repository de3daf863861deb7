"""Messages through the pure intake, and an export of what is in the journal then, without servers."""

from __future__ import annotations

import json
from pathlib import Path

from mekong.deploy.exports.comeback import Rereader
from mekong.producers.formats.sheet import sheet_format
from mekong.producers.parsed import Parsed
from mekong.schemas import wire
from mekong.schemas.control import CONTROL_HEADER, AgencyProfile, sign
from mekong.sinks.exports import BY_NAME, workbook
from mekong.sinks.exports.shape import Case
from mekong.streams.core.draft import Draft
from mekong.streams.core.intake.control import Deployment
from mekong.streams.core.intake.fold import Intake
from tests.fakes import Record
from tests.unit.test_shipped_layouts import EXAMPLES

SECRET, AGENCY, TOPIC, NOW_MS = b"secret", "VN-CUSTOMS", "in.VN-CUSTOMS.v1", 1_795_000_000_000
PROFILE = AgencyProfile(
    agency=AGENCY,
    name="Viet Nam Customs",
    kind="customs",
    country="VN",
    region="Asia",
    utc_offset="+07:00",
    members=(AGENCY, "CN-CUSTOMS", "LA-CUSTOMS"),
)
GOOD = sorted((Path(__file__).parents[1] / "examples" / "in" / "good").glob("seizure-*.json"))


class Exchange:
    """One agency and its intake."""

    def __init__(self):
        self._intake, self._draft, self._offset = Intake(Deployment(SECRET, clock_is_on=True)), Draft({}, {}), 0
        profile = wire.encode(PROFILE)
        self._fold(profile, ((CONTROL_HEADER, sign(SECRET, TOPIC, profile)),))
        self.cases = {}

    def send(self, value, headers=()):
        """The receipt of a message."""
        (found,) = self._fold(value, headers)
        if found.entry:
            entry = json.loads(wire.dump(found.entry))
            self.cases[entry["case_no"]] = Case(
                AGENCY, entry["case_no"], entry["version"], entry["status"], entry["content"], entry["enriched"]
            )
        return found.receipt

    def entry(self, value):
        """The journal's record of a message."""
        (found,) = self._fold(value, ())
        return wire.dump(found.entry)

    def _fold(self, value, headers):
        self._offset += 1
        return list(self._intake.fold(self._draft, TOPIC, AGENCY, [Record(self._offset, value, timestamp=NOW_MS, headers=headers)]))


def exported(name, cases, path):
    """The workbook of these cases in a format; the comebacks of those that are in it."""
    export = BY_NAME[name]
    rereader = Rereader(export)
    wanted = [(case, lines) for case in cases if (lines := [line for line in case.lines if export.wants(line)])]
    found = [rereader.complete(case, list(export.rows(case, lines))) for case, lines in wanted]
    workbook.write(path, name, export.all_headings, (row for one in found for row in one.rows), export.dates)
    return found


def read_back(path, agency=AGENCY):
    """The items of a workbook, and the notes."""
    format_ = sheet_format(None, agency)
    return list(format_.parse([path.read_bytes()])), format_.notes()


def values(path):
    items, _ = read_back(path)
    assert all(isinstance(item, Parsed) for item in items), items
    return [item.value for item in items]


def all_messages():
    """Every good seizure of the examples, and every case of the example sheets, as one agency's."""
    found = []
    for path in GOOD:
        message = json.loads(path.read_bytes())
        if message["message_type"] == "seizure":
            message.pop("related_to", None)  # the id of another exchange
            found.append(json.dumps({**message, "agency": AGENCY, "case_no": path.stem}).encode())
    for path in sorted(EXAMPLES.iterdir()):
        found += [item.value for item in sheet_format(None, AGENCY).parse([path.read_bytes()])]
    return found

"""A simulated phase through the real intake and sink: the briefing's figures are added up again from the messages, without SQL."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from statistics import median

import openpyxl
import pytest
from docx import Document

from mekong.deploy.registry import list_agencies
from mekong.schemas.codes import code_list, rows
from mekong.schemas.errors import Refused
from tests.integration.commands import run, stored

__all__ = ["run", "stored"]
PHASES = {"OMD-IV": (3, 120), "OMD-V": (7, 160)}
HOSTILE = "<script>alert('x')</script>=1+1"


def sent(deployment, run, tmp_path, phase):
    """The messages of a simulated phase, sent; as they were written."""
    seed, cases = PHASES[phase]
    file = tmp_path / f"{phase}.jsonl"
    run("simulate", "--phase", phase.removeprefix("OMD-"), "--seed", seed, "--cases", cases, "--out", file)
    messages = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    registered = {profile.agency for profile in list_agencies(deployment.settings)}
    deployment.register(*sorted({one["agency"] for one in messages} - registered))
    done = run("send", file, "--format", "json", "--yes", "--json", "--wait", "120")
    assert json.loads(done.stdout)["rejected"] == 0
    return messages


def current(messages):
    """The cases as their senders last meant them: the newest message of each by reported_at; without those that were withdrawn."""
    newest = {}
    for message in messages:
        key = (message["agency"], message["case_no"])
        if message["message_type"] in {"seizure", "correction", "withdrawal"} and (
            key not in newest or newest[key]["reported_at"] <= message["reported_at"]
        ):
            newest[key] = message
    return [one for one in newest.values() if one["message_type"] != "withdrawal"]


def of_phase(messages, phase):
    """The cases of a phase by the published membership and dates."""
    entry, members = code_list("phases")[phase], {one.fields["agency"] for one in rows("memberships") if one.fields["phase"] == phase}
    first, last = entry.fields["starts_on"], entry.fields["ends_on"]
    return [one for one in current(messages) if one["agency"] in members and all(first <= day <= last for day in days(one["seized_at"]))]


def days(text):
    """The first and the last day that a time of seizure may mean."""
    if len(text) == len("2023-05"):
        return f"{text}-01", f"{text}-28"
    return text[:10], text[:10]


def milligrams(line):
    unit = code_list("units").get(line.get("unit") or "")
    if unit is None or unit.fields["base_unit"] != "kg" or line.get("quantity") is None:
        return 0
    return round(Decimal(line["quantity"]) * Decimal(unit.fields["factor"]) * 1_000_000)


def kg(lines):
    return Decimal(sum(map(milligrams, lines))) / 1_000_000


def steps(case, role):
    return {step["country"] for step in case.get("route", ()) if step["role"] == role} or {""}


def table(made, name):
    return made["tables"][name]["rows"]


@pytest.mark.timeout(900)  # two phases through the real servers, and six briefings
def test_the_figures_of_a_briefing_are_those_of_the_messages(deployment, run, stored, tmp_path):
    before, messages = sent(deployment, run, tmp_path, "OMD-IV"), sent(deployment, run, tmp_path, "OMD-V")
    stored()
    cases, cut = of_phase(messages, "OMD-V"), datetime.now(UTC).isoformat()
    asked = ("report", "--operation", "OMD", "--phase", "V", "--simulated", "--as-known-on", cut)
    done = run(*asked, "--out", tmp_path / "one")
    assert done.exit_code == 0, done.output
    made = json.loads((tmp_path / "one" / "report.json").read_text(encoding="utf-8"))
    assert "surely has" not in done.output, "this deployment has no clock, so nobody knows"
    it_counts_cases_lines_and_mass(made, cases, of_phase(before, "OMD-IV"))
    it_counts_members_and_patterns(made, cases)
    it_counts_warnings_and_feedback(made, messages, cases)
    every_file_has_the_same_figures(tmp_path / "one", made)
    the_same_cut_off_gives_the_same_bytes_and_later_messages_change_nothing(deployment, run, stored, tmp_path, asked, messages)
    what_changed_is_in_the_next_edition(run, tmp_path, cut, made, cases)
    the_other_kinds_have_the_figures_of_the_messages(run, tmp_path, cut, messages, cases, of_phase(before, "OMD-IV"))
    a_real_case_is_not_in_it(deployment, run, stored, tmp_path)


def the_other_kinds_have_the_figures_of_the_messages(run, tmp_path, cut, messages, cases, before):
    def made(*options):
        folder = tmp_path / "-".join(map(str, options[:2])).strip("-")
        done = run("report", "--operation", "OMD", *options, "--simulated", "--as-known-on", cut, "--out", folder)
        assert done.exit_code == 0, done.output
        return json.loads((folder / "report.json").read_text(encoding="utf-8"))

    joint = table(made("--phases", "IV-V"), "phases")
    assert [row["cases"] for row in joint] == [len(before), len(cases)]
    assert joint[1]["more"] == joint[1]["more_same"] + joint[1]["more_joined"] == len(cases) - len(before)
    flows = table(made("--between", "VN,CN", "--phase", "V"), "flows")
    for row in flows:
        ends = row["origin"], row["destination"]
        assert row["cases"] == sum(ends[0] in steps(case, "origin") and ends[1] in steps(case, "destination") for case in cases)
    file, confirmed = tmp_path / "confirmed.csv", Counter(case["agency"] for case in cases)
    file.write_text(f"agency,cases\nVN-CUSTOMS,{confirmed['VN-CUSTOMS']}\nCN-CUSTOMS,{confirmed['CN-CUSTOMS'] + 1}\n", encoding="utf-8")
    plan = made("--plan-next", "--phase", "V", "--confirmed", file)
    assert {row["agency"]: row["cases"] for row in table(plan, "plan") if row["cases"]} == confirmed
    assert "VN-CUSTOMS" not in plan["unconfirmed"], "it confirmed the figure"
    assert "CN-CUSTOMS" in plan["unconfirmed"], "it confirmed another figure"
    own = made("--member", "VN-CUSTOMS", "--phase", "V")
    assert [row["cases"] for row in table(own, "members")] == [confirmed["VN-CUSTOMS"]]
    with pytest.raises(Refused, match="is not a member"):
        made("--member", "XX-CUSTOMS", "--phase", "V")


def it_counts_cases_lines_and_mass(made, cases, before):
    lines = [line for case in cases for line in case["lines"]]
    groups = {row["commodity_group"]: row for row in table(made, "groups")}
    assert groups[""]["cases"] == len(cases) > 100
    assert groups[""]["lines"] == len(lines)
    assert groups[""]["agencies"] == len({case["agency"] for case in cases})
    assert Decimal(groups[""]["mass_kg"]) == kg(lines)
    for group in {line["commodity_group"] for line in lines}:
        within = [line for line in lines if line["commodity_group"] == group]
        assert groups[group]["cases"] == sum(any(line["commodity_group"] == group for line in case["lines"]) for case in cases)
        assert (groups[group]["lines"], Decimal(groups[group]["mass_kg"])) == (len(within), kg(within))
    assert len(groups) == 1 + len({line["commodity_group"] for line in lines})
    (all_groups,) = [row for row in table(made, "change") if row["commodity_group"] == ""]
    assert (all_groups["cases_before"], all_groups["cases"]) == (len(before), len(cases))
    same = {one.fields["agency"] for one in rows("memberships") if one.fields["phase"] == "OMD-IV"}
    assert all_groups["same_now"] == sum(case["agency"] in same for case in cases)
    quantities = defaultdict(Decimal)
    for line in lines:
        unit = code_list("units").get(line.get("unit") or "")
        if line.get("quantity") is not None:
            in_kg = unit is not None and unit.fields["base_unit"] == "kg"
            factor = Decimal(unit.fields["factor"]) if in_kg else 1
            quantities[line["commodity_group"], "kg" if in_kg else line.get("unit", "")] += Decimal(line["quantity"]) * factor
    found = {(row["commodity_group"], row["unit"]): row["quantity"] for row in table(made, "quantities") if row["quantity"] is not None}
    assert {key: Decimal(value) for key, value in found.items()} == quantities


def it_counts_members_and_patterns(made, cases):
    by_member = Counter(case["agency"] for case in cases)
    assert {row["agency"]: row["cases"] for row in table(made, "members") if row["cases"]} == by_member
    members = {one.fields["agency"] for one in rows("memberships") if one.fields["phase"] == "OMD-V"}
    assert {row["agency"] for row in table(made, "members")} <= members
    routes = Counter((o, d) for case in cases for o in steps(case, "origin") for d in steps(case, "destination"))
    assert {(row["origin"], row["destination"]): row["cases"] for row in table(made, "routes")} == routes
    hidden = Counter(
        (case.get("transport_mode", ""), method) for case in cases for method in set(case.get("concealment_methods", ())) or {""}
    )
    assert {(row["transport_mode"], row["concealment"]): row["cases"] for row in table(made, "concealment")} == hidden
    found = Counter(method for case in cases for method in set(case.get("detection_methods", ())) or {""})
    assert {row["detection"]: row["cases"] for row in table(made, "detection")} == found
    largest = defaultdict(list)
    for case in cases:
        for group in {line["commodity_group"] for line in case["lines"]}:
            mass = kg([line for line in case["lines"] if line["commodity_group"] == group])
            largest[group] += [mass] if mass else []
    for group, masses in largest.items():
        assert [Decimal(row["mass_kg"]) for row in table(made, "largest") if row["commodity_group"] == group] == sorted(masses)[::-1][:10]


def it_counts_warnings_and_feedback(made, messages, cases):
    dated = [case["seized_at"][:10] for case in cases]
    warnings = [one for one in messages if one["message_type"] == "warning" and min(dated) <= one["reported_at"][:10] <= max(dated)]
    assert sum(row["warnings_sent"] for row in table(made, "members")) == len({(one["agency"], one["case_no"]) for one in warnings}) > 0
    received = Counter(member for one in {(w["agency"], w["case_no"]): w for w in warnings}.values() for member in set(one["to"]))
    for row in table(made, "response"):
        assert row["warnings_received"] == received[row["agency"]], "also of a member that has no case"
    first = {}
    for one in messages:
        if one["message_type"] == "seizure":
            first.setdefault((one["agency"], one["case_no"]), one["reported_at"])
    for row in table(made, "members"):
        own = [case for case in cases if case["agency"] == row["agency"] and len(case["seized_at"]) >= 10]
        if own and all(len(case["seized_at"]) == 10 for case in own):  # a time with an offset falls on its local day
            waits = [
                (date.fromisoformat(first[case["agency"], case["case_no"]][:10]) - date.fromisoformat(case["seized_at"])).days
                for case in own
            ]
            assert row["median_delay_days"] == median(waits)


def every_file_has_the_same_figures(folder, made):
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "SIMULATED" in page
    assert "http" not in page.replace("http-equiv", "")
    total = table(made, "groups")[0]["cases"]
    assert f"reported {total} cases" in page
    assert all(table(made, one["table"]) and re.search(r"\d", one["sentence"]) for one in made["summary"]), "each sentence has its figure"
    book = openpyxl.load_workbook(folder / "report.xlsx")
    assert book["1 groups"].cell(6, 2).value == total
    assert "f" not in {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    words = Document(folder / "report.docx")
    assert str(total) in [cell.text for table in words.tables[:1] for row in table.rows for cell in row.cells]
    raw = (folder / "groups.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows_of = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))
    assert [row["cases"] for row in rows_of] == [str(row["cases"]) for row in table(made, "groups")]
    assert {path.stem for path in folder.glob("*.csv")} == {name for name, one in made["tables"].items() if one["rows"]}


def the_same_cut_off_gives_the_same_bytes_and_later_messages_change_nothing(deployment, run, stored, tmp_path, asked, messages):
    first = next(one for one in messages if one["message_type"] == "seizure" and "T" in one["seized_at"])
    later = {**first, "case_no": HOSTILE, "reported_at": "2023-09-14T00:00:00Z", "method_note": None}
    later["lines"] = [{"commodity_group": "drug", "substance_or_taxon": HOSTILE, "quantity": 9_999, "unit": "kg"}]
    withdrawn = next(one for one in messages if one["message_type"] == "seizure" and one["agency"] == first["agency"] and one is not first)
    end = {"message_type": "withdrawal", **{name: withdrawn[name] for name in ("agency", "case_no")}, "simulated": True}
    before = len(deployment.receipts(first["agency"]))
    deployment.send(first["agency"], [later, {**end, "reported_at": "2023-12-01T00:00:00Z"}])
    deployment.receipts(first["agency"], before + 2)
    stored()
    assert run(*asked, "--out", tmp_path / "two").exit_code == 0
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name
    with zipfile.ZipFile(tmp_path / "two" / "report.docx") as document:
        assert {one.date_time[0] for one in document.infolist()} == {1980}


def what_changed_is_in_the_next_edition(run, tmp_path, cut, made, cases):
    done = run("report", "--operation", "OMD", "--phase", "V", "--simulated", "--since", cut, "--lang", "vi", "--out", tmp_path / "next")
    assert done.exit_code == 0, done.output
    later = json.loads((tmp_path / "next" / "report.json").read_text(encoding="utf-8"))
    rows_of = table(later, "changes")
    assert sum(row["cases_before"] for row in rows_of) == len(cases)
    assert sum(row["added"] for row in rows_of) == 1
    assert sum(row["removed"] for row in rows_of) in {0, 1}, "the withdrawn case may have been withdrawn, or outside of the phase, before"
    assert sum(row["cases_now"] for row in rows_of) == table(later, "groups")[0]["cases"]
    page = (tmp_path / "next" / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert HOSTILE in [row["case_no"] for row in table(later, "largest")]
    assert "\"'=1" not in (tmp_path / "next" / "largest.csv").read_text(encoding="utf-8-sig")


def a_real_case_is_not_in_it(deployment, run, stored, tmp_path):
    line = {"commodity_group": "drug", "substance_or_taxon": "Heroin", "quantity": "1", "unit": "kg"}
    real = {"message_type": "seizure", "agency": "VN-CUSTOMS", "case_no": "real", "seized_at": "2023-05-03", "lines": [line]}
    with pytest.raises(Refused, match=r"0 real cases for the phase OMD-V.* simulated cases: add --simulated"):
        run("report", "--operation", "OMD", "--phase", "V", "--out", tmp_path / "real")
    before = len(deployment.receipts("VN-CUSTOMS"))
    deployment.send("VN-CUSTOMS", [real, {**real, "case_no": "red", "handling": {"tlp": "TLP:RED"}}])
    deployment.receipts("VN-CUSTOMS", before + 2)
    stored()
    done = run("report", "--operation", "OMD", "--phase", "V", "--out", tmp_path / "real")
    assert done.exit_code == 0, done.output
    made = json.loads((tmp_path / "real" / "report.json").read_text(encoding="utf-8"))
    assert (table(made, "groups")[0]["cases"], made["handling"]["cases_left_out"], made["simulated"]) == (1, 1, False)
    assert "red" not in {row["case_no"] for row in table(made, "largest")}
    assert "SIMULATED" not in (tmp_path / "real" / "report.html").read_text(encoding="utf-8")
    done = run("report", "--operation", "OMD", "--phase", "V", "--up-to", "TLP:RED", "--out", tmp_path / "red")
    assert json.loads((tmp_path / "red" / "report.json").read_text(encoding="utf-8"))["handling"]["highest"] == "TLP:RED"

"""``mekong agency kit``: what a new member gets works as it is, and has no secret of the operator in it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import zipfile
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner, Result
from pydantic import SecretStr

from mekong.deploy import activations, registry
from mekong.deploy.activations import MadeLink, add_link
from mekong.deploy.cli import mekong
from mekong.deploy.kit import Door, files, https, kit, sheets
from mekong.deploy.profiles import profile_of
from mekong.producers.page.form import Form
from mekong.producers.sheets.layout import read_layout, shipped
from mekong.producers.sheets.marker import Marker, marker_of
from mekong.producers.sheets.template import template
from mekong.schemas.activations import VALID_FOR, Code, Link
from mekong.schemas.errors import Refused
from mekong.schemas.languages import LANGUAGES, languages_of
from mekong.schemas.settings import Settings
from tests.unit.test_intake_fold import AGENCY, said_of
from tests.unit.test_template import parsed

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"
PRIVATE = "-----BEGIN PRIVATE KEY-----\nprivate-key-of-the-authority\n-----END PRIVATE KEY-----"
DOOR = Door(
    agency=AGENCY,
    addresses=("kafka1.example:9093", "[2001:db8::1]:9094"),
    protocol="SASL_SSL",
    mechanism="SCRAM-SHA-512",
    authority=f"a note\n{PRIVATE}\n{CERTIFICATE}\n",
    url="https://exchange.example/",
)


def test_the_same_input_gives_the_same_bytes():
    assert kit(DOOR) == kit(DOOR)
    with zipfile.ZipFile(io.BytesIO(kit(DOOR))) as archive:
        assert archive.testzip() is None
        assert {one.date_time for one in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.namelist() == [f"{AGENCY}/{name}" for name in (*sorted(files(DOOR)), *sorted(sheets(DOOR)))]


def test_the_sheets_are_in_the_languages_of_the_agency_and_the_filled_one_can_be_sent():
    assert languages_of("VN-CUSTOMS") == ("vi", "en")
    assert languages_of("LA-CUSTOMS") == ("en",)
    found = sheets(DOOR._replace(languages=("vi", "en")))
    books = {name: marker_of(data) for name, data in found.items() if name.endswith(".xlsx")}
    assert books == {
        "sheets/seizures-vi.xlsx": Marker("simple", "vi", AGENCY),
        "sheets/seizures-en.xlsx": Marker("simple", "en", AGENCY),
        "sheets/example-vi.xlsx": Marker("simple", "vi", AGENCY),
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_filled_example_gives_one_case_that_intake_accepts_and_the_empty_sheet_none(tmp_path, language):
    cases = []
    for filled in (False, True):
        items, _ = parsed(template(AGENCY, language, filled=filled))
        cases.append([one.value for one in items])
    assert (len(cases[0]), len(cases[1])) == (0, 1)
    assert [one.receipt["outcome"] for one in said_of((cases[1][0], ())) if one.receipt] == ["accepted"]


def test_the_layouts_of_the_kit_are_those_that_ship():
    found = sheets(DOOR)
    assert {name for name in found if name.startswith("layouts/")} == {f"layouts/{name}.toml" for name in shipped()}
    for name in shipped():
        read_layout(found[f"layouts/{name}.toml"].decode(), name)


def test_no_secret_setting_is_in_it_and_no_private_key(tmp_path, monkeypatch):
    secrets = {f"MEKONG_{name.upper()}": f"hidden-{name}" for name, field in Settings.model_fields.items() if field.annotation is SecretStr}
    assert len(secrets) >= 8
    secrets["MEKONG_WEBHOOK_SECRET_VN_CUSTOMS"] = "hidden-webhook"
    ca = tmp_path / "ca.pem"
    ca.write_text(DOOR.authority)
    plain = {"MEKONG_KAFKA_BOOTSTRAP": "kafka1.example:9093", "MEKONG_KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "MEKONG_KAFKA_CAFILE": str(ca)}
    plain |= {"MEKONG_KAFKA_USERNAME": "operator-of-the-exchange", "MEKONG_HOME": str(tmp_path / "home-of-the-operator")}
    for name, value in (secrets | plain).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(registry, "list_agencies", lambda _: [profile_of(AGENCY)])
    out = tmp_path / "kit.zip"
    found = CliRunner().invoke(mekong, ["agency", "kit", AGENCY, "--out", str(out), "--url", "https://exchange.example"])
    assert found.exit_code == 0, found.output
    raw = out.read_bytes()  # nothing in it is compressed
    assert b"kafka1.example:9093" in raw
    assert CERTIFICATE.encode() in raw
    for hidden in (*secrets.values(), "PRIVATE", "private-key", "operator-of-the-exchange", str(tmp_path)):
        assert hidden.encode() not in raw, hidden


def test_an_agency_that_is_not_registered_gets_none(tmp_path, monkeypatch):
    monkeypatch.setenv("MEKONG_KAFKA_BOOTSTRAP", "kafka1.example:9093")
    monkeypatch.setattr(registry, "list_agencies", lambda _: [])
    found = CliRunner().invoke(mekong, ["agency", "kit", AGENCY, "--out", str(tmp_path / "kit.zip")])
    assert isinstance(found.exception, Refused)
    assert not (tmp_path / "kit.zip").exists()


def test_a_kit_with_a_link_says_what_to_do_with_it_and_one_without_has_no_word_of_it():
    link = f"https://exchange.example/send/activate#0123abcd-{'5' * 64}"
    found = files(DOOR._replace(link=link, until="2026-12-02 08:00 UTC"))
    assert [name for name, text in found.items() if link in text] == ["activate.txt"]
    assert "until 2026-12-02 08:00 UTC" in found["activate.txt"]
    assert "has no secret" not in found["README.txt"]
    assert "delete activate.txt" in found["README.txt"]
    assert "activate.txt" in found["send-with-curl.sh"]
    assert not [name for name, text in files(DOOR).items() if "activate" in text]


@pytest.fixture
def made(monkeypatch) -> list:
    """The links that were made, in a deployment with one agency."""
    found = []

    def add(_, agency, scopes, url):
        found.append((agency, scopes, url))
        code = Code("0123abcd-" + "5" * 64)
        until = datetime(2026, 12, 2, 8, tzinfo=UTC)
        link = Link(agency=agency, id=code.id, digest=code.digest, made_at=until - VALID_FOR, expires_at=until)
        return MadeLink(link, f"{url}/send/activate#{code.text}")

    monkeypatch.setenv("MEKONG_KAFKA_BOOTSTRAP", "kafka1.example:9093")
    monkeypatch.setattr(registry, "list_agencies", lambda _: [profile_of(AGENCY)])
    monkeypatch.setattr(activations, "add_link", add)
    return found


def with_link(out) -> Result:
    return CliRunner().invoke(mekong, ["agency", "kit", AGENCY, "--out", str(out), "--link", "--url", "https://exchange.example"])


def test_a_kit_with_a_link_is_readable_by_its_operator_only(tmp_path, made):
    run, out = CliRunner().invoke, tmp_path / "kit.zip"
    refused = run(mekong, ["agency", "kit", AGENCY, "--out", str(out), "--link"])
    assert refused.exit_code == 2
    for wrong in (["--url", "http://exchange.example"], ["--url", "https://exchange.example", "--out", str(tmp_path / "no" / "kit.zip")]):
        assert run(mekong, ["agency", "kit", AGENCY, "--out", str(out), "--link", *wrong]).exit_code != 0
    assert made == []
    done = run(mekong, ["agency", "kit", AGENCY, "--out", str(out), "--link", "--url", "https://exchange.example"])
    assert done.exit_code == 0, done.output
    assert "link 0123abcd, which shows a token once, until 2026-12-02 08:00 UTC" in done.output
    assert "5" * 64 not in done.output
    assert out.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(out) as archive:
        modes = {one.filename: one.external_attr >> 16 for one in archive.infolist()}
    assert {name for name, mode in modes.items() if mode == 0o600} == {f"{AGENCY}/activate.txt"}
    assert f"https://exchange.example/send/activate#0123abcd-{'5' * 64}".encode() in out.read_bytes()
    assert made == [(AGENCY, ("send", "read"), "https://exchange.example")]


def test_a_kit_with_a_link_takes_the_place_of_a_file_that_others_can_read_and_of_a_symlink_but_not_of_its_target(tmp_path, made):
    there, target, symlink = (tmp_path / name for name in ("there.zip", "target", "symlink.zip"))
    for one in (there, target):
        one.write_bytes(b"before")
        one.chmod(0o644)
    symlink.symlink_to(target)
    for out in (there, symlink):
        assert with_link(out).exit_code == 0
        assert out.lstat().st_mode & 0o777 == 0o600
        assert b"/send/activate#" in out.read_bytes()
    assert target.read_bytes() == b"before"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["symlink.zip", "target", "there.zip"]


def test_when_the_link_is_refused_the_file_stays_as_it_was(tmp_path, monkeypatch, made):
    def refuse(*_):
        raise Refused("has 2 tokens already")

    monkeypatch.setattr(activations, "add_link", refuse)
    there = tmp_path / "there.zip"
    there.write_bytes(b"before")
    for out in (there, tmp_path / "new.zip"):
        assert with_link(out).exit_code != 0
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("there.zip", b"before")]


def test_no_link_is_made_for_what_is_not_a_file(tmp_path, made):
    os.mkfifo(tmp_path / "pipe")
    assert isinstance(with_link(tmp_path / "pipe").exception, Refused)
    assert made == []


def test_neither_a_kit_nor_a_form_shows_a_link_in_a_log():
    hidden = "0123abcd-" + "5" * 64
    shown = repr(DOOR._replace(link=f"https://exchange.example/send/activate#{hidden}"))
    shown += repr(Form({"code": hidden, "window": "1" * 64}, None))
    for secret in (hidden, "1" * 64):
        assert secret not in shown


def test_the_first_message_is_accepted_and_the_other_withdraws_it():
    sent = [(files(DOOR)[name].encode(), ()) for name in ("first-message.jsonl", "withdraw-it.jsonl")]
    receipts = [one.receipt for one in said_of(*sent) if one.receipt]
    assert [one["outcome"] for one in receipts] == ["accepted", "withdrawn"]
    assert json.loads(sent[0][0])["simulated"] is True


def test_a_line_of_the_firewall_for_each_address():
    assert [line.split(",")[1:5] for line in files(DOOR)["firewall.csv"].splitlines()[1:]] == [
        ["kafka1.example", "9093", "TCP", "outgoing"],
        ["2001:db8::1", "9094", "TCP", "outgoing"],
        ["exchange.example", "443", "TCP", "outgoing"],
    ]


def test_the_settings_are_what_the_program_reads_and_ask_for_the_password(tmp_path):
    (tmp_path / "settings.sh").write_text(files(DOOR)["settings.sh"])
    done = subprocess.run(
        ["sh", "-c", ". ./settings.sh; env"],
        cwd=tmp_path,
        input="pass \\word\n",
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/bin:/usr/bin"},
    )
    assert {line for line in done.stdout.splitlines() if line.startswith("MEKONG_")} == {
        "MEKONG_KAFKA_BOOTSTRAP=kafka1.example:9093,[2001:db8::1]:9094",
        "MEKONG_KAFKA_SECURITY_PROTOCOL=SASL_SSL",
        "MEKONG_KAFKA_SASL_MECHANISM=SCRAM-SHA-512",
        f"MEKONG_KAFKA_CAFILE={tmp_path}/ca.pem",
        "MEKONG_KAFKA_PASSWORD=pass \\word",
        f"MEKONG_KAFKA_USERNAME={AGENCY}",
    }


def test_a_plain_exchange_needs_no_user_and_no_authority():
    found = files(Door(AGENCY, ("kafka1.example:9092",), "PLAINTEXT", "SCRAM-SHA-512"))
    assert sorted(found) == [
        "README.txt",
        "firewall.csv",
        "first-message.jsonl",
        "kafka.properties",
        "send.py",
        "settings.sh",
        "withdraw-it.jsonl",
    ]
    assert not [name for name, text in found.items() if "assword" in text or "sasl" in text or "curl" in text]


def test_the_scripts_can_be_read_by_their_interpreters(tmp_path):
    (tmp_path / "send-with-curl.sh").write_text(files(DOOR)["send-with-curl.sh"])
    subprocess.run(["sh", "-n", "send-with-curl.sh"], cwd=tmp_path, check=True)
    assert "https://exchange.example/v1/messages" in files(DOOR)["send-with-curl.sh"]
    compile(files(DOOR)["send.py"], "send.py", "exec")


NOT_HTTPS = ["http://exchange.example", "https://", "https://me:pass@exchange.example", "https://exchange.example:x"]
NOT_HTTPS += ["https://:pass@exchange.example", "https://@exchange.example", "https://exchange.example\n", " https://exchange.example"]
NOT_HTTPS += ["https://exchange.example/ x", "https://exchange.example\x00", "https://exchange.example?", "https://exchange.example#"]
NOT_HTTPS += ["https://exchange\\example"]


@pytest.mark.parametrize("url", NOT_HTTPS)
def test_what_is_not_an_https_address_is_refused(url):
    for read in (https, lambda one: add_link(Settings(), AGENCY, ("send",), one)):
        with pytest.raises(Refused, match="is not an"):
            read(url)


def test_a_file_without_a_certificate_is_refused():
    with pytest.raises(Refused, match="holds no certificate"):
        kit(DOOR._replace(authority=PRIVATE))

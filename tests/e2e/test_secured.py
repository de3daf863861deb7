"""The whole exchange on three brokers with SASL_SSL and access rights: a leader is killed, another broker restarted, a record poisoned."""

from __future__ import annotations

import json
import re
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from kafka import KafkaProducer
from kafka.errors import TopicAuthorizationFailedError

from tests.e2e.secured_brokers import Cluster
from tests.e2e.secured_deployment import AGENCIES, PROCESSES, Deployment
from tests.e2e.secured_rights import password_of
from tests.interop.examples import messages_of, programs

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1_200)]
THAI, VIET = AGENCIES
OUTCOME = {"seizure": "accepted", "correction": "corrected", "withdrawal": "withdrawn"}


@pytest.fixture(scope="module")
def deployment(clickhouse: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """The brokers with the users of the runbook's table, the topics, and two agencies; no process yet."""
    folder = tmp_path_factory.mktemp("secured")
    cluster = Cluster(folder / "kafka")
    found = Deployment(cluster, folder, f"{clickhouse.rpartition('/')[0]}/test_{uuid.uuid4().hex[:12]}")
    try:
        cluster.begin()
        found.wait_until(cluster.is_ready, "three brokers")
        found.give_rights()
        found.done("operator", "topics", "--create")
        found.done("operator", "migrate")
        found.done("operator", "agency", "add", *AGENCIES)
        yield found
    finally:
        found.close()
        cluster.end()


def test_who_is_wrong_is_told_so_in_one_sentence(deployment: Deployment, tmp_path: Path):
    cafile = deployment.cluster.cafile
    file = messages(tmp_path / "one.jsonl", VIET, "refused", 1)
    send = ("send", str(file), "--format", "json", "--agency", VIET)
    wrong = {
        "the user name or the password is not accepted": {"KAFKA_PASSWORD": "wrong"},
        "certificate is not signed by the authority in MEKONG_KAFKA_CAFILE": {"KAFKA_CAFILE": str(cafile.with_name("other.pem"))},
        "nowhere.pem cannot be read: No such file or directory": {"KAFKA_CAFILE": str(cafile.with_name("nowhere.pem"))},
    }
    for sentence, setting in wrong.items():
        found = deployment.run(VIET, *send, **setting)
        assert (found.returncode, found.stdout) == (2, "")
        assert sentence in found.stderr
        assert len(found.stderr.strip().splitlines()) == 1, found.stderr
    found = deployment.run("clock", "worker", "watch")
    assert found.returncode == 2
    assert "user clock may not READ topic journal.v1, READ topic days.v1, " in found.stderr
    assert found.stderr.endswith("WRITE topic aside.v1, which watch needs: give it the right.\n")


def test_nothing_is_lost_and_nobody_stops_while_brokers_come_and_go(deployment: Deployment, tmp_path: Path):
    cluster, outgoing = deployment.cluster, tmp_path / "outgoing"
    refused = cluster.refused()
    outgoing.mkdir()
    for name, (user, *command) in PROCESSES.items():
        deployment.begin(name, user, *command)
    deployment.begin("folder", THAI, "watch", str(outgoing), "--format", "json", "--agency", THAI, "--settle", "0.5", "--wait", "300")
    deployment.done(VIET, "send", str(messages(tmp_path / "first.jsonl", VIET, "first", 20)), "--format", "json", "--agency", VIET)

    files = Files(tmp_path, outgoing)
    large = messages(tmp_path / "large.jsonl", VIET, "large", 1_500)
    files.drop()
    sender = deployment.start("sender", VIET, "send", str(large), "--format", "json", "--agency", VIET, "--wait", "300")
    deployment.wait_until(lambda: len(deployment.sent(VIET)) > 60, "the file flows")
    killed = cluster.leader_of(f"in.{VIET}.v1")
    cluster.kill(killed)
    files.drop()
    deployment.begin("watch-2", "watch", "worker", "watch")
    deployment.wait_until(lambda: "watch ready" in deployment.log_of("watch-2").read_text(), "a worker starts with a broker down")
    deployment.wait_until(lambda: sender.exit_code is not None, "the file is answered with a broker down")
    assert sender.exit_code == 0, sender.last_words(30)
    cluster.start(killed)
    deployment.wait_until(cluster.is_whole, "each partition stands on three brokers again")

    poison(deployment, VIET)
    files.drop()
    another = killed % 3 + 1
    cluster.stop(another)
    files.drop()
    cluster.start(another)
    deployment.wait_until(cluster.is_whole, "each partition stands on three brokers again")
    deployment.done(VIET, "send", str(messages(tmp_path / "last.jsonl", VIET, "last", 20)), "--format", "json", "--agency", VIET)
    deployment.wait_until(lambda: len(list((outgoing / "done").glob("*.jsonl"))) == files.dropped, "each file is done")

    for agency in AGENCIES:
        answered(deployment, agency)
    assert "everything is as promised" in deployment.done("auditor", "verify", "--wait", "120")
    assert deployment.done("auditor", "status").rstrip().endswith("healthy")
    assert max(deployment.restarts.values(), default=0) <= 2, f"{deployment.restarts}\n{deployment.last_words()}"
    assert cluster.refused() == refused


@pytest.mark.parametrize("language", ["python", "java", "javascript"])
def test_a_client_of_any_language_connects_with_the_rights_of_an_agency(deployment: Deployment, tmp_path: Path, language: str):
    if "intake" not in deployment.processes:
        deployment.begin("intake", *PROCESSES["intake"])
    refused = deployment.cluster.refused()
    said = programs(tmp_path)[language](THAI, messages_of(THAI, tmp_path), env=deployment.environment(THAI))
    assert [line.split()[0] for line in said.splitlines()] == ["2026/118", "2026/119", "2026/120"]
    assert deployment.cluster.refused() == refused


def test_the_topics_of_another_agency_are_refused_by_name(deployment: Deployment, tmp_path: Path):
    with pytest.raises(AssertionError, match="TOPIC_AUTHORIZATION_FAILED"):
        programs(tmp_path)["python"](VIET, messages_of(VIET, tmp_path), env=deployment.environment(THAI))


def test_a_gateway_gives_the_token_of_a_link_with_its_rights_and_may_not_write_the_register(deployment: Deployment):
    refused = deployment.cluster.refused()
    link = deployment.done("operator", "agency", "token", "link", VIET, "--url", "https://exchange.example.org").strip()
    deployment.begin("gateway", "gateway", "gateway", "--listen", "127.0.0.1:0")
    log = deployment.log_of("gateway")
    deployment.wait_until(lambda: "ready: " in log.read_text(encoding="utf-8"), "the gateway listens")
    url = re.findall(r"ready: (\S+)", log.read_text(encoding="utf-8"))[-1]
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
        shown = client.post("/send/activate", data={"code": link, "window": ""}, headers={"origin": url})
        assert shown.status_code == 200, shown.text
        token = re.findall(r"mekong-[0-9a-f]{8}-[0-9a-f]{64}", shown.text)[0]
        assert client.get("/v1/me", headers={"authorization": f"Bearer {token}"}).json()["agency"] == VIET
    assert "token of a used link" in deployment.done("operator", "agency", "token", "list", VIET)
    assert deployment.cluster.refused() == refused

    producer = KafkaProducer(**deployment.cluster.options("gateway", password_of("gateway")))
    with pytest.raises(TopicAuthorizationFailedError):
        producer.send("registry.v1", b"{}", key=b"token:VN-CUSTOMS:00000000").get(60)
    producer.close()


class Files:
    """The files of an office that puts one after another into a folder."""

    def __init__(self, made: Path, outgoing: Path) -> None:
        self._made, self._outgoing, self.dropped = made, outgoing, 0

    def drop(self, count: int = 5) -> None:
        for number in range(self.dropped, self.dropped + count):
            file = messages(self._made / f"{number:04}.jsonl", THAI, f"{number:04}", 20)
            shutil.move(file, self._outgoing / file.name)
        self.dropped += count


def messages(file: Path, agency: str, series: str, cases: int) -> Path:
    """A file of cases; of each four one is corrected, another withdrawn."""
    with file.open("w", encoding="utf-8") as out:
        for number in range(cases):
            kinds = ["seizure", *(["correction"] if number % 4 == 1 else ["withdrawal"] if number % 4 == 3 else [])]
            for version, kind in enumerate(kinds, 1):
                out.write(json.dumps(message(agency, f"{series}/{number}", kind, version)) + "\n")
    return file


def message(agency: str, case_no: str, kind: str, version: int) -> dict[str, object]:
    head: dict[str, object] = {"message_type": kind, "agency": agency, "case_no": case_no, "simulated": True}
    if kind == "withdrawal":
        return head | {"reason": "entered_in_error"}
    line = {"commodity_group": "drug", "substance_or_taxon": "heroin", "quantity": version, "unit": "kg"}
    return head | {"seized_at": "2026-05-03", "lines": [line]}


class NotUtf8(str):
    """A name of a header that a client of one's own may write."""

    __slots__ = ()

    def encode(self, *_: object) -> bytes:
        return b"\xff\xfe"


def poison(deployment: Deployment, agency: str) -> None:
    """One record that no Kafka client can read, sent by the agency itself."""
    producer = KafkaProducer(**deployment.cluster.options(agency, password_of(agency)))
    producer.send(f"in.{agency}.v1", b"{}", headers=[(NotUtf8("x"), b"v")]).get(60)
    producer.close()


def answered(deployment: Deployment, agency: str) -> None:
    """The agency reads one receipt for each of its messages, and each is as it must be."""
    told = [json.loads(line) for line in deployment.done(agency, "receipts", "--agency", agency, "--json").splitlines()]
    sent = deployment.sent(agency)
    assert [one["source_offset"] for one in told] == list(sent)
    for one in told:
        kind = json.loads(sent[one["source_offset"]]).get("message_type")
        assert one["outcome"] == OUTCOME.get(kind, "rejected"), one

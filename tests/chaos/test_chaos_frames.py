"""The proxy of frames, between a client by hand and a server that answers each request with its correlation id and an error code."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from chaos_faults import EACH_FRAME, Fault, plan_frames
from chaos_frames import FrameProxy
from chaos_protocol import APIS, Request, error_of, request_of

from mekong.deploy.local.ports import free_port

FENCED, CONCURRENT = 47, 51
WAIT_S = 10.0


def request(api: str, correlation: int, who: str = "intake-3", version: int = 0) -> bytes:
    body = struct.pack(">hhih", APIS[api], version, correlation, 4) + b"test" + struct.pack(">h", len(who)) + who.encode() + b"\0" * 8
    return struct.pack(">i", len(body)) + body


def whole(stream: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        part = stream.recv(size - len(found))
        if not part:
            raise ConnectionError
        found += part
    return found


class Server:
    """Answers in order, until the connection ends."""

    def __init__(self) -> None:
        self.frames: list[tuple[int, Request]] = []
        """Number of the connection, and what came whole."""
        self.halves: list[int] = []
        """Bytes of a frame that did not come whole."""
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def correlations(self) -> list[int]:
        return [one.correlation for _, one in self.frames]

    def _accept(self) -> None:
        while True:
            stream, _ = self._listening.accept()
            self._connections += 1
            threading.Thread(target=self._serve, args=(stream, self._connections), daemon=True).start()

    def _serve(self, stream: socket.socket, number: int) -> None:
        try:
            while True:
                body = b""
                left = struct.unpack(">i", whole(stream, 4))[0]
                while left:
                    part = stream.recv(left)
                    if not part:
                        break
                    body, left = body + part, left - len(part)
                if left:
                    self.halves.append(len(body))
                    return
                found = request_of(body)
                self.frames.append((number, found))
                times = [one.api for _, one in self.frames].count("InitProducerId")
                error = FENCED if found.api != "InitProducerId" else CONCURRENT if times == 1 else 0
                answer = struct.pack(">iih", found.correlation, 0, error)
                stream.sendall(struct.pack(">i", len(answer)) + answer)
        except OSError:
            if body:
                self.halves.append(len(body))


class Seen:
    def __init__(self) -> None:
        self.told: list[tuple[object, ...]] = []

    def passed(self, request: Request, *, is_late: bool, is_again: bool) -> None:
        self.told.append(("passed", request.correlation, is_late, is_again))

    def answered(self, request: Request, error: int, *, is_heard: bool) -> None:
        self.told.append(("answered", request.correlation, error, is_heard))

    def gave_up(self, request: Request) -> None:
        self.told.append(("gave up", request.correlation))

    def met(self, fault: Fault, request: Request) -> None:
        self.told.append(("met", str(fault), request.correlation))


class Client:
    def __init__(self, port: int) -> None:
        self.stream = socket.create_connection(("127.0.0.1", port), timeout=WAIT_S)

    def send(self, *frames: bytes) -> None:
        self.stream.sendall(b"".join(frames))

    def answer(self) -> int:
        (length,) = struct.unpack(">i", whole(self.stream, 4))
        correlation: int = struct.unpack(">i", whole(self.stream, length)[:4])[0]
        return correlation

    def is_silent(self, for_s: float = 0.3) -> bool:
        self.stream.settimeout(for_s)
        try:
            self.stream.recv(1)
        except TimeoutError:
            return True
        finally:
            self.stream.settimeout(WAIT_S)
        return False

    def close(self) -> None:
        self.stream.close()


class Bench:
    def __init__(self) -> None:
        self.server, self.seen = Server(), Seen()
        self.proxy = FrameProxy(self.server.port, self.seen).start()

    def client(self) -> Client:
        return Client(self.proxy.port)

    def until(self, holds: Callable[[], object]) -> None:
        deadline = time.monotonic() + WAIT_S
        while not holds():
            assert time.monotonic() < deadline, (self.server.frames, self.seen.told)
            time.sleep(0.005)


@pytest.fixture
def bench() -> Iterator[Bench]:
    found = Bench()
    yield found
    found.proxy.stop()


def test_without_a_fault_all_is_passed_in_order_and_the_watcher_hears_of_it(bench):
    client = bench.client()
    client.send(request("Fetch", 1), request("EndTxn", 2), request("Produce", 3))
    assert [client.answer() for _ in range(3)] == [1, 2, 3]
    assert bench.server.frames[1] == (1, Request("EndTxn", 0, 2, "test", "intake-3"))
    assert [one for one in bench.seen.told if one[1] == 2] == [("passed", 2, False, False), ("answered", 2, FENCED, True)]


def test_a_frame_of_megabytes_is_passed_whole(bench):
    client, body = bench.client(), request("Produce", 7)[4:] + b"x" * 5_000_000
    client.send(struct.pack(">i", len(body)) + body)
    assert client.answer() == 7


def test_a_request_that_is_held_holds_what_is_behind_it_and_no_other_connection(bench):
    bench.proxy.arm(Fault("hold", "EndTxn", length_s=0.5))
    held, other, began = bench.client(), bench.client(), time.monotonic()
    held.send(request("EndTxn", 1), request("Fetch", 2))
    other.send(request("Fetch", 3))
    assert other.answer() == 3
    assert time.monotonic() - began < 0.4
    assert (held.answer(), held.answer()) == (1, 2)
    assert time.monotonic() - began >= 0.5


def test_a_late_request_reaches_the_server_after_its_client_gave_up_on_its_old_connection(bench):
    bench.proxy.arm(Fault("late", "EndTxn", length_s=WAIT_S, more_s=0.2))
    first, second = bench.client(), bench.client()
    first.send(request("EndTxn", 1))
    assert first.is_silent()
    first.close()
    second.send(request("InitProducerId", 2))
    assert second.answer() == 2
    bench.until(lambda: ("answered", 1, FENCED, False) in bench.seen.told)
    assert bench.server.correlations() == [2, 1]
    assert bench.seen.told.index(("gave up", 1)) < bench.seen.told.index(("passed", 1, True, False))


def test_a_request_can_come_late_amid_the_next_transaction_of_its_sender(bench):
    bench.proxy.arm(Fault("amid", "EndTxn", length_s=WAIT_S, more_s=WAIT_S))
    first, second = bench.client(), bench.client()
    first.send(request("EndTxn", 1))
    assert first.is_silent()
    first.close()
    bench.until(lambda: ("gave up", 1) in bench.seen.told)
    began = time.monotonic()
    second.send(request("Produce", 2, who="intake-4"), request("InitProducerId", 3), request("Produce", 4))
    assert [second.answer() for _ in range(3)] == [2, 3, 4]
    bench.until(lambda: ("passed", 1, True, False) in bench.seen.told)
    assert time.monotonic() - began < WAIT_S / 2, "by the batch, not by its time"
    second.send(request("Produce", 5))
    assert second.answer() == 5
    bench.until(lambda: len(bench.server.frames) == 5)
    came = bench.server.correlations()
    assert [one for one in came if one != 1] == [2, 3, 4, 5], "on one connection they keep their order"
    assert came.index(1) < came.index(5)


def test_another_opens_the_transactional_id_before_the_request_is_passed_on(bench):
    bench.proxy.arm(Fault("fence", "EndTxn"))
    client = bench.client()
    client.send(request("EndTxn", 7))
    assert client.answer() == 7
    seen = [(one.api, one.who) for _, one in bench.server.frames]
    assert seen == [("InitProducerId", "intake-3"), ("InitProducerId", "intake-3"), ("EndTxn", "intake-3")]
    assert ("answered", 7, FENCED, True) in bench.seen.told


def test_a_request_is_passed_on_twice_and_answered_once(bench):
    bench.proxy.arm(Fault("twice", "Produce"))
    client = bench.client()
    client.send(request("Produce", 1))
    assert client.answer() == 1
    client.send(request("Produce", 2))
    assert client.answer() == 2
    assert bench.server.correlations() == [1, 1, 2]


def test_an_answer_waits_while_its_request_is_done(bench):
    bench.proxy.arm(Fault("wait", "EndTxn", length_s=0.4))
    client, began = bench.client(), time.monotonic()
    client.send(request("EndTxn", 1))
    bench.until(lambda: bench.server.correlations() == [1])
    assert time.monotonic() - began < 0.3
    assert client.answer() == 1
    assert time.monotonic() - began >= 0.4


def test_a_mute_connection_passes_requests_on_and_answers_nothing_any_more(bench):
    bench.proxy.arm(Fault("mute", "EndTxn"))
    client = bench.client()
    client.send(request("Fetch", 1))
    assert client.answer() == 1
    client.send(request("EndTxn", 2), request("Fetch", 3))
    bench.until(lambda: bench.server.correlations() == [1, 2, 3])
    assert client.is_silent()
    client.close()
    bench.until(lambda: ("gave up", 2) in bench.seen.told)


def test_a_request_that_is_cut_reaches_the_server_by_half_and_both_ends_are_reset(bench):
    bench.proxy.arm(Fault("cut", "Produce"))
    client = bench.client()
    client.send(request("Fetch", 1), request("Produce", 2))
    assert client.answer() == 1
    bench.until(lambda: bench.server.halves)
    assert bench.server.correlations() == [1]
    with pytest.raises(ConnectionError):
        client.answer()


def test_an_answer_that_is_torn_comes_by_half_and_its_request_is_done(bench):
    bench.proxy.arm(Fault("torn", "EndTxn"))
    client = bench.client()
    client.send(request("EndTxn", 1))
    with pytest.raises(ConnectionError):
        client.answer()
    assert bench.server.correlations() == [1]
    assert ("answered", 1, FENCED, False) in bench.seen.told


def test_a_fault_meets_only_whom_it_is_for_and_only_once_and_none_when_disarmed(bench):
    bench.proxy.arm(Fault("cut", "EndTxn", of="notifier"))
    client = bench.client()
    client.send(request("EndTxn", 1))
    assert client.answer() == 1
    bench.proxy.disarm()
    client.send(request("EndTxn", 2, who="mekong-notify"))
    assert client.answer() == 2


def test_where_no_server_is_a_client_is_reset():
    proxy = FrameProxy(free_port(), Seen()).start()
    with pytest.raises(ConnectionError):
        Client(proxy.port).answer()
    proxy.stop()


@pytest.mark.parametrize(
    ("api", "version", "body", "who"),
    [
        pytest.param("EndTxn", 0, b"\0\x08intake-3", "intake-3", id="as aiokafka writes it"),
        pytest.param("EndTxn", 3, b"\0\x09intake-3", "intake-3", id="as kafka-python writes it"),
        pytest.param("Produce", 7, b"\xff\xff", "", id="outside of a transaction"),
        pytest.param("Produce", 9, b"\0\0", "", id="outside of a transaction, the newer way"),
        pytest.param("AddPartitionsToTxn", 4, b"\0\x02", "", id="a broker's list"),
        pytest.param("Metadata", 5, b"\0\0\0\1\0\x03a.b", "", id="of nobody"),
    ],
)
def test_who_asks_is_read_in_the_older_and_the_newer_way_of_writing(api, version, body, who):
    assert request_of(struct.pack(">hhih", APIS[api], version, 5, 2) + b"me" + body) == Request(api, version, 5, "me", who)


@pytest.mark.parametrize(("api", "version", "front"), [("EndTxn", 0, 4), ("EndTxn", 3, 5), ("Heartbeat", 0, 0), ("Heartbeat", 3, 4)])
def test_the_error_of_an_answer_is_read(api, version, front):
    assert error_of(Request(api, version, 1, "", ""), struct.pack(">i", 1) + b"\0" * front + struct.pack(">h", FENCED)) == FENCED


def test_a_plan_has_each_fault_once_before_any_comes_again_and_a_seed_gives_it_again():
    planned = plan_frames(3, 2 * len(EACH_FRAME), 100.0)
    assert sorted((one.way, one.api, one.of) for _, one in planned) == sorted(2 * EACH_FRAME)
    assert planned == plan_frames(3, 2 * len(EACH_FRAME), 100.0) != plan_frames(4, 2 * len(EACH_FRAME), 100.0)
    assert all(0 <= at_s <= 70 for at_s, _ in planned)
    assert all(one.length_s <= 45 for _, one in planned)

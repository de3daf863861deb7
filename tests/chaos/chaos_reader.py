"""A reader of server-sent events that comes back whenever it was cut off, from where it was; and sometimes hangs up by itself."""

from __future__ import annotations

import http.client
import random
import threading
import time

from chaos_told import Event

TIMEOUT_S = 25.0
"""Longer than the server's heartbeat."""
AGAIN_S = 0.3
EVENTS_A_TIME = (1, 60)
"""After so many events it hangs up."""


class Reader:
    """Reads for one member."""

    def __init__(self, port: int, token: str, seed: int) -> None:
        self._port, self._token = port, token
        self._chance = random.Random(f"reader {token} {seed}")
        self._stop = threading.Event()
        self.events: list[Event] = []
        self.last_id: int | None = None
        """Also moved on by an id that comes without an event."""
        self.connected = 0
        self._thread = threading.Thread(target=self._run, name="reader", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Read no more."""
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._read()
            except (OSError, http.client.HTTPException):
                time.sleep(AGAIN_S)

    def _read(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT_S)
        headers = {"authorization": f"Bearer {self._token}"}
        if self.last_id is not None:
            headers["last-event-id"] = str(self.last_id)
        try:
            connection.request("GET", "/v1/alerts/stream", headers=headers)
            answer = connection.getresponse()
            if answer.status != http.HTTPStatus.OK:  # the member is not there yet
                time.sleep(AGAIN_S)
                return
            self.connected += 1
            self._take(answer)
        finally:
            connection.close()

    def _take(self, answer: http.client.HTTPResponse) -> None:
        """By the HTML standard: what an empty line ends is an event, or only a place."""
        fields: dict[str, str] = {}
        left = self._chance.randint(*EVENTS_A_TIME)
        while left and not self._stop.is_set():
            line = answer.readline().decode()
            if not line.endswith("\n"):
                return
            name, _, value = line.rstrip("\n").partition(": ")
            if name:
                fields[name] = value
                continue
            if "id" in fields:
                self.last_id = int(fields["id"])
            if "data" in fields:
                self.events.append(Event(int(fields["id"]), fields["event"], fields["data"]))
                left -= 1
            fields = {}

"""Runs statements in ClickHouse and returns rows. It sorts each failure by what the caller can do. No other module connects to ClickHouse.

A URL is ``http[s]://user:password@host:port/database``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import clickhouse_connect
from clickhouse_connect.driver.exceptions import ClickHouseError
from urllib3.exceptions import HTTPError

from mekong.schemas.errors import Fatal, Refused, Retriable
from mekong.sinks.clickhouse import codes

ANSWER_WITHIN_S = 30
_CONNECT_WITHIN_S = 20  # also until the server reads each piece of an insert
_WRAPPING = re.compile(r"^Received ClickHouse exception.*?DB::Exception: |: while executing .*| \(version [^)]*\)| \(for url [^)]*\)")
_EMPTY = "ClickHouse's answer is empty, or was cut off on its way: if that goes on, see whether its disk is full"
_PIECE = 1 << 18
_LONG: Mapping[str, Any] = {
    "readonly": "2",
    "max_bytes_before_external_sort": 64_000_000,
    "max_threads": 1,
    "cancel_http_readonly_queries_on_client_close": 1,
}
"""Of a SELECT with a long answer: the server needs little memory for it."""
_ASKED: Mapping[str, Any] = {
    "readonly": "2",
    "max_execution_time": ANSWER_WITHIN_S - 5,
    "cancel_http_readonly_queries_on_client_close": 1,
}
"""Of a question of a person: the server does not go on after nobody waits for the answer."""
_ONE_BLOCK = 2**40  # more than any batch has rows or bytes

INSERT_SETTINGS: Mapping[str, Any] = {
    "async_insert": 0,  # the server answers when the part is stored
    "deduplicate_insert": "disable",  # the position does it; the engine's tokens lose batches (docs/decisions/0004)
    "deduplicate_insert_select": "disable",
    "max_insert_block_size": _ONE_BLOCK,
    "max_insert_block_size_bytes": _ONE_BLOCK,
    "min_insert_block_size_rows": _ONE_BLOCK,
    "min_insert_block_size_bytes": _ONE_BLOCK,
    "max_insert_threads": 1,  # one thread, one block, one part: all of it is stored, or nothing
    "max_threads": 1,
    "optimize_on_insert": 0,  # no row of a block replaces another
    "compile_expressions": 0,  # costs more than it gives: most blocks are small
    "wait_end_of_query": 1,
    "max_execution_time": ANSWER_WITHIN_S - 5,
    "log_queries": 0,
}


class RowsRefused(Exception):  # noqa: N818 - named for what happened
    """ClickHouse rejected a block because of its data. Nothing of the block was stored."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code


class Answer(NamedTuple):
    """Rows of a query, and the names of its columns."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]]


class Database:
    """One connection to one database. Not for two threads at once."""

    def __init__(self, url: str, database: str | None = None, *, within_s: int = ANSWER_WITHIN_S) -> None:
        """Connects at the first call; ``database`` overrides the URL's (empty: none); ``within_s``: the limit of an answer."""
        self._within_s = within_s
        self._at = urlsplit(url)
        if self._at.scheme not in {"http", "https"} or not self._at.hostname:
            raise Refused("MEKONG_CLICKHOUSE_URL: give http[s]://user:password@host:port/database")
        self.name = unquote(self._at.path.strip("/")) or "default"
        self._database = self.name if database is None else database
        self._open: Any = None

    def query(self, sql: str, **parameters: Any) -> Answer:
        """The rows of a SELECT; times are aware. Raises Retriable, Refused, Fatal."""
        with self._sorted("a query"):
            found = self._client().query(sql, parameters=parameters or None, tz_mode="aware")
            return Answer(tuple(found.column_names), found.result_rows)  # the rows are read here

    def value(self, sql: str, **parameters: Any) -> Any:
        """The one value of a SELECT that gives one. Raises Retriable when the answer is empty, too."""
        rows = self.query(sql, **parameters).rows
        if not rows:  # an answer that is cut off in the middle reads like an empty one
            raise Retriable(_EMPTY)
        return rows[0][0]

    def text(self, sql: str, form: str) -> bytes:
        """The answer to a question of a person's, in one of ClickHouse's own formats; nothing can be changed by it.

        Raises Refused with ClickHouse's own sentence, Retriable.
        """
        try:
            answer: bytes = self._client().raw_query(sql, settings={**_ASKED, "default_format": form})
        except ClickHouseError as exc:
            sorted_out = _sort("a query", exc)
            said = _sentence(exc).removeprefix(f"{unquote(self._at.username or 'default')}: ")  # it addresses the user
            raise sorted_out if isinstance(sorted_out, Retriable) else Refused(said) from exc
        return answer

    def stream(self, sql: str, form: str) -> Iterator[bytes]:
        """The answer to a long SELECT in one of ClickHouse's own formats, in pieces; nothing can be changed by it.

        An answer may end too early without an error: count what arrived. Raises Refused with ClickHouse's own sentence, Retriable.
        """
        with self._sorted("a query"):
            answer = self._client().raw_stream(sql, settings=_LONG, fmt=form)
            try:
                while piece := answer.read(_PIECE):
                    yield piece
            finally:
                answer.close()

    def command(self, sql: str, **parameters: Any) -> None:
        """Run a statement that has no rows. Raises Retriable, Refused, Fatal."""
        with self._sorted("a statement"):
            self._client().command(sql, parameters=parameters or None)

    def insert(self, statement: str, block: bytes | None, query_id: str) -> int:
        """Send one block (None: the statement reads its rows itself); the number of rows added. All of it or nothing.

        Raises RowsRefused, Retriable, Refused, Fatal.

        The server refuses a second query of this id while the first one runs (code 216).
        """
        with self._sorted("an insert"):
            done = self._client().command(statement, data=block, settings={**INSERT_SETTINGS, "query_id": query_id})
        return int(done.summary.get("written_rows", 0))

    def close(self) -> None:
        """Give the connection back."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _client(self) -> Any:
        if self._open is None:
            client = clickhouse_connect.get_client(
                interface=self._at.scheme,
                host=self._at.hostname,
                port=self._at.port or (8443 if self._at.scheme == "https" else 8123),
                username=unquote(self._at.username or "default"),
                password=unquote(self._at.password or ""),
                database=self._database or "__default__",
                connect_timeout=min(_CONNECT_WITHIN_S, self._within_s),
                send_receive_timeout=self._within_s,
                autogenerate_session_id=False,
                query_retries=0,
                client_name="seizure-exchange",
            )
            if not client.server_settings:  # it asked for them, and got an answer without a word: nothing else would be right either
                client.close()
                raise Retriable(_EMPTY)
            self._open = client
        return self._open

    @contextmanager
    def _sorted(self, doing: str) -> Iterator[None]:
        try:
            yield
        except ClickHouseError as exc:
            raise _sort(doing, exc) from exc
        except HTTPError as exc:
            raise Retriable(f"ClickHouse's answer to {doing} was cut off: {exc}") from exc


def _sort(doing: str, exc: ClickHouseError) -> Exception:
    """The failure by what can be done; ``clickhouse_connect`` raises one class for most of them."""
    code = getattr(exc, "code", None)
    said = _sentence(exc)
    if not code and said.startswith("Unexpected response"):  # to the client's own first questions
        return Retriable(_EMPTY)
    if not code:
        return Retriable(f"ClickHouse gave no answer to {doing}: {said}")
    if codes.NO_ROOM.search(said):
        return Retriable(f"ClickHouse did not finish {doing}: {codes.BUSY[243]} (code {code})")
    if code in codes.BUSY:
        return Retriable(f"ClickHouse did not finish {doing}: {codes.BUSY[code]} (code {code})")
    if code in codes.REFUSED:
        return Refused(f"ClickHouse refuses {doing}: {codes.REFUSED[code]} (code {code}). {said}")
    if code in codes.ROWS:
        return RowsRefused(code, said)
    return Fatal(f"ClickHouse failed at {doing} (code {code}): {said}")


def _sentence(exc: ClickHouseError) -> str:
    return _WRAPPING.sub("", " ".join(str(exc).split()))

"""``python engine.py FOLDER [TCP]``: runs the engine of the ClickHouse process, with ``FOLDER/config.xml`` as its settings.

chDB's low-level ``query`` runs ClickHouse's own local program, and that program knows ``SYSTEM START LISTEN HTTP``. So this process
runs one script that never ends: open the HTTP interface and, with ``TCP``, the native one, then run a query without an end. All other
programs use ClickHouse's own handlers. This depends on a private entry point of the pinned chdb-core;
tests/integration/test_clickhouse_server.py checks it.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import signal
import sys
import threading
from pathlib import Path
from types import ModuleType

RTLD_DEEPBIND = 0x8  # as chdb/__init__.py loads it: its own allocator must not meet another library's
FOR_EVER = """
SELECT sleepEachRow(0.5) FROM system.numbers FORMAT Null
SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 0, log_queries = 0
"""


def load_engine() -> ModuleType:
    """Load chDB's extension without ``chdb/__init__.py``, which would open an engine of its own. Raises ImportError."""
    package = importlib.util.find_spec("chdb")
    if package is None or package.submodule_search_locations is None:
        raise ImportError("the package chdb-core is missing: pip install 'seizure-exchange[local]'")
    folder = Path(package.submodule_search_locations[0])
    library = folder / "_chdb.abi3.so"
    back = Path.cwd()
    os.chdir(folder)  # its helper libraries are looked up in the working folder
    ctypes.CDLL(str(library), mode=sys.getdlopenflags() | RTLD_DEEPBIND)
    spec = importlib.util.spec_from_file_location("_chdb", library)
    if spec is None or spec.loader is None:
        raise ImportError(f"{library} cannot be loaded")
    engine = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(engine)
    os.chdir(back)
    return engine


def main() -> int:
    """Serve until SIGTERM or SIGINT; 0 after a stop in order."""
    folder, listeners = Path(sys.argv[1]), ("HTTP", *sys.argv[2:])
    script = "".join(f"SYSTEM START LISTEN {one};" for one in listeners) + FOR_EVER
    stop = threading.Event()
    engine = load_engine()
    engine.set_signal_handlers_enabled(0)
    os.chdir(folder)  # config.xml is read from the working folder
    # TabSeparated is also the default format of its HTTP interface, as on a server.
    serving = threading.Thread(target=lambda: engine.query(script, "TabSeparated", path=str(folder / "data")), daemon=True)
    _listen_to(stop)
    serving.start()
    while serving.is_alive() and not stop.wait(0.1):
        _listen_to(stop)  # the program sets its own signal handlers when it starts
    return 0 if stop.is_set() else 1


def _listen_to(stop: threading.Event) -> None:
    for sig in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sig, lambda *_: stop.set())


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # its threads do not end by themselves; what is committed is on disk

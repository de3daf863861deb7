"""How long the process that reads a sheet takes, started when it is needed and before: `python -m benchmarks.sheet_child`."""

from __future__ import annotations

import asyncio
import time

from mekong.deploy.profiles import profile_of
from mekong.producers.gateway.sheets import reading
from mekong.producers.gateway.sheets.children import Children
from mekong.producers.gateway.sheets.upload import Upload
from mekong.streams.core.intake.alone import judge

HEAD = b"Case number,Date,Goods,Quantity,Unit\n"


def sheet(rows: int) -> Upload:
    return Upload(HEAD + b"".join(b"2026-%d,2026-05-03,heroin,%d,kg\n" % (number, 1 + number % 7) for number in range(rows)))


async def measured(children: Children, rows: int) -> float:
    begun = time.perf_counter()
    now_ms = time.time_ns() // 1_000_000
    found = await children.run("VN-CUSTOMS", reading.read, sheet(rows), profile_of("VN-CUSTOMS"), judge, now_ms, None)
    assert len(found.entries) == rows
    return time.perf_counter() - begun


async def main() -> None:
    children = Children((judge.__module__,))
    print(f"1 row, the process starts first: {await measured(children, 1):.2f} s")
    for rows in (1, 1_000, 20_000):
        await asyncio.sleep(5)  # the next process is ready
        print(f"{rows:,} rows, the process is ready: {await measured(children, rows):.2f} s")
    children.close()


if __name__ == "__main__":
    asyncio.run(main())

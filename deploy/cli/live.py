"""Shows changing figures: a moving bar on a terminal; in a log a line every few seconds, without control characters."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

if TYPE_CHECKING:
    from mekong.deploy.local.demo_stream import Figures

LINE_EVERY_S = 5.0


@contextmanager
def live(console: Console) -> Iterator[Callable[[Figures], None]]:
    """The function to call with new figures."""
    if console.is_terminal:
        with _bar(console) as tell:
            yield tell
    else:
        yield _Lines(console)


@contextmanager
def _bar(console: Console) -> Iterator[Callable[[Figures], None]]:
    progress = Progress(TextColumn(" "), BarColumn(), TextColumn("{task.percentage:>3.0f}%"), TimeElapsedColumn())
    task = progress.add_task("", total=None)
    text = Text()
    with Live(Group(progress, text), console=console, transient=True, refresh_per_second=5):

        def tell(figures: Figures) -> None:
            progress.update(task, total=figures.read if figures.doing == "streaming" else None, completed=figures.stored)
            text.plain = f"  {words(figures)}"

        yield tell


class _Lines:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = self._last = time.monotonic()
        self._doing = ""

    def __call__(self, figures: Figures) -> None:
        now = time.monotonic()
        if now - self._last >= LINE_EVERY_S or figures.doing != self._doing:
            self._last, self._doing = now, figures.doing
            self._console.print(f"  {now - self._began:4.0f} s  {words(figures)}", highlight=False, soft_wrap=True)


def words(figures: Figures) -> str:
    """The figures in one line."""
    if figures.doing == "reading":
        return f"reading the files: {figures.read:,} seizures"
    if figures.doing == "adding agencies":
        return f"{figures.read:,} seizures read, adding their agencies"
    return (
        f"sent {figures.sent:,}  accepted {figures.accepted:,}  rejected {figures.rejected:,}"
        f"  in ClickHouse {figures.stored:,}  {figures.per_s:,.0f}/s"
    )

"""Live figures: a bar on a terminal that fits 80 columns, plain lines elsewhere."""

import io
import re

import pytest
from rich.console import Console

from mekong.deploy.cli.live import live
from mekong.deploy.local.demo_stream import Figures

READING = Figures(1_200, "reading", 0, 0, 0, 0, 0.0)
STREAMING = Figures(282_754, "streaming", 282_754, 182_754, 0, 123_456, 12_345.6)


def shown(figures, *, terminal):
    out = io.StringIO()
    console = Console(width=80, force_terminal=terminal, file=out, soft_wrap=True, highlight=False)
    with live(console) as tell:
        for one in figures:
            tell(one)
    return out.getvalue()


def test_a_log_gets_a_line_when_something_new_begins_and_no_control_characters():
    said = shown([READING, READING, STREAMING, STREAMING], terminal=False)
    assert said.splitlines() == [
        "     0 s  reading the files: 1,200 seizures",
        "     0 s  sent 282,754  accepted 182,754  rejected 0  in ClickHouse 123,456  12,346/s",
    ]


@pytest.mark.parametrize("figures", [READING, STREAMING], ids=lambda figures: figures.doing)
def test_on_a_terminal_of_80_columns_nothing_is_cut_off(figures):
    said = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown([figures], terminal=True))
    assert max(map(len, re.split(r"[\r\n]", said))) <= 80
    assert "…" not in said
    assert ("12,346/s" if figures is STREAMING else "1,200 seizures") in said

"""docs/python.md: its code runs from the top to the bottom, and prints what the page says."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "python.md"
BLOCK = re.compile(r"```python\n(?P<code>.*?)```(?:\n(?:It prints:\n)?```text\n(?P<prints>.*?)```)?", re.DOTALL)


def test_the_code_of_the_page_prints_what_the_page_says(deployment, tmp_path, monkeypatch):
    deployment.register("VN-CUSTOMS")
    intake = deployment.mekong("worker", "intake")
    for name, value in deployment.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    text, names = PAGE.read_text(encoding="utf-8"), {"__name__": "tutorial"}
    blocks = list(BLOCK.finditer(text))
    assert len(blocks) == text.count("```python\n")
    assert sum(block["prints"] is not None for block in blocks) == text.count("```text\n")
    for block in blocks:
        line = text[: block.start()].count("\n") + 2
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile("\n" * (line - 1) + block["code"], PAGE.name, "exec"), names)
        assert printed.getvalue() == (block["prints"] or ""), f"docs/python.md, line {line}"
    names["store"].close()
    assert intake.exit_code is None

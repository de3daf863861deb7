"""No file and no function of the product is longer than CONTRIBUTING allows, but for those listed here, which may only shrink.

Tests and benchmarks are not held to it: a test tells one story from its beginning to its end.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("schemas", "producers", "streams", "sinks", "deploy", ".ci")
MOST_OF_A_FILE = 250
MOST_OF_A_FUNCTION = 25
"""Lines from ``def`` to the last one, without the docstring."""
LONGER_FILES: dict[str, int] = {
    "streams/lanes.py": 290,
}
"""File -> its lines. Not for new ones: a longer file holds two things. Take out what is short enough."""
LONGER_FUNCTIONS: dict[str, int] = {
    "streams/agents/network.py plan": 30,
    "streams/core/intake/take.py _keep": 35,
    "streams/core/spikes/wording/explain.py alert": 39,
    "streams/core/spikes/kinds/spike.py _alert": 31,
    "deploy/cli/send.py send": 39,
    "deploy/cli/subscribe.py add": 29,
    "deploy/local/demo_stream.py stream": 35,
    "deploy/verify/__init__.py _read": 33,
}
"""``file function`` -> its lines."""


def files() -> dict[str, int]:
    return {name: len(text.splitlines()) for name, text in sources()}


def functions() -> dict[str, int]:
    """The longest of each name in a file."""
    found: dict[str, int] = {}
    for name, text in sources():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                key = f"{name} {node.name}"
                found[key] = max(found.get(key, 0), length(node))
    return found


def sources() -> Iterator[tuple[str, str]]:
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    whole = (node.end_lineno or 0) - node.lineno + 1
    if ast.get_docstring(node) is None:
        return whole
    return whole - ((node.body[0].end_lineno or 0) - node.body[0].lineno + 1)


def faults(found: dict[str, int], most: int, listed: dict[str, int]) -> list[str]:
    """What is too long, and what is listed for nothing."""
    long = [f"{name}: {size} lines, {listed.get(name, most)} at most" for name, size in found.items() if size > listed.get(name, most)]
    return long + [f"{name}: {found.get(name, 0)} lines: take it off the list" for name in listed if found.get(name, 0) <= most]


def test_no_file_is_too_long():
    assert faults(files(), MOST_OF_A_FILE, LONGER_FILES) == []


def test_no_function_is_too_long():
    assert faults(functions(), MOST_OF_A_FUNCTION, LONGER_FUNCTIONS) == []


def test_what_is_too_long_or_listed_for_nothing_is_named():
    assert faults({"a.py": 251, "b.py": 250}, 250, {}) == ["a.py: 251 lines, 250 at most"]
    assert faults({"a.py": 261}, 250, {"a.py": 260}) == ["a.py: 261 lines, 260 at most"]
    assert faults({"a.py": 260}, 250, {"a.py": 260}) == []
    assert faults({"a.py": 250}, 250, {"a.py": 260, "gone.py": 300}) == [
        "a.py: 250 lines: take it off the list",
        "gone.py: 0 lines: take it off the list",
    ]


def test_a_docstring_and_a_decorator_are_not_counted():
    (node,) = ast.parse('@one\n@two\ndef said(a):\n    """Long.\n\n    Text.\n    """\n    b = a\n    return b\n').body
    assert length(node) == 3

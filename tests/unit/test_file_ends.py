"""Whether a file's last line had an end is only said of a file that was read to its end."""

from __future__ import annotations

import gzip

import pytest

from mekong.producers.files import Chunks
from mekong.producers.formats import BY_NAME


@pytest.mark.parametrize(
    ("content", "is_ended"),
    [
        pytest.param(b'{"a": 1}\n', True, id="a line end"),
        pytest.param(b'{"a": 1}\n{"a": 2}', False, id="none"),
        pytest.param(b"", True, id="empty"),
        pytest.param(gzip.compress(b'{"a": 1}\n' * 9), True, id="compressed: refused by its first bytes"),
    ],
)
def test_a_missing_line_end_is_told_of_text_that_was_read_to_its_end(tmp_path, content, is_ended):
    path = tmp_path / "file"
    path.write_bytes(content)
    chunks = Chunks(path)
    assert list(BY_NAME["json"].parse(chunks)) or content == b""
    assert chunks.ended is is_ended

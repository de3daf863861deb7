"""What `mekong skip` left out needs no receipt; what was lost before it does."""

from __future__ import annotations

from array import array

import pytest

from mekong.deploy.verify.log import Records
from mekong.deploy.verify.skipped import without_skipped
from mekong.sinks.base import Source

SOURCE = Source("in.VN-CUSTOMS.v1", 0)


@pytest.mark.parametrize(
    ("answered", "skips", "left"),
    [
        pytest.param([2, 3], [], [2, 3, 4, 5, 6, 7], id="nothing was skipped"),
        pytest.param([2, 3, 6, 7], [6], [2, 3, 6, 7], id="what stands before the offset is left out"),
        pytest.param([2, 6, 7], [6], [2, 6, 7], id="from behind the last one answered"),
        pytest.param([2, 4, 6, 7], [6], [2, 3, 4, 6, 7], id="one before an answered one was lost"),
        pytest.param([2, 3, 4, 5, 6, 7], [5], [2, 3, 4, 5, 6, 7], id="the skip came too late"),
        pytest.param([4, 7], [4, 7], [4, 7], id="two skips"),
        pytest.param([], [7], [7], id="nothing was answered before"),
    ],
)
def test_only_what_a_skip_left_out_needs_no_receipt(answered, skips, left):
    messages = {SOURCE: Records(0, 8, array("Q", [2, 3, 4, 5, 6, 7]), 1)}
    found, skipped = without_skipped(messages, {SOURCE.topic: array("Q", answered)}, {SOURCE.topic: skips})
    assert list(found[SOURCE].offsets) == left
    assert skipped.get(SOURCE.topic, 0) == 6 - len(left)
    assert found[SOURCE].end == 8

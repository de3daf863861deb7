"""Ends the process of a worker that does not end by itself."""

from __future__ import annotations

import logging
import os
import time
from typing import Any

log = logging.getLogger(__name__)

END_WITHIN_S = 10.0
"""After a worker was asked to stop or has failed; less than a supervisor waits before it kills the worker."""


def end_at_last(worker: Any) -> None:
    """End the process when the worker does not end by itself in time.

    The worker's clients wait for a broker that does not answer, and some of them wait without a limit. As long as the process waits, its
    supervisor does not start it again. Killing a worker is safe.
    """
    while not worker.should_stop:
        time.sleep(0.2)
    time.sleep(END_WITHIN_S)
    log.warning("the worker did not end within %.0f s: ending the process now", END_WITHIN_S)
    os._exit(1)

"""``python -I -S tether.py PARENT COMMAND…``: become COMMAND, and be killed by the kernel when process PARENT ends.

Linux only does it (PR_SET_PDEATHSIG, prctl(2)); elsewhere COMMAND runs without it. Uses the standard library alone, so that it
starts in milliseconds, and runs before the child's own program, so that nothing is done between fork and exec.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Tie this process to its parent, then turn into the command."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # what a shell starts in the background ignores it, and so would COMMAND: Kafka ends by it
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before we were tied
            return
    os.execvp(command[0], command)  # noqa: S606 - no shell is the point


if __name__ == "__main__":
    main()

"""``python -I -S tether.py PARENT COMMAND…``: runs COMMAND in its place; the kernel kills COMMAND when process PARENT ends.

Only Linux does this (PR_SET_PDEATHSIG, prctl(2)). On other systems COMMAND runs without it. It uses only the standard library, so it
starts in milliseconds. It runs before the child's own program, so nothing is done between fork and exec.
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
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell's background process ignores it, and COMMAND would too: Kafka ends by it
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before this process was tied to it
            return
    os.execvp(command[0], command)  # noqa: S606 - no shell is the point


if __name__ == "__main__":
    main()

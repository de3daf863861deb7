"""The modules of this folder are for ``run.py``, which runs by itself; here its folder is put on the path as it is there."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

"""What the tests of evaluation share is in small_systems.py."""

import sys
from pathlib import Path

# Tests are imported one by one (importlib mode), so their folder is not on the path by itself.
sys.path.insert(0, str(Path(__file__).parent))

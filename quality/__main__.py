"""`python -m quality` does what the console script `quality` does."""

from __future__ import annotations

import sys

from quality.cli import main

if __name__ == "__main__":
    sys.exit(main())

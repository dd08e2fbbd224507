"""`python -m flows`: score a directory as a flow run, or serve the deployments."""

from __future__ import annotations

import sys

from flows import environment

if __name__ == "__main__":
    environment.prepare()
    from flows.command import listen_to_signals, main

    listen_to_signals()

    sys.exit(main())

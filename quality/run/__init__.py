"""A run over a directory: what is new is analysed, remembered, judged, written and noted.

Two phases over batches. First every batch is analysed and added to the state; then every
batch is judged, its rows are synced to the run's part files, and the ledger notes them in
one transaction with the sizes of those files. After `kill -9` the next run over the same
state cuts the part files back to what was noted and carries on (same folder) or completes
the old folder with what it had (another folder); nothing is lost, nothing is scored twice.
"""

from quality.run.batches import CHUNK, Batch, BatchResult, analyze_batch, plan_batches
from quality.run.plan import Plan, make_plan, settled_inputs
from quality.run.whole import Run, open_run

__all__ = [
    "CHUNK",
    "Batch",
    "BatchResult",
    "Plan",
    "Run",
    "analyze_batch",
    "make_plan",
    "open_run",
    "plan_batches",
    "settled_inputs",
]

"""Worker processes: a page that hangs or kills its process fails alone, the others go on.

Work on an item has two steps: its own, and one for all items of a chunk together, where
arithmetic on many at once costs half. Two limits guard each step: an alarm inside the worker
ends Python code that takes too long, and the parent ends the process where that does not help.
"""

from quality.workers.crew import run_in_workers
from quality.workers.work import Work, WorkerFailure

__all__ = ["Work", "WorkerFailure", "run_in_workers"]

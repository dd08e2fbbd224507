"""Faults done to a served pipeline: killed processes, full disks, files half written.

`python -m benchmarks.faults` does each and says what became of it.
"""

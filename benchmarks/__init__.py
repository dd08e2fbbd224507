"""Measurements as commands: the gate, and us beside the peers in one run."""

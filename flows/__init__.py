"""The pipeline under Prefect: scheduled runs, a page per run, alarms. No `if` about content.

The floor above everything else: `quality` does the work and knows nothing of Prefect.
Importing this package imports nothing; `flows.environment` must come before Prefect.
"""

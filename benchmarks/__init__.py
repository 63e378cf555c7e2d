"""MEASURES: how good panels are, and where the time of a run goes. `python -m benchmarks --help` lists the commands."""

import litelong  # noqa: F401 - before pyarrow

"""The machine that a benchmark ran on: without it a time means nothing."""

import os
import platform
from pathlib import Path

from litelong import __version__


def machine() -> str:
    """Processor, cores, Python and litelong in one line; nothing that names the host."""
    cores = os.cpu_count() or 1
    return f"{_processor()}, {cores} cores, {platform.system()}, Python {platform.python_version()}, litelong {__version__}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return " ".join((names[0] if names else platform.processor() or platform.machine()).split())

"""The machine that figures were measured on."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

import psutil

BUSY_S = 1.0
LIBRARIES = ("faust-streaming", "aiokafka", "rocksdict", "msgspec", "uvloop")


def described() -> list[str]:
    """What it is, a line each."""
    memory_gib = psutil.virtual_memory().total / 2**30
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return [
        f"{os.cpu_count()} cores ({_processor()}), {memory_gib:.0f} GiB, {platform.system()} {platform.release()}; "
        "shared by the broker, the database and everything measured",
        f"{platform.python_implementation()} {platform.python_version()}, {libraries}",
    ]


def load() -> str:
    """What else goes on: the load average, and how busy the cores are for a moment in which the bench rests."""
    return f"{os.getloadavg()[0]:.2f}, {psutil.cpu_percent(BUSY_S):.0f} % busy"


def _processor() -> str:
    file = Path("/proc/cpuinfo")
    if file.exists():
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()

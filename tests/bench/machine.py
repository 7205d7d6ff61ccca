"""The machine that figures were measured on."""

import json
import os
import platform
import time
import timeit
from importlib.metadata import version
from pathlib import Path

import psutil

BUSY_S = 1.0
# What json.loads took for a similar event (241 bytes) when the targets were set.
YARDSTICK_THEN_US = 3.5
YARDSTICK = json.dumps(
    {
        "id": "e-123456",
        "source": "/shop",
        "type": "cart.added",
        "time": "2026-01-05T12:00:00Z",
        "workspace_id": "acme",
        "customer_id": "c-123456",
        "data": {
            "value": 12.5,
            "items": [1, 2, 3],
            "name": "some product name",
            "category": "shoes",
            "currency": "EUR",
        },
    }
)
LIBRARIES = ("faust-streaming", "aiokafka", "rocksdict", "msgspec", "uvloop")


def described() -> list[str]:
    """What it is, a line each."""
    memory_gib = psutil.virtual_memory().total / 2**30
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return [
        f"{os.cpu_count()} cores ({_processor()}), {memory_gib:.0f} GiB, {platform.system()} {platform.release()}; "
        "shared by the broker, the database and everything measured",
        f"yardstick: {yardstick_us():.1f} µs to decode a small event with json.loads; "
        f"about {YARDSTICK_THEN_US} µs on the machine on which the targets were set",
        f"{platform.python_implementation()} {platform.python_version()}, {libraries}",
    ]


def load() -> str:
    """What else goes on: the load average, and how busy the cores are for a moment in which the bench rests.

    And how fast the machine is just now, which on a shared one is not always the same.
    """
    return (
        f"{os.getloadavg()[0]:.2f}, {psutil.cpu_percent(BUSY_S):.0f} % busy, {yardstick_us():.1f} µs by the yardstick"
    )


def yardstick_us() -> float:
    """CPU time, in µs, in which the standard library decodes one event of 256 bytes; the best of some tries."""
    timer = timeit.Timer(lambda: json.loads(YARDSTICK), timer=time.process_time)
    return min(timer.repeat(repeat=5, number=5_000)) / 5_000 * 1e6


def _processor() -> str:
    file = Path("/proc/cpuinfo")
    if file.exists():
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()

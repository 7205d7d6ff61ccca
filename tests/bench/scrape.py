"""What a process tells Prometheus, by metric and label."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping

import httpx
from prometheus_client.parser import text_string_to_metric_families

from orchestrator.local.ports import LOOPBACK

Samples = Mapping[tuple[str, str], float]  # by name and the label that is asked for ("" where there is none)


async def scrape(port: int, label: str) -> Samples:
    """Every sample, added up over all labels but ``label``."""
    answer = await asyncio.to_thread(httpx.get, f"http://{LOOPBACK}:{port}/metrics")
    answer.raise_for_status()
    samples: defaultdict[tuple[str, str], float] = defaultdict(float)
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            samples[sample.name, sample.labels.get(label, "")] += sample.value
    return samples


def total(samples: Samples, name: str) -> float:
    """The sum over all values of the label."""
    return sum(value for (each, _), value in samples.items() if each == name)

"""The page of the metrics: every one that a process exposes."""

from prometheus_client.metrics import MetricWrapperBase

from orchestrator.reference.markdown import code, page, table
from orchestrator.telemetry import metrics

ABOUT = (
    "Every metric of the program, from the place where each is declared. A process serves those it counts at "
    "`ORCHESTRATOR_METRICS_PORT`, under `/metrics`. Units are seconds, bytes and records; labels never name a "
    "customer. What to watch and what to do: [operations.md](../operations.md)."
)


def metrics_page() -> str:
    """The page as Markdown."""
    found = [each for each in vars(metrics).values() if isinstance(each, MetricWrapperBase)]
    rows = sorted((code(_name(each)), str(each._type), _labels(each), each._documentation) for each in found)
    return page("Metrics", ABOUT, [table(("metric", "type", "labels", "meaning"), rows)])


def _labels(metric: MetricWrapperBase) -> str:
    return ", ".join(map(code, metric._labelnames))


def _name(metric: MetricWrapperBase) -> str:
    """As it is exposed: counters end in ``_total``."""
    return f"{metric._name}_total" if metric._type == "counter" else metric._name

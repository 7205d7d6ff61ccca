"""Every Prometheus metric, declared once. Labels are bounded: never a customer id, never free text.

Base units: seconds, bytes, records. A contract test compares these names with those in ``deploy/``.
"""

from prometheus_client import Counter, Gauge, Histogram

_COMMIT_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_LAG_BUCKETS_S = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 5, 15, 60, 300, 1_800, 7_200)
_DELAY_BUCKETS_S = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

# ── every process ───────────────────────────────────────────────────────────────────────────────────────────────────
BUILD = Gauge(
    "orchestrator_build_info",
    "Always 1: which program this is, and which of its processes (worker, sink, api, adapter).",
    ["version", "python", "role"],
)
CLOCK = Gauge("orchestrator_clock_seconds", "The process's own clock at the moment it is asked, Unix time.")
LOOP_DELAY = Histogram(
    "orchestrator_event_loop_delay_seconds",
    "How much later than asked for the event loop turned, looked at twice a second.",
    buckets=_DELAY_BUCKETS_S,
)
SPANS = Counter(
    "orchestrator_trace_spans_total",
    "Spans by what became of them (exported; dropped: the queue was full; failed: the collector did not take them).",
    ["result"],
)

# ── worker ──────────────────────────────────────────────────────────────────────────────────────────────────────────
RECORDS_CONSUMED = Counter(
    "orchestrator_records_consumed_total",
    "Records read from an input topic, by what became of them (applied, duplicate, forwarded, dead_letter, ignored).",
    ["topic", "result"],
)
DEAD_LETTERS = Counter(
    "orchestrator_dead_letters_total", "Records set aside, by topic and reason.", ["topic", "reason"]
)
COMMANDS = Counter("orchestrator_send_commands_total", "Send commands published, by channel.", ["channel"])
ACTIVITIES = Counter("orchestrator_activities_total", "Activities published, by type.", ["type"])
SUPPRESSED = Counter(
    "orchestrator_sends_suppressed_total", "Sends not made or put off, by the rule that said so.", ["rule"]
)
BATCH_SECONDS = Histogram(
    "orchestrator_batch_step_seconds", "Duration of each step of a batch.", ["step"], buckets=_COMMIT_BUCKETS_S
)
BATCH_RECORDS = Histogram(
    "orchestrator_batch_records", "Records in one batch.", buckets=(1, 5, 10, 50, 100, 250, 500, 1_000, 2_000, 4_000)
)
EVENT_LAG = Histogram(
    "orchestrator_event_lag_seconds", "From a record's arrival in Kafka to its decision.", buckets=_LAG_BUCKETS_S
)
LAG_RECORDS = Gauge(
    "orchestrator_lag_records",
    "Records of a partition that this worker owns and has not committed, read or unread.",
    ["topic", "partition"],
)
LAG_SECONDS = Gauge(
    "orchestrator_lag_seconds",
    "Age of the oldest record that was read and is not committed yet, by its arrival in Kafka.",
    ["topic", "partition"],
)
ALLOWANCE_MESSAGES = Counter(
    "orchestrator_allowance_messages_total",
    "Messages between partitions about limits over all customers, by what they say (asked, called, returned, granted; "
    "nothing_left: granted, but nothing).",
    ["kind"],
)
TIMERS_PENDING = Gauge("orchestrator_timers_pending", "Customers with a due time ahead, in this worker.")
TIMERS_HELD = Gauge(
    "orchestrator_timers_held", "Customers with something due that a paused journey holds back, in this worker."
)
TIMER_LATENESS = Histogram(
    "orchestrator_timer_lateness_seconds", "From a timer's due time to its decision.", buckets=_LAG_BUCKETS_S
)
PARTITIONS_OWNED = Gauge("orchestrator_partitions_owned", "Customer partitions this worker owns.")
CUSTOMER_PARTITIONS = Gauge(
    "orchestrator_customer_partitions", "Customer partitions that all workers share, as declared; 0: this is no worker."
)
RECOVERY_LEFT = Gauge(
    "orchestrator_recovery_left_records",
    "Changelog offsets that a recovery under way has not read yet; 0: none is under way.",
)
RECOVERED_RECORDS = Counter("orchestrator_recovered_records_total", "Changelog records read to rebuild local state.")
RECOVERY_SECONDS = Histogram(
    "orchestrator_recovery_seconds", "Time from assignment to readiness.", buckets=_LAG_BUCKETS_S
)
REBALANCES = Counter("orchestrator_rebalances_total", "Times the group gave this worker its share of the partitions.")
STATE_FREE_BYTES = Gauge(
    "orchestrator_state_free_bytes", "Free bytes of the disk on which this worker keeps its state."
)
STATE_CAPACITY_BYTES = Gauge(
    "orchestrator_state_capacity_bytes", "Size of the disk on which this worker keeps its state; 0: this is no worker."
)
STANDBYS = Gauge("orchestrator_standby_partitions", "Partitions of others of which this worker keeps a copy.")
STANDBY_LAG = Gauge("orchestrator_standby_lag_records", "Changelog offsets that the copies of this worker are behind.")
CONFIG_REVISION = Gauge("orchestrator_config_revision", "Offset of the last config record a worker has taken over.")
DECISIONS_REPEATED = Counter(
    "orchestrator_decisions_repeated_total",
    "Batches decided again because a config changed before they were published.",
)

# ── sink ────────────────────────────────────────────────────────────────────────────────────────────────────────────
SINK_ROWS = Counter(
    "orchestrator_sink_rows_total",
    "Activities by what became of them (written, duplicate, refused, expired unread).",
    ["result"],
)
SINK_BATCH_SECONDS = Histogram("orchestrator_sink_batch_seconds", "One sink transaction.", buckets=_COMMIT_BUCKETS_S)
SINK_LAST_COMMIT = Gauge("orchestrator_sink_last_commit_timestamp_seconds", "When the sink last committed, Unix time.")
SINK_WRITING = Gauge(
    "orchestrator_sink_writing",
    "1 while this sink is the one that writes: PostgreSQL and Kafka have been reached, and nobody else holds the lock.",
)
SINK_LAG_RECORDS = Gauge(
    "orchestrator_sink_lag_records", "Activities in Kafka that the sink has not written.", ["partition"]
)

# ── channel adapters ────────────────────────────────────────────────────────────────────────────────────────────────
ADAPTER_COMMANDS = Counter(
    "orchestrator_adapter_commands_total",
    "Send commands by what became of them (sent, failed, bounced, repeated, dead_letter).",
    ["channel", "result"],
)
ADAPTER_TRIES = Counter(
    "orchestrator_adapter_tries_total",
    "Tries to send, by how they ended (sent, refused, later, unknown).",
    ["channel", "result"],
)
ADAPTER_SEND_SECONDS = Histogram(
    "orchestrator_adapter_send_seconds", "One try, as long as the provider takes.", ["channel"]
)
ADAPTER_DELAY_SECONDS = Histogram(
    "orchestrator_adapter_delay_seconds",
    "From the decision to send to its answer by the adapter.",
    ["channel"],
    buckets=_LAG_BUCKETS_S,
)
ADAPTER_WRITE_SECONDS = Histogram(
    "orchestrator_adapter_write_seconds", "One transaction of an adapter.", buckets=_COMMIT_BUCKETS_S
)
ADAPTER_PARTITIONS = Gauge("orchestrator_adapter_partitions", "Partitions this adapter owns.", ["channel"])
ADAPTER_IN_HAND = Gauge("orchestrator_adapter_in_hand", "Commands taken up and not answered yet.", ["channel"])
ADAPTER_WAITING = Gauge("orchestrator_adapter_waiting", "Commands that wait for another try.", ["channel"])
ADAPTER_KNOWN = Gauge("orchestrator_adapter_known_ids", "Command ids that are remembered.", ["channel"])
ADAPTER_REPORTS = Counter(
    "orchestrator_adapter_reports_total",
    "Reports of providers, by what became of them (taken, refused).",
    ["channel", "result"],
)

# ── API ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
REQUESTS = Histogram(
    "orchestrator_http_request_seconds",
    "HTTP requests by route template, method and status.",
    ["route", "method", "status"],
)
EVENTS_OFFERED = Counter(
    "orchestrator_events_offered_total",
    "Events that came over HTTP, by what became of them (accepted, unavailable: Kafka did not acknowledge them, or the "
    "code of the refusal).",
    ["result"],
)
HOOK_REQUESTS = Counter(
    "orchestrator_hook_requests_total",
    "Webhooks that came in, by what became of them (accepted; no_rule: no event by its mapping; refused: of no use to "
    "it; unknown_hook, no_signature, stale_signature, wrong_signature; limited; unavailable: Kafka did not take them).",
    ["result"],
)
HOOK_EVENTS = Counter(
    "orchestrator_hook_events_total",
    "Events that webhooks were, by what became of them (accepted; left_out: an item that could not be used).",
    ["result"],
)
OUTBOX_PENDING = Gauge(
    "orchestrator_outbox_pending", "Config records written to PostgreSQL and not yet relayed to Kafka."
)
OUTBOX_RELAY_SECONDS = Histogram(
    "orchestrator_outbox_relay_seconds",
    "From a config change's commit to its acknowledgement by Kafka.",
    buckets=_COMMIT_BUCKETS_S,
)
BRAKES = Counter("orchestrator_brakes_tripped_total", "Journeys that were paused by their brake.")
BACKTESTS = Counter(
    "orchestrator_backtests_total",
    "Backtests run by the API, by what became of them (done, failed, cancelled).",
    ["end"],
)
SUBSCRIPTION_MESSAGES = Counter(
    "orchestrator_subscription_messages_total",
    "Attempts to send subscribers a day's figures, by what became of them (delivered, given_up; failed: tried again).",
    ["result"],
)
ROWS_FORGOTTEN = Counter(
    "orchestrator_rows_forgotten_total",
    "Rows deleted because of their age, by what they were (activities, runs, refusals, requests, backtests).",
    ["table"],
)


def _begin_at_zero() -> None:
    """Of a count that begins at 1, Prometheus sees no increase."""
    for counter, values in (
        (SPANS, ("exported", "dropped", "failed")),
        (SINK_ROWS, ("written", "duplicate", "refused", "expired")),
        (EVENTS_OFFERED, ("accepted", "unavailable")),
        (HOOK_REQUESTS, ("accepted", "no_rule", "refused", "limited", "unavailable")),
        (HOOK_REQUESTS, ("unknown_hook", "no_signature", "stale_signature", "wrong_signature")),
        (HOOK_EVENTS, ("accepted", "left_out")),
        (BACKTESTS, ("done", "failed", "cancelled")),
        (SUBSCRIPTION_MESSAGES, ("delivered", "failed", "given_up")),
        (ROWS_FORGOTTEN, ("activities", "runs", "refusals", "requests", "backtests")),
    ):
        for value in values:
            counter.labels(value)


_begin_at_zero()

"""What the API can do, and the command that asks for it. A test compares this with ``schemas/openapi.json``."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

ROOT = "/api/v1"
BASE = f"{ROOT}/033-omnichannel-journey-orchestrator"
READING = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Operation:
    """One request that the API takes.

    ``command``: the words that ask for it, after ``orchestrator``. ``is_kept``: the API keeps its answer under an
    Idempotency-Key, so that it may be sent again when the answer was lost. ``is_known_by_ids``: it may be anyway.
    """

    method: str
    path: str
    command: str
    is_kept: bool = True
    is_known_by_ids: bool = False

    @property
    def is_reading(self) -> bool:
        """Whether it changes nothing."""
        return self.method in READING

    @property
    def is_repeatable(self) -> bool:
        """Whether sending it again does nothing twice."""
        return self.is_reading or self.is_kept or self.is_known_by_ids

    def path_with(self, values: Mapping[str, object]) -> str:
        """The path with ``values`` in it, each percent-encoded as one segment.

        Points are encoded too: a customer may be called "..", and a client would take that for the folder above.
        """
        return self.path.format(
            **{name: quote(str(value), safe="").replace(".", "%2E") for name, value in values.items()}
        )


OPERATIONS: Mapping[str, Operation] = {
    "listJourneys": Operation("GET", BASE, "journeys list"),
    "createJourney": Operation("POST", BASE, "journeys create"),
    "getJourney": Operation("GET", f"{BASE}/{{id}}", "journeys show"),
    "changeJourney": Operation("PATCH", f"{BASE}/{{id}}", "journeys update"),
    "stopJourney": Operation("DELETE", f"{BASE}/{{id}}", "journeys delete"),
    "publishJourney": Operation("POST", f"{BASE}/{{id}}/publish", "journeys publish"),
    "pauseJourney": Operation("POST", f"{BASE}/{{id}}/pause", "journeys pause"),
    "resumeJourney": Operation("POST", f"{BASE}/{{id}}/resume", "journeys resume"),
    "endJourney": Operation("POST", f"{BASE}/{{id}}/stop", "journeys stop"),
    "archiveJourney": Operation("POST", f"{BASE}/{{id}}/archive", "journeys archive"),
    "listVersions": Operation("GET", f"{BASE}/{{id}}/versions", "journeys versions"),
    "getVersion": Operation("GET", f"{BASE}/{{id}}/versions/{{version}}", "journeys version"),
    "previewVersion": Operation("POST", f"{BASE}/{{id}}/versions/preview", "journeys preview"),
    "requestEntry": Operation("POST", f"{BASE}/{{id}}/entries", "journeys enter"),
    "checkDefinition": Operation("POST", f"{ROOT}/definitions/check", "journeys check"),
    "rehearseDefinition": Operation("POST", f"{ROOT}/definitions/rehearse", "journeys test"),
    "getJourneyMetrics": Operation("GET", f"{BASE}/{{id}}/metrics", "journeys metrics"),
    "listJourneyActivities": Operation("GET", f"{BASE}/{{id}}/activities", "journeys activities"),
    "listExperiments": Operation("GET", f"{BASE}/{{id}}/experiments", "journeys experiments"),
    "explainCustomer": Operation("GET", f"{BASE}/{{id}}/customers/{{customer_id}}/explain", "journeys explain"),
    "getJourneyPositions": Operation("GET", f"{BASE}/{{id}}/positions", "journeys positions"),
    "getJourneyGuardrails": Operation("GET", f"{BASE}/{{id}}/guardrails", "journeys guardrails"),
    "getOverview": Operation("GET", f"{ROOT}/overview", "reports overview"),
    "exportOverview": Operation("GET", f"{ROOT}/overview/export", "reports overview"),
    "exportJourney": Operation("GET", f"{BASE}/{{id}}/export", "reports journey"),
    "exportActivities": Operation("GET", f"{BASE}/{{id}}/activities/export", "reports activities"),
    "getWorkspace": Operation("GET", f"{ROOT}/workspace", "workspace show"),
    "changeWorkspace": Operation("PATCH", f"{ROOT}/workspace", "workspace set"),
    "replaceWorkspace": Operation("PUT", f"{ROOT}/workspace", "workspace replace"),
    "checkWorkspace": Operation("POST", f"{ROOT}/workspace/check", "workspace check"),
    "listKeys": Operation("GET", f"{ROOT}/keys", "keys list"),
    # Its answer has a secret, which the API does not keep.
    "createKey": Operation("POST", f"{ROOT}/keys", "keys create", is_kept=False),
    "revokeKey": Operation("DELETE", f"{ROOT}/keys/{{id}}", "keys revoke"),
    "listSubscriptions": Operation("GET", f"{ROOT}/subscriptions", "subscriptions list"),
    # Its answer has a secret too.
    "createSubscription": Operation("POST", f"{ROOT}/subscriptions", "subscriptions create", is_kept=False),
    "deleteSubscription": Operation("DELETE", f"{ROOT}/subscriptions/{{id}}", "subscriptions delete"),
    "testSubscription": Operation("POST", f"{ROOT}/subscriptions/{{id}}/test", "subscriptions test"),
    "listAudit": Operation("GET", f"{ROOT}/audit", "audit"),
    "startBacktest": Operation("POST", f"{ROOT}/backtests", "backtests start"),
    "listBacktests": Operation("GET", f"{ROOT}/backtests", "backtests list"),
    "getBacktest": Operation("GET", f"{ROOT}/backtests/{{id}}", "backtests show"),
    "cancelBacktest": Operation("DELETE", f"{ROOT}/backtests/{{id}}", "backtests cancel"),
    "listProposals": Operation("GET", f"{ROOT}/proposals", "proposals list"),
    "getProposal": Operation("GET", f"{ROOT}/proposals/{{id}}", "proposals show"),
    "approveProposal": Operation("POST", f"{ROOT}/proposals/{{id}}/approve", "proposals approve"),
    "rejectProposal": Operation("POST", f"{ROOT}/proposals/{{id}}/reject", "proposals reject"),
    "eraseCustomer": Operation("POST", f"{ROOT}/erasures", "erasures request"),
    "getErasure": Operation("GET", f"{ROOT}/erasures/{{receipt}}", "erasures show"),
    "listSchedules": Operation("GET", f"{ROOT}/schedules", "schedules"),
    "listSegments": Operation("GET", f"{ROOT}/segments", "segments"),
    "publishEvents": Operation("POST", f"{ROOT}/events", "events send", is_kept=False, is_known_by_ids=True),
    "listEventTypes": Operation("GET", f"{ROOT}/event-types", "event-types"),
    "listHooks": Operation("GET", f"{ROOT}/hooks", "hooks list"),
    "createHook": Operation("POST", f"{ROOT}/hooks", "hooks create"),
    # Its answer has what customers did, which the API does not keep.
    "checkHook": Operation("POST", f"{ROOT}/hooks/check", "hooks check", is_kept=False),
    "getHook": Operation("GET", f"{ROOT}/hooks/{{id}}", "hooks show"),
    "changeHook": Operation("PATCH", f"{ROOT}/hooks/{{id}}", "hooks update"),
    "deleteHook": Operation("DELETE", f"{ROOT}/hooks/{{id}}", "hooks delete"),
    "getLiveness": Operation("GET", "/livez", "status"),
    "getReadiness": Operation("GET", "/readyz", "status"),
}

"""Settings before and after a change, and whether it loosens: what the page tells and what the API acts on are one."""

from typing import Any

CAP = {"limit": 3, "per": "P7D"}
BUDGET = {"kind": "money", "limit": 500, "per": "day"}
BRAKE = {"outcome": "bounced", "percent": 5}
QUIET = {"from": "21:00", "to": "08:00"}
LOOSER_OR_TIGHTER: list[tuple[str, Any, Any, str]] = [
    # rule, from, to, which the way back must be the opposite of
    ("caps", [CAP], [{**CAP, "limit": 2}], "tightened"),
    ("caps", [CAP], [{**CAP, "per": "P8D"}], "tightened"),
    ("caps", [CAP], [{**CAP, "limit": 2, "per": "P14D"}], "tightened"),
    ("caps", [CAP], [{**CAP, "limit": 2, "per": "P1D"}], "changed"),
    ("caps", [CAP], [{**CAP, "per": "week"}], "changed"),  # a calendar week is no seven days
    ("caps", [{**CAP, "per": "day"}], [{**CAP, "per": "week"}], "tightened"),
    ("caps", [], [CAP], "tightened"),
    ("minimum_gap", "PT4H", "PT6H", "tightened"),
    ("minimum_gap", None, "PT1H", "tightened"),
    ("quiet_hours", None, QUIET, "tightened"),
    ("quiet_hours", QUIET, {**QUIET, "from": "20:30"}, "tightened"),
    ("quiet_hours", QUIET, {"from": "20:00", "to": "07:00"}, "changed"),
    ("quiet_hours", QUIET, {**QUIET, "weekdays": ["monday"]}, "tightened"),
    ("quiet_hours", {**QUIET, "channels": ["sms"]}, QUIET, "tightened"),
    ("quiet_hours", {**QUIET, "channels": ["sms"]}, {**QUIET, "channels": ["push"]}, "changed"),
    ("quiet_hours", QUIET, {**QUIET, "on_quiet": "skip"}, "tightened"),
    ("quiet_hours", QUIET, {"from": "20:00", "to": "08:00", "weekdays": ["monday"]}, "tightened"),
    ("fallback_zones", ["UTC"], ["UTC", "Asia/Tokyo"], "tightened"),
    ("fallback_zones", ["UTC"], ["Asia/Tokyo"], "changed"),
    ("consent", {"marketing": "opt_out"}, {"marketing": "required"}, "tightened"),
    ("consent", {"marketing": "none"}, {"marketing": "opt_out"}, "tightened"),
    ("consent", {"news": "none"}, {}, "tightened"),  # what is not named needs a yes
    ("consent", {"transactional": "opt_out"}, {"news": "none"}, "loosened"),
    ("consent", {"marketing": "none"}, {"transactional": "opt_out", "news": "none"}, "changed"),
    ("budgets", [BUDGET], [{**BUDGET, "limit": 400}], "tightened"),
    ("budgets", [BUDGET], [{**BUDGET, "per": "total"}], "tightened"),
    ("budgets", [BUDGET], [{**BUDGET, "zone": "Asia/Tokyo"}], "changed"),
    ("budgets", [BUDGET], [{**BUDGET, "when_spent": "skip"}], "tightened"),
    ("rates", [{"limit": 100, "per": "second"}], [{"limit": 100, "per": "minute"}], "tightened"),
    ("rates", [{"limit": 100, "per": "minute"}], [{"limit": 2, "per": "second"}], "changed"),
    ("brakes", [BRAKE], [{**BRAKE, "percent": 4}], "tightened"),
    ("brakes", [BRAKE], [{**BRAKE, "at_least": 100}], "tightened"),
    ("brakes", [BRAKE], [{**BRAKE, "within": "P2D"}], "changed"),
]
OPPOSITE = {"tightened": "loosened", "loosened": "tightened", "changed": "changed"}


def guarded(**rules: Any) -> dict[str, Any]:
    """Settings with a rule beside which another may come and go."""
    consent = {} if "consent" in rules else {"consent": {"marketing": "required"}}
    return {"guardrails": {**consent, **{name: rule for name, rule in rules.items() if rule is not None}}}

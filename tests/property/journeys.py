"""Random journeys that may be published, and random lives of a customer."""

from typing import Any

from hypothesis import strategies as st

from orchestrator.messages.event import EngagementEvent
from tests.builders import CUSTOMER, DAY, HOUR, MINUTE, MONDAY_NOON, WORKSPACE

EVENTS = ("signed_up", "ordered", "viewed", "left")
CHANNELS = ("email", "sms", "push")
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Chatham", "nowhere/at_all")
DURATIONS = ("PT1S", "PT30M", "PT5H", "P1D", "P3DT7H", "P20D")


@st.composite
def journeys(draw: st.DrawFn) -> dict[str, Any]:
    """A journey whose steps each lead to later steps only, so that all may be reached, but for loops that wait."""
    count = draw(st.integers(1, 7))
    ids = [f"s{i}" for i in range(count)]
    goal = draw(
        st.none() | st.fixed_dictionaries({"event": st.sampled_from(EVENTS), "window": st.sampled_from(DURATIONS)})
    )
    built: dict[str, Any] = {"done": {"kind": "exit"}}
    for index in reversed(range(count)):
        # One way always leads to the next step, so that every step can be reached.
        onward = ids[index + 1] if index + 1 < count else "done"
        anywhere = st.sampled_from([*ids[index + 1 :], "done"])
        kind = draw(st.sampled_from(["plain", "plain", "action", "loop", "experiment"]))
        if kind == "loop":
            loop = f"l{index}"
            built[loop] = {
                "kind": "loop",
                "times": draw(st.integers(1, 3)),
                "back_to": draw(st.sampled_from(ids[: index + 1])),
                "next": onward,
            }
            built[ids[index]] = {"kind": "wait", "duration": draw(st.sampled_from(DURATIONS)), "next": loop}
        elif kind == "experiment" and goal is not None:
            arms = [{"name": "a", "next": onward}, {"name": "b", "next": draw(anywhere)}]
            built[ids[index]] = {"kind": "experiment", "arms": arms, "horizon": "P90D"}
        elif kind == "action":
            built[ids[index]] = draw(_action(onward))
        else:
            built[ids[index]] = draw(_step(onward, anywhere))
    document = {
        "name": "Random",
        "entry": {
            "kind": "event",
            "type": draw(st.sampled_from(EVENTS)),
            "grace": draw(st.sampled_from([None, None, "PT2M", "PT1H"])),
            "re_entry": draw(
                st.sampled_from(
                    [
                        {"kind": "never"},
                        {"kind": "always"},
                        {"kind": "after", "period": draw(st.sampled_from(DURATIONS))},
                    ]
                )
            ),
        },
        "start": ids[0],
        "steps": built,
        "guardrails": draw(guardrails()),
        "exit_on": draw(
            st.sampled_from(
                [
                    [],
                    [{"event": "left", "reason": "left_us"}],
                    [{"when": {"kind": "happened", "event": "left", "at_least": 2}, "reason": "left_twice"}],
                ]
            )
        ),
    }
    if goal is not None:
        document["goal"] = {**goal, "exits": draw(st.booleans()), "value": "amount"}
        document["holdout"] = {"percent": draw(st.sampled_from([0, 30, 90]))}
    falls_back = any("quiet_hours" in step.get("fallback", {}).get("when", ()) for step in built.values())
    if not falls_back and draw(st.booleans()):
        document["guardrails"].get("quiet_hours", {}).pop("channels", None)  # of all channels
    return document


def _action(onward: str) -> st.SearchStrategy[dict[str, Any]]:
    """A step that does something other than sending."""
    renewal = {"renewal": {"kind": "literal", "value": "2026-04-05"}}
    return st.sampled_from(
        [
            {"kind": "update", "set": renewal, "remove": ["plan"], "next": onward},
            {"kind": "emit", "event": "noted", "data": renewal, "next": onward},
            {"kind": "webhook", "endpoint": "crm", "next": onward},
        ]
    )


def _fallbacks() -> st.SearchStrategy[dict[str, Any]]:
    """Other channels to try, for different reasons."""
    to = st.lists(st.sampled_from(["whatsapp", "in-app"]), min_size=1, max_size=2, unique=True).map(
        lambda channels: [{"channel": channel, "template": "other"} for channel in channels]
    )
    at_once = st.sampled_from([["no_consent"], ["quiet_hours"], ["no_consent", "quiet_hours"]])
    return st.fixed_dictionaries({"to": to, "when": at_once}) | st.fixed_dictionaries(
        {
            "to": to,
            "when": st.sampled_from([["bounced"], ["not_opened"], ["no_consent", "failed", "not_opened"]]),
            "within": st.sampled_from(DURATIONS),
        }
    )


def _step(onward: str, anywhere: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    duration = st.sampled_from(DURATIONS)
    condition = st.sampled_from(
        [
            {"kind": "attribute", "name": "plan", "op": "eq", "value": "pro"},
            {"kind": "happened", "event": "viewed", "at_least": 2, "within": "P2D"},
            {"kind": "not", "of": {"kind": "field", "name": "amount", "op": "gt", "value": 5}},
            {"kind": "time_of_day", "from": "20:00", "to": "10:00", "weekdays": ["sunday", "monday"]},
            {
                "kind": "happened",
                "event": "ordered",
                "where": {"kind": "field", "name": "amount", "op": "ge", "value": 3},
            },
        ]
    )
    local_window = st.fixed_dictionaries(
        {
            "kind": st.just("local_window"),
            "from": st.sampled_from(["00:00", "09:00", "22:30"]),
            "to": st.sampled_from(["02:15", "17:00"]),
            "weekdays": st.sampled_from([["monday"], ["saturday", "sunday"]]),
        }
    )
    local_time = st.fixed_dictionaries(
        {
            "kind": st.just("local_time"),
            "time": st.sampled_from(["00:00", "02:30", "09:00", "23:59"]),
            "weekdays": st.sampled_from([["monday"], ["saturday", "sunday"], ["tuesday", "friday"]]),
        }
    )
    date = st.fixed_dictionaries(
        {"kind": st.just("date_attribute"), "name": st.just("renewal"), "before": duration, "when_missing": anywhere}
    )
    return st.one_of(
        st.fixed_dictionaries(
            {
                "kind": st.just("send"),
                "channel": st.sampled_from(CHANNELS),
                "template": st.just("t"),
                "category": st.sampled_from(["marketing", "transactional"]),
                "next": st.just(onward),
            },
            optional={"expires_after": duration, "fallback": _fallbacks()},
        ),
        st.fixed_dictionaries(
            {
                "kind": st.just("wait_for"),
                "condition": condition,
                "timeout": duration,
                "next": anywhere,
                "on_timeout": st.just(onward),
            }
        ),
        st.fixed_dictionaries({"kind": st.just("wait"), "duration": duration, "next": st.just(onward)}),
        st.fixed_dictionaries(
            {"kind": st.just("wait_until"), "until": st.one_of(local_time, local_window, date), "next": st.just(onward)}
        ),
        st.fixed_dictionaries(
            {
                "kind": st.just("wait_for"),
                "event": st.sampled_from([*EVENTS, "noted"]),
                "timeout": duration,
                "next": anywhere,
                "on_timeout": st.just(onward),
            },
            optional={"look_back": duration},
        ),
        st.fixed_dictionaries(
            {
                "kind": st.just("branch"),
                "paths": st.fixed_dictionaries({"when": condition, "next": anywhere}).map(lambda path: [path]),
                "otherwise": st.just(onward),
            }
        ),
        st.builds(
            lambda other: {
                "kind": "split",
                "paths": [
                    {"name": "a", "percent": 37.5, "next": onward},
                    {"name": "b", "percent": 62.5, "next": other},
                ],
            },
            anywhere,
        ),
    )


@st.composite
def guardrails(draw: st.DrawFn) -> dict[str, Any]:
    """Guardrails that leave some moment to send."""
    caps = draw(
        st.lists(
            st.fixed_dictionaries(
                {"limit": st.integers(1, 3), "per": st.sampled_from(["day", "week", "PT6H", "P2D"])},
                optional={"channel": st.sampled_from(CHANNELS), "scope": st.sampled_from(["journey", "customer"])},
            ),
            max_size=2,
        )
    )
    rules: dict[str, Any] = {"caps": caps, "fallback_zones": ["Europe/London"]}
    if draw(st.booleans()):
        rules["quiet_hours"] = {"from": "21:00", "to": "08:30", "on_quiet": draw(st.sampled_from(["defer", "skip"]))}
        if draw(st.booleans()):
            some = st.lists(st.sampled_from(CHANNELS), min_size=1, max_size=len(CHANNELS) - 1, unique=True)
            rules["quiet_hours"]["channels"] = draw(some)
        else:  # all but those that steps fall back to
            rules["quiet_hours"]["channels"] = list(CHANNELS)
    if draw(st.booleans()):
        rules["minimum_gap"] = draw(st.sampled_from(["PT1H", "P1D"]))
    rules["consent"] = {"marketing": draw(st.sampled_from(["required", "opt_out"])), "transactional": "none"}
    return rules


# A customer's life around the change to summer time in Europe (29 March 2026) and in America (8 March 2026).
SPRING = MONDAY_NOON + 60 * DAY


@st.composite
def lives(draw: st.DrawFn) -> list[EngagementEvent]:
    """Events of one customer in the order they arrive in: some late, some twice, some that change what is known."""
    moments = draw(st.lists(st.integers(0, 30 * 24 * 60), min_size=1, max_size=25))
    events = [_event(draw, number, SPRING + minute * MINUTE) for number, minute in enumerate(sorted(moments))]
    for _ in range(draw(st.integers(0, 3))):  # duplicates
        events.insert(draw(st.integers(0, len(events))), draw(st.sampled_from(events)))
    for _ in range(draw(st.integers(0, 3))):  # disorder
        at, to = draw(st.integers(0, len(events) - 1)), draw(st.integers(0, len(events) - 1))
        events.insert(to, events.pop(at))
    return events


def _event(draw: st.DrawFn, number: int, at_ms: int) -> EngagementEvent:
    type_ = draw(st.sampled_from([*EVENTS, *EVENTS, "customer.updated", "consent.granted", "consent.revoked"]))
    data: dict[str, object] = {"amount": draw(st.integers(0, 10))}
    if type_ == "customer.updated":
        data = {
            "attributes": {
                "timezone": draw(st.sampled_from(ZONES)),
                "plan": draw(st.sampled_from(["pro", None])),
                "renewal": draw(st.sampled_from(["2026-03-29", "2026-04-01T10:00:00Z", "soon"])),
            }
        }
    elif type_.startswith("consent."):
        data = {"channel": draw(st.sampled_from([*CHANNELS, "*"]))}
    return EngagementEvent(
        id=f"e{number}",
        source="test",
        type=type_,
        time_ms=at_ms,
        workspace_id=WORKSPACE,
        customer_id=CUSTOMER,
        data=data,
    )


FAR_FUTURE = SPRING + 400 * DAY + HOUR

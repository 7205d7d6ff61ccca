"""The page of the problems: every rule of the checks, and every kind of refusal of the API, with why and cure.

The tables stand here; tests/contract/test_reference.py compares their keys with every rule that the sources name.
"""

from collections.abc import Mapping
from typing import NamedTuple

from orchestrator.api.problems import TYPE_PREFIX
from orchestrator.reference.markdown import code, page, table

ABOUT = (
    "Every problem of a journey is reported at once, with its JSON path, its rule, why it matters and how to mend it, "
    "by `orchestrator journeys check`, by the API and by the page. Checks are for publishing: what was published "
    "before a check existed goes on running."
)


class Rule(NamedTuple):
    """What is wrong, and how to mend it."""

    wrong: str
    cure: str


DOCUMENT = {
    "missing, extra_forbidden, value_error …": Rule(
        "a field is missing, unknown, or of the wrong kind; the keys are those of pydantic", "as the message says"
    ),
    "not_json": Rule("it is no JSON, or no object", "mend it at the place that is named"),
    "not_yaml": Rule("a file is no YAML", "mend it at the place that is named"),
    "not_text": Rule("a file is not UTF-8", "save it as UTF-8"),
    "unreadable": Rule("a file cannot be read", "see to its name and rights"),
    "too_deep": Rule("it is nested so deeply that nobody meant it", "flatten it"),
    "too_large": Rule("it is larger than a definition may be", "split the journey"),
}
WAYS = {
    "unknown_step": Rule(
        "a way leads to no step; or a `delivery` condition names a step that is no `send`", "correct the name"
    ),
    "unreachable": Rule("no way leads to the step", "point a step at it, or remove it"),
    "no_exit": Rule("there is no exit step", "add one"),
    "loop": Rule("a circle without a `loop` step, so a customer could go round for ever", "go back through a `loop`"),
    "no_loop": Rule(
        "from `back_to` no way leads to the loop again", "go back to a step before it, or use `next` alone"
    ),
    "loop_without_wait": Rule("a way round without a wait: all rounds would happen at once", "put a wait on it"),
    "weights": Rule("the percents of a split are not 100 together, or have more than two decimals", "mend them"),
    "names": Rule("two paths or arms of one name", "rename one"),
    "never_taken": Rule("whoever could take the path has taken one before it", "put the narrower path first"),
}
TIMES = {
    "after_expiry": Rule(
        "by the quickest way to the step the run has expired (after a year, when `expires_after` is not said)",
        "shorten a wait, or raise `expires_after`",
    ),
    "longer_than_expiry": Rule(
        "the run expires before a wait can time out, or a fallback can hear of a failure",
        "shorten a wait, or raise `expires_after`",
    ),
    "shorter_than_quiet_hours": Rule(
        "a message put off at the beginning of quiet hours expires before it may be sent", "raise its `expires_after`"
    ),
    "shorter_than_gap": Rule(
        "a message put off by the minimum gap expires before it may be sent", "raise its `expires_after`"
    ),
    "always_quiet": Rule(
        "customers wait for a time in quiet hours, and the message after it is skipped",
        "choose another time, or `on_quiet: defer`",
    ),
    "outside_entry": Rule("a date of the schedule before `opens_at` or after `closes_at`", "move one of them"),
}
LIMITS = {
    "forbidden_by_cap": Rule(
        "on every way so many messages of the same channel and category come before this one, surely within the "
        "window of the cap, that it can never be sent. As a warning: if the messages of other channels and categories "
        "were sent",
        "raise the cap, drop a message, or use `fallback`",
    ),
    "forbidden_by_budget": Rule("one message costs more than the budget holds", "raise it"),
    "quiet_everywhere": Rule(
        "a fallback in quiet hours, where quiet hours hold for all its channels",
        "name the quiet ones in `quiet_hours.channels`",
    ),
    "same_channel": Rule("a send and its fallback try a channel twice", "name each channel once"),
    "missing_goal": Rule("a holdout or an experiment without a goal", "state what they are compared on"),
    "shorter_than_goal": Rule(
        "an experiment is over before its first customers can have reached the goal", "lengthen its `horizon`"
    ),
    "floors": Rule("the floors of the arms are more than 100 together", "lower `floor_percent`"),
    "missing_key": Rule("re-entry once per key, and no `key`", "name the field"),
}
CONDITIONS = {
    "never_holds": Rule(
        "it contradicts itself: `tier` is a and b, above 5 and below 3, done and not done",
        "correct or remove one of the two",
    ),
    "never_enters": Rule("the audience is excluded, or contradicts `where`", "correct one of them"),
    "nothing_sent_yet": Rule(
        "a report is asked for where its message cannot have been sent: at the entry, or before the send step",
        "ask in a later step",
    ),
    "unknown_segment": Rule("a segment that is not defined", "define it"),
    "segment_circle": Rule("a segment that is defined by itself", "define it by others"),
    "no_entry_event": Rule(
        "fields or variables of the entry event, where customers enter by segment or schedule",
        "use attributes, or what happened",
    ),
    "counted_by_fields": Rule(
        "the `where` of `happened` looks beyond the event's own fields", "use `field` conditions"
    ),
    "look_back_with_where": Rule("of past events only the times are kept", "remove one of the two"),
    "time_of_day": Rule("`from` and `to` are the same", "choose two times"),
    "condition_size": Rule(
        "more than 8 deep, 100 parts, or 1,000 with the segments it names written out", "split it over several branches"
    ),
}
WARNINGS = {
    "unused_channel": Rule("a limit on a channel that the journey never uses", "correct its spelling, or remove it"),
    "unused_category": Rule("a limit on a category that the journey never sends", "correct its spelling, or remove it"),
    "no_messages": Rule("a brake of a journey without messages", "remove it"),
    "unused_segment": Rule("a segment that no condition names", "remove it"),
    "long_wait": Rule("a wait of more than a year", "check the unit"),
    "goal_before_messages": Rule("the goal's window is over before the first message", "lengthen it"),
    "same_way": Rule("all arms lead to one step", "lead them apart"),
    "no_recheck": Rule(
        'time alone brings customers into the audience ("no order for 30 days"), and nobody looks', "add `recheck`"
    ),
    "put_off_every_time": Rule("a message right after a wait for a time in quiet hours", "choose another time"),
    "test_fails": Rule(
        "one of the journey's own tests fails; only over HTTP", "mend the journey, or what the test expects"
    ),
    "test_not_played": Rule(
        "a test was not played, since playing takes time; only over HTTP", "play it on the command line"
    ),
}
EVENTS: Mapping[str, Rule] = {
    "shape": Rule("the body is no list of events", "send one event, or a list of them"),
    "malformed": Rule("an event cannot be read", "mend it at its `path`"),
    "oversized": Rule("an event is larger than the topic takes", "send less, or a reference to it"),
    "wrong_workspace": Rule("an event names another workspace than that of the key", "leave it out, or use its key"),
    "reserved": Rule("a type that the orchestrator publishes itself", "use a type of your own"),
    "unsupported_encoding": Rule("data that is not JSON", "send JSON"),
    "unusable": Rule("a worker could not use the event", "mend it at its `path`"),
}
MAPPINGS: Mapping[str, Rule] = {
    "reserved": Rule("a type or a source that the orchestrator alone may use", "call it otherwise"),
    "says_nothing": Rule("an event of a type that is understood here, without what it must say", "add it under `data`"),
    "names": Rule("a field of the data stands within another that is given as a whole", "keep one of them"),
    "secret": Rule("a secret that is none for the mapping's signature", "take it as the other system gave it"),
}
# Reasons, which stand in the place of a rule.
WEBHOOKS: Mapping[str, Rule] = {
    "malformed": Rule("the payload is not JSON", "send JSON"),
    "missing": Rule("what an event needs is not there: id, customer, type or time", "name another place, or `when`"),
    "not_text": Rule("neither text nor a whole number", "name another place"),
    "not_a_number": Rule("no number, and no text that is one, such as `19.90`", "another place, or `lenient`"),
    "not_a_time": Rule("no moment, or one before 1900 or after 2200", "convert it: `seconds`, `milliseconds`"),
    "not_an_object": Rule("no object, where all its fields were to be taken", "name another place for `fields_of`"),
    "not_an_id": Rule("no event id: 1 to 256 characters", "name another place, or join less"),
    "same_id": Rule(
        "another event of the payload has the same source and id, and one of them would pass for the other",
        "`join` what tells them apart: a constant, or the number of the line",
    ),
    "not_a_customer": Rule("no customer id: 1 to 512 characters", "name another place"),
    "not_a_type": Rule("the sender's name cannot be made a type", "`rename` it"),
    "not_a_source": Rule("no source: 1 to 512 characters", "name another place"),
    "reserved": Rule("a type or a source that a sender may not name", "`rename` it, if it is meant"),
    "unusable": Rule("a consent, merge or update that says nothing a worker could use", "mend what the message names"),
    "too_many": Rule("more than 5,000 events, or items of a list", "let the sender send less at once"),
    "too_large": Rule("an event of more than 64 KiB, or all of more than 4 MiB", "take fewer fields"),
    "unwritable": Rule("a value that is no Unicode, or nests too deeply", "leave it out"),
}
OF_THE_API = {
    "bad-request": Rule("400: the request cannot be read", "as `detail` says"),
    "sign-in-refused": Rule("400: the provider refuses the sign-in", "sign in again"),
    "unauthorised": Rule("401: there is no key, or none in force", "send `Authorization: Bearer KEY`"),
    "forbidden": Rule("403: the key's role does not allow this", "ask with a key of the role that is named"),
    "not-found": Rule("404: this workspace has nothing of that id, or there is nothing at the path", "look at the id"),
    "method-not-allowed": Rule("405: the path does not take the method", "use one of those in the header `Allow`"),
    "too-slow": Rule("408: the body has not come in whole in 30 s", "send it again"),
    "conflict": Rule(
        "409: the state of the thing does not allow this; of a journey `allowed` says what it does", "read it again"
    ),
    "precondition-failed": Rule("412: it has changed since it was read", "read it again, and repeat the change"),
    "too-large": Rule("413: the body is larger than 1 MiB", "send less"),
    "unsupported-media-type": Rule("415: the body is not declared as JSON", "send `Content-Type: application/json`"),
    "validation": Rule("422: what was sent has problems; `errors` lists all of them", "mend each at its `path`"),
    "events-refused": Rule("422: none of the events was accepted; `refused` lists why", "mend each at its `path`"),
    "idempotency-key-reused": Rule("422: the `Idempotency-Key` was used for another request", "use a new one"),
    "too-many-requests": Rule("429: the caller asks too often", "go on after `Retry-After` seconds"),
    "internal": Rule("500: something unforeseen; the log has it under `request_id`", "tell the operator"),
    "unavailable": Rule(
        "503: PostgreSQL, Kafka or the provider does not answer", "try again after `Retry-After` seconds"
    ),
    "http": Rule("any other status of HTTP", "as `detail` says"),
}
OF_JOURNEYS: Mapping[str, Mapping[str, Rule]] = {
    "The document": DOCUMENT,
    "Ways": WAYS,
    "Times": TIMES,
    "Limits, goals and experiments": LIMITS,
    "Conditions": CONDITIONS,
}
_HEAD = ("rule", "what is wrong", "cure")


def problems_page() -> str:
    """The page as Markdown."""
    parts = []
    for title, rules in OF_JOURNEYS.items():
        parts += [f"## {title}", _table(rules)]
    parts += ["## Warnings", "These keep nothing from being published.", _table(WARNINGS)]
    parts += [
        "## Events over HTTP",
        "Each event that is published by [publishEvents](http-api.md#publishevents) is accepted or refused by itself.",
        _table(EVENTS),
    ]
    parts += [
        "## Mappings of webhooks",
        "What is wrong with a mapping, beside what may be wrong with any [document](#the-document).",
        _table(MAPPINGS),
        "What is wrong with a payload by its mapping: [receiveHook](http-api.md#receivehook) tells it, and the hook.",
        table(("reason", "what is wrong", "cure"), _rows(WEBHOOKS)),
        "## Of the HTTP API",
        f"Whatever goes wrong is told as `application/problem+json` (RFC 9457). `type` is `{TYPE_PREFIX}` and one of "
        f"these; `detail` is a sentence for people; `request_id` is also in the header `X-Request-Id` and in the log.",
        table(("kind", "when", "what to do"), _rows(OF_THE_API)),
    ]
    return page("Problems", ABOUT, parts)


def _table(rules: Mapping[str, Rule]) -> str:
    return table(_HEAD, _rows(rules))


def _rows(rules: Mapping[str, Rule]) -> list[tuple[str, str, str]]:
    return [(", ".join(map(code, name.split(", "))), rule.wrong, rule.cure) for name, rule in rules.items()]

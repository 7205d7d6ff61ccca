"""What the property test of the adapter leaves out: one id that stands for commands of several customers."""

from orchestrator.adapters.allowance import Allowance
from orchestrator.adapters.decision import Rules
from orchestrator.adapters.desk import Desk
from orchestrator.adapters.ledger import Memory
from orchestrator.adapters.result import Later, Sent
from tests.adapter_process import a_command

NOW_MS = 1_000_000
PAUSE_MS = 1_000


def test_an_id_that_was_sent_for_one_customer_is_not_sent_for_another() -> None:
    desk = Desk(Rules(is_repeatable=False, first_pause_ms=PAUSE_MS), Memory(), most_tries_at_once=10)
    allowance = Allowance(0, NOW_MS)
    desk.take(0, a_command(1, customer_id="ana"))
    first = desk.draft(NOW_MS, allowance)
    assert first is not None
    desk.ended(first.tries[0], Later("busy"), NOW_MS)
    desk.take(1, a_command(1, customer_id="bob"))
    second = desk.draft(NOW_MS, allowance)
    assert second is not None
    assert [piece.customer[1] for piece in second.tries] == ["bob"]
    desk.ended(second.tries[0], Sent(), NOW_MS)
    last = desk.draft(NOW_MS + PAUSE_MS, allowance)
    assert last is not None
    assert last.tries == []
    assert [each.answer and each.answer.outcome for each in last.answered] == ["sent", None]
    assert last.next_offset == 2

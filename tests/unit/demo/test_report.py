"""The report says what agreed and what did not, and is honest about both uplifts."""

from dataclasses import replace

from rich.console import Console

from orchestrator.demo.outcome import Outcome, contains_truth, is_compatible_with_none
from orchestrator.demo.report import print_address, print_outcome
from orchestrator.demo.tally import Line
from orchestrator.experiments.comparison import ArmSummary, compare

NO_EFFECT = compare(ArmSummary(2_000, 800), ArmSummary(500, 198), 0.8)
FIFTH_MORE = compare(ArmSummary(5_000, 1_200), ArmSummary(5_000, 1_000), 0.5)
HUGE = compare(ArmSummary(5_000, 3_000), ArmSummary(5_000, 1_000), 0.5)
NOTHING = compare(ArmSummary(0, 0), ArmSummary(0, 0), 0.5)

OUTCOME = Outcome(
    inputs=[Line("events", 10, 10)],
    win_back=[Line("runs: treatment", 8, 8)],
    trial_offer=[Line("revenue, $: holdout", 12.5, 12.5)],
    decisions=[Line("activities", 99, 99)],
    win_back_uplift=NO_EFFECT,
    trial_offer_uplift=FIFTH_MORE,
    differences=[],
)


def printed(outcome: Outcome) -> str:
    console = Console(width=1_000, record=True, quiet=False, file=None)
    with console.capture() as captured:
        print_outcome(console, outcome)
    return captured.get()


def test_agreement_is_said_with_what_was_compared() -> None:
    text = printed(OUTCOME)

    assert OUTCOME.agrees
    assert "Agreed: all 4 figures" in text
    assert "12.50" in text


def test_differences_are_listed() -> None:
    text = printed(
        replace(OUTCOME, decisions=[Line("activities", 99, 98)], differences=["Decisions, activities: 99, 98"])
    )

    assert "disagree" in text
    assert "Decisions, activities: 99, 98" in text
    assert "≠" in text


def test_both_uplifts_are_judged_by_what_is_known() -> None:
    text = printed(OUTCOME)

    assert "compatible with none; it is" in text
    assert "+20.0 %; it lies inside" in text
    assert is_compatible_with_none(NO_EFFECT)
    assert contains_truth(FIFTH_MORE)


def test_an_uplift_that_should_not_be_there_is_not_hidden() -> None:
    text = printed(replace(OUTCOME, win_back_uplift=HUGE, trial_offer_uplift=HUGE))

    assert "and it is not: 0 lies outside" in text
    assert "and it lies outside" in text


def test_too_few_customers_are_called_that() -> None:
    text = printed(replace(OUTCOME, win_back_uplift=NOTHING, trial_offer_uplift=NOTHING))

    assert "there are too few customers to say" in text
    assert "there are too few personas to say" in text


def test_the_dashboard_is_offered_only_while_it_is_there() -> None:
    console = Console(width=200)
    with console.capture() as kept:
        print_address(console, 8_080, "jo_key", keep=True)
    with console.capture() as gone:
        print_address(console, 8_080, "jo_key", keep=False)

    assert "http://127.0.0.1:8080/#key=jo_key" in kept.get()
    assert "jo_key" not in gone.get()

"""Assignment by hash is fair over customers, sticky for each, and independent between experiments."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.experiments.assignment import BUCKETS, bucket, in_holdout, pick_variant
from orchestrator.experiments.sample_ratio import sample_ratio_p
from tests.property.tries import tries

CUSTOMERS = 5_000
# A chance of one in a billion per example to fail by bad luck alone.
IMPOSSIBLE = 1e-9

ids = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x1f"), min_size=1, max_size=20)


@settings(deadline=None)
@given(workspace=ids, experiment=ids, salt=ids, customer=ids)
def test_customer_stays_in_one_bucket(workspace: str, experiment: str, salt: str, customer: str) -> None:
    first = bucket(workspace, experiment, salt, customer)
    assert 0 <= first < BUCKETS
    assert bucket(workspace, experiment, salt, customer) == first


@settings(deadline=None, max_examples=tries(20))
@given(experiment=ids, percent=st.integers(100, 9_900).map(lambda hundredths: hundredths / 100))
def test_holdout_gets_its_share_of_customers(experiment: str, percent: float) -> None:
    held_out = sum(in_holdout(bucket("w", experiment, "s", f"c{number}"), percent) for number in range(CUSTOMERS))
    assert sample_ratio_p(held_out, CUSTOMERS - held_out, percent / 100) > IMPOSSIBLE


@settings(deadline=None, max_examples=tries(20))
@given(one=ids, other=ids)
def test_experiments_are_independent(one: str, other: str) -> None:
    salts = ("first", "second") if one == other else ("s", "s")
    arms = Counter(
        (bucket("w", one, salts[0], f"c{number}") % 2, bucket("w", other, salts[1], f"c{number}") % 2)
        for number in range(CUSTOMERS)
    )
    same = arms[0, 0] + arms[1, 1]
    assert sample_ratio_p(same, CUSTOMERS - same, 0.5) > IMPOSSIBLE


@settings(deadline=None, max_examples=tries(25))
@given(weights=st.lists(st.integers(0, 100), min_size=1, max_size=6).filter(any))
def test_every_variant_gets_the_buckets_of_its_weight(weights: list[int]) -> None:
    sizes = Counter(pick_variant(each, weights) for each in range(BUCKETS))
    for index, weight in enumerate(weights):
        assert abs(sizes[index] - weight / sum(weights) * BUCKETS) <= 1
        assert weight > 0 or sizes[index] == 0


@settings(deadline=None)
@given(each=st.integers(0, BUCKETS - 1), weights=st.lists(st.floats(0, 1e6), min_size=1, max_size=6).filter(any))
def test_some_variant_with_weight_is_always_picked(each: int, weights: list[float]) -> None:
    assert weights[pick_variant(each, weights)] > 0

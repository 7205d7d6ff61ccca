"""Which arm of an experiment a customer is in: a hash, so it is sticky, recomputable and needs no record.

Two experiments are independent as long as their ids or salts differ. A holdout and a split of the same journey must
therefore use different salts: the holdout takes the low buckets, and so would the first variant.
"""

from collections.abc import Sequence

from orchestrator.messages.ids import fingerprint

BUCKETS = 10_000
_BUCKETS_PER_PERCENT = BUCKETS / 100


def bucket(workspace_id: str, experiment_id: str, salt: str, customer_id: str) -> int:
    """The customer's bucket in this experiment, 0 to 9,999, each equally likely over customers."""
    return int.from_bytes(fingerprint("bucket", workspace_id, experiment_id, salt, customer_id), "big") % BUCKETS


def in_holdout(bucket: int, percent: float) -> bool:
    """Whether a holdout of ``percent`` (0 to 100, exact to 0.01) has this bucket.

    Raising the percentage keeps everyone who was held out already.
    """
    return bucket < round(percent * _BUCKETS_PER_PERCENT)


def pick_variant(bucket: int, weights: Sequence[float]) -> int:
    """The index of the variant that has this bucket; each has a share in proportion to its weight, to 1/10,000.

    Weights are relative (percent, hundredths, parts); one of 0 is never picked.

    Raises:
        ValueError: a weight is negative, or none is positive.
    """
    total = sum(weights)
    if total <= 0 or min(weights) < 0:
        raise ValueError(f"weights must be 0 or more and not all 0, not {list(weights)}")
    reached = 0.0
    last = 0
    for index, weight in enumerate(weights):
        if weight == 0:
            continue
        last = index
        reached += weight
        if bucket < round(reached / total * BUCKETS):
            return index
    return last

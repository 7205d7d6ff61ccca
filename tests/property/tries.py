"""How many examples a property is tried with: its own number, or what a longer run asks for."""

from hypothesis import settings


def tries(ordinary: int) -> int:
    """``ordinary`` in an ordinary run; in one of the profile "long" as many as every other property gets."""
    longest: int = settings().max_examples
    return longest if longest > settings.get_profile("default").max_examples else ordinary

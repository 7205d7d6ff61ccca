"""What JSON can say and not everything behind it can hold."""


def has_zero_character(value: object) -> bool:
    """Whether a text anywhere in decoded JSON has the character U+0000, which PostgreSQL cannot hold."""
    match value:
        case str():
            return "\x00" in value
        case dict():
            return any(has_zero_character(each) for pair in value.items() for each in pair)
        case list():
            return any(map(has_zero_character, value))
        case _:
            return False


def is_deeper_than(value: object, levels: int) -> bool:
    """Whether lists and objects stand inside one another in decoded JSON at more than ``levels`` levels."""
    found = [value]
    for _ in range(levels + 1):
        nested = [each for each in found if isinstance(each, (dict, list))]
        if not nested:
            return False
        found = [each for one in nested for each in (one.values() if isinstance(one, dict) else one)]
    return True

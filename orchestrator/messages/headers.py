"""The headers of a Kafka record as they come: a name may occur several times, and a value may be null."""

from collections.abc import Sequence

Headers = Sequence[tuple[str, bytes | None]]


def headers_by_name(headers: Headers) -> dict[str, bytes]:
    """What the headers say, the last of each name; one that is null says nothing, as if it were not there."""
    return {name: value for name, value in headers if value is not None}

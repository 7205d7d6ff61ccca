"""Names of time zones, as the IANA database has them.

The list is that of the installed ``tzdata`` package, not the machine's: every worker then knows the same zones, and a
name from outside is never used as a file name before it is known.
"""

from functools import lru_cache
from importlib.resources import files
from typing import Annotated

from pydantic import AfterValidator, Field

_NOT_A_ZONE = "Factory"  # tzdata's placeholder for "no zone was set"


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """Every IANA zone name known here, aliases included, such as "Europe/Berlin" and "UTC"."""
    return frozenset(files("tzdata").joinpath("zones").read_text("ascii").split()) - {_NOT_A_ZONE}


def _known(name: str) -> str:
    if name not in zone_names():
        raise ValueError(f"{name[:80]!r} is not an IANA time zone; write one such as Europe/Berlin or UTC")
    return name


ZoneName = Annotated[str, AfterValidator(_known), Field(examples=["Europe/Berlin"])]

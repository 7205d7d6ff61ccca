"""How many files a workspace is being sent at once: one that asks for many takes no connection from the others."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, cast

from fastapi import Depends
from starlette.requests import Request

from orchestrator.api.quota import TooManyRequests

MOST_AT_ONCE = 4  # of a workspace, in each API process; a file that is streamed has a connection half of the time
RETRY_AFTER_S = 30


class Downloads:
    """Counts what is being sent, by workspace."""

    def __init__(self, most: int = MOST_AT_ONCE) -> None:
        self._most = most
        self._sent: Counter[str] = Counter()

    def check(self, workspace_id: str) -> None:
        """Does nothing when one more file may be sent.

        Raises:
            TooManyRequests: so many are being sent already.
        """
        if self._sent[workspace_id] >= self._most:
            raise TooManyRequests(
                f"this workspace is being sent {self._most} files at this moment; wait until one of them is there",
                RETRY_AFTER_S,
            )

    @contextmanager
    def one(self, workspace_id: str) -> Iterator[None]:
        """A file is being sent while the block lasts; ``check`` comes before."""
        self._sent[workspace_id] += 1
        try:
            yield
        finally:
            self._sent[workspace_id] -= 1
            if not self._sent[workspace_id]:
                del self._sent[workspace_id]


def _downloads(request: Request) -> Downloads:
    return cast(Downloads, request.app.state.downloads)


DownloadsOfApp = Annotated[Downloads, Depends(_downloads)]

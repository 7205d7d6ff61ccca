"""Files on their way are counted by workspace."""

import pytest

from orchestrator.api.downloads import Downloads
from orchestrator.api.quota import TooManyRequests


def test_a_workspace_is_sent_so_many_files_at_once_and_others_are_not_concerned() -> None:
    downloads = Downloads(2)
    with downloads.one("acme"):
        downloads.check("acme")
        with downloads.one("acme"):
            with pytest.raises(TooManyRequests, match="2 files at this moment"):
                downloads.check("acme")
            downloads.check("globex")
        downloads.check("acme")


def test_a_file_that_broke_off_is_not_counted_any_more() -> None:
    downloads = Downloads(1)
    with pytest.raises(OSError, match="gone"), downloads.one("acme"):
        raise OSError("gone")
    downloads.check("acme")

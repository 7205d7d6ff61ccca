"""Files that come over HTTP: whole or not at all, and never over one that is there."""

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from orchestrator.cli import download
from tests.api_by_contract import ID, ApiByContract, a_problem
from tests.unit.cli.conftest import Said

Type = Callable[..., Said]
REPORT = ("reports", "activities", ID)


class CutOff(httpx.SyncByteStream):
    """A body of which only the beginning comes."""

    def __iter__(self) -> Iterator[bytes]:
        yield b"the beginning\n"
        raise httpx.ReadError("the connection was cut")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_report_is_written_to_a_file(api: ApiByContract, type_in: Type, tmp_path: Path) -> None:
    said = type_in(*REPORT, "--type", "send_suppressed", "--customer", "c1", "--output", "a.csv")
    assert (said.code, said.out, said.err) == (0, "", "wrote 12 bytes to a.csv\n")
    assert (tmp_path / "a.csv").read_bytes() == b"one,two\n1,2\n"
    assert names(tmp_path) == ["a.csv"]
    params = api.taken[0].request.url.params
    assert dict(params) == {"format": "csv", "type": "send_suppressed", "customer_id": "c1"}


def test_a_report_goes_to_standard_output_and_nothing_else_does(api: ApiByContract, type_in: Type) -> None:
    api.answers["exportActivities"] = [httpx.Response(200, content=b"\xef\xbb\xbfa,b\r\n\x00\xff")]
    said = type_in(*REPORT)
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("\ufeffa,b")


def test_a_file_that_is_there_is_written_over_only_with_force(
    api: ApiByContract, type_in: Type, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_text("mine")
    said = type_in(*REPORT, "--output", "a.csv")
    assert (said.code, api.taken) == (2, [])
    assert "--force" in said.err
    assert (tmp_path / "a.csv").read_text() == "mine"
    assert type_in(*REPORT, "--output", "a.csv", "--force").code == 0
    assert (tmp_path / "a.csv").read_bytes() == b"one,two\n1,2\n"
    assert names(tmp_path) == ["a.csv"]


def test_a_pipe_with_a_name_is_written_to_and_stays_one(api: ApiByContract, type_in: Type, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    came: list[bytes] = []
    reader = threading.Thread(target=lambda: came.append(pipe.read_bytes()))
    reader.start()
    assert type_in(*REPORT, "--output", "pipe").code == 0
    reader.join(30)
    assert came == [b"one,two\n1,2\n"]
    assert pipe.is_fifo()


def test_a_link_stays_and_the_file_it_leads_to_is_written_over(
    api: ApiByContract, type_in: Type, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_text("mine")
    (tmp_path / "link").symlink_to("a.csv")
    assert type_in(*REPORT, "--output", "link").code == 2
    assert type_in(*REPORT, "--output", "link", "--force").code == 0
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "a.csv").read_bytes() == b"one,two\n1,2\n"


def test_a_file_that_somebody_else_makes_meanwhile_stays_theirs(
    api: ApiByContract, type_in: Type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "check_destination", lambda *_, **__: (tmp_path / "a.csv").write_text("theirs"))
    monkeypatch.setattr("orchestrator.cli.reports.check_destination", download.check_destination)
    said = type_in(*REPORT, "--output", "a.csv")
    assert (said.code, "File exists" in said.err) == (2, True)
    assert (tmp_path / "a.csv").read_text() == "theirs"
    assert names(tmp_path) == ["a.csv"]


@pytest.mark.parametrize("force", [[], ["--force"]], ids=["new", "over an old one"])
def test_of_a_report_that_breaks_off_nothing_is_left(
    force: list[str], api: ApiByContract, type_in: Type, tmp_path: Path
) -> None:
    if force:
        (tmp_path / "a.csv").write_text("the old one")
    api.answers["exportActivities"] = [httpx.Response(200, stream=CutOff())]
    said = type_in(*REPORT, "--output", "a.csv", *force)
    assert (said.code, "broke off (the connection was cut)" in said.err) == (7, True)
    assert names(tmp_path) == (["a.csv"] if force else [])
    if force:
        assert (tmp_path / "a.csv").read_text() == "the old one"


def test_a_report_that_is_refused_leaves_no_file(api: ApiByContract, type_in: Type, tmp_path: Path) -> None:
    api.answers["exportActivities"] = [a_problem(404, "no such journey")]
    said = type_in(*REPORT, "--output", "a.csv")
    assert (said.code, "no such journey" in said.err, names(tmp_path)) == (5, True, [])


def test_a_report_is_asked_for_again_while_it_has_not_begun(api: ApiByContract, type_in: Type) -> None:
    api.answers["exportActivities"] = [httpx.ConnectError("refused"), a_problem(503), httpx.Response(200, text="x\n")]
    said = type_in(*REPORT)
    assert (said.code, said.out, len(api.taken)) == (0, "x\n", 3)


@pytest.mark.parametrize("place", [".", "no/such/folder/a.csv"])
def test_where_no_file_can_be_is_said(place: str, api: ApiByContract, type_in: Type) -> None:
    said = type_in(*REPORT, "--output", place)
    assert said.code == 2
    assert place in said.err or "folder" in said.err


def test_a_workbook_is_not_poured_into_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, other_end = os.openpty()
    with os.fdopen(other_end, "w") as screen:
        monkeypatch.setattr("sys.stdout", screen)
        with pytest.raises(Exception, match="no text"):
            download.check_destination(download.STANDARD_OUTPUT, False, is_text=False)
        download.check_destination(download.STANDARD_OUTPUT, False, is_text=True)
    os.close(terminal)


@pytest.mark.parametrize(
    "words",
    [
        ["overview", "--output", "a.csv"],
        ["overview", "--format", "csv", "--json"],
        ["overview", "--format", "csv", "--all"],
        ["overview", "--name", "spring", "--format", "csv", "--limit", "5"],
        ["journey", ID, "--force"],
    ],
    ids=" ".join,
)
def test_options_that_do_not_go_together_are_refused(words: list[str], api: ApiByContract, type_in: Type) -> None:
    assert type_in("reports", *words).code == 2
    assert api.taken == []

"""What docs/publishing.md says of programs, codes and partitions is what they are."""

import re
from pathlib import Path
from typing import get_args

import pytest

from orchestrator.messages.key import partition_of
from orchestrator.messages.offered import Code

TEXT = Path("docs/publishing.md").read_text(encoding="utf-8")
PROGRAMS = sorted(Path("docs/examples/publishing").iterdir())


def test_there_is_a_program_for_each_of_the_four_ways() -> None:
    assert [program.name for program in PROGRAMS] == ["Publish.java", "publish.js", "publish.py", "publish.sh"]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_a_program_is_printed_as_it_is(program: Path) -> None:
    assert f"\n{program.read_text(encoding='utf-8').rstrip()}\n```\n" in TEXT


def test_every_code_of_a_refusal_is_told() -> None:
    table = TEXT.partition("| code | what is refused |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(get_args(Code))


def test_the_keys_to_compare_a_client_with_are_in_the_partitions_that_are_told() -> None:
    told = TEXT.partition("where there are 8 partitions:")[2].partition(".\n")[0]
    found = {key: int(partition) for key, partition in re.findall(r"`(acme:[^`]+)`\s+(\d)", told)}
    assert len(found) == 3
    assert found == {key: partition_of(key.encode(), 8) for key in found}

"""What is sent of a reader's password is what PostgreSQL itself would keep of it."""

from orchestrator.store.readers import new_password, scram_of


def test_the_proof_of_a_password_is_that_of_the_standard() -> None:
    # RFC 7677, chapter 3: the password "pencil", with that salt and number of rounds.
    proof = scram_of("pencil", b"\x5b\x6d\x99\x68\x9d\x12\x35\x8e\xec\xa0\x4b\x14\x12\x36\xfa\x81")
    assert proof == (
        "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
        "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
    )


def test_every_password_is_another_and_its_proof_does_not_have_it() -> None:
    one, other = new_password(), new_password()
    assert one != other
    assert len(one) >= 32
    assert one not in scram_of(one)
    assert scram_of(one) != scram_of(one)  # the salt is another

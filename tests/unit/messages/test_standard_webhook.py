"""What we send is signed as the Standard Webhooks specification has it."""

from typing import Any

import pytest

from orchestrator.intake.signature import StandardWebhooks, signature_fault
from orchestrator.messages.standard_webhook import secret_bytes, secret_of, signed_headers
from tests.documents import ROOT, fences

# The example of the specification and of its libraries' tests.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID, AT, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
KEY, OTHER = b"k" * 32, b"o" * 32
INCOMING = StandardWebhooks(kind="standard_webhooks")


def test_the_signature_is_that_of_the_specification() -> None:
    assert signed_headers([secret_bytes(SECRET)], ID, AT, BODY) == {
        "webhook-id": ID,
        "webhook-timestamp": "1614265330",
        "webhook-signature": SIGNATURE,
    }


def test_it_changes_with_each_thing_that_is_signed() -> None:
    signed = [
        signed_headers([KEY], ID, AT, BODY),
        signed_headers([OTHER], ID, AT, BODY),
        signed_headers([KEY], ID + "x", AT, BODY),
        signed_headers([KEY], ID, AT + 1, BODY),
        signed_headers([KEY], ID, AT, BODY + b" "),
    ]
    assert len({each["webhook-signature"] for each in signed}) == len(signed)


def test_a_secret_is_written_as_it_is_read() -> None:
    assert secret_bytes(secret_of(KEY)) == KEY
    for text in ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_!", secret_of(b"short"), secret_of(b"x" * 65)):
        with pytest.raises(ValueError, match="a secret is whsec_ and"):
            secret_bytes(text)


def test_a_hook_of_ours_takes_it_whichever_of_two_secrets_it_knows() -> None:
    """What comes in by Standard Webhooks is checked by other code, which was written from the specification too."""
    signed = signed_headers([OTHER, KEY], ID, AT, BODY)
    for known in (KEY, OTHER):
        assert signature_fault(INCOMING, [secret_of(known)], signed, BODY, AT + 10) is None
    assert signature_fault(INCOMING, [secret_of(KEY)], signed, BODY + b" ", AT) == "wrong_signature"
    assert signature_fault(INCOMING, [secret_of(b"x" * 32)], signed, BODY, AT) == "wrong_signature"
    assert signature_fault(INCOMING, [secret_of(KEY)], signed, BODY, AT + 301) == "stale_signature"


def test_the_check_that_receivers_are_shown_knows_what_is_genuine() -> None:
    shown = (fence.text for fence in fences((ROOT / "docs" / "reporting.md").read_text("utf-8")))
    told: dict[str, Any] = {}
    exec(next(text for text in shown if "def is_genuine" in text), told)
    headers = signed_headers([OTHER, KEY], ID, AT, BODY)
    assert told["is_genuine"](headers, BODY, secret_of(KEY), AT + 299.0)
    assert not told["is_genuine"](headers, BODY, secret_of(KEY), AT + 301.0)
    assert not told["is_genuine"](headers, BODY + b" ", secret_of(KEY), AT)
    assert not told["is_genuine"](headers, BODY, secret_of(b"x" * 32), AT)

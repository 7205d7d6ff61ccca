"""Messages are signed as the Standard Webhooks specification has it."""

import pytest

from orchestrator.api.standard_webhook import headers_of, secret_of, signature_of
from orchestrator.intake.signature import StandardWebhooks, signature_fault

# The example of the specification and of its libraries' tests.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID, AT, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_signature_is_that_of_the_specification() -> None:
    assert signature_of(SECRET, ID, AT, BODY) == SIGNATURE
    assert headers_of(SECRET, ID, AT, BODY) == {
        "webhook-id": ID,
        "webhook-timestamp": "1614265330",
        "webhook-signature": SIGNATURE,
    }


def test_it_changes_with_each_thing_that_is_signed() -> None:
    others = [
        signature_of(secret_of(b"x" * 32), ID, AT, BODY),
        signature_of(SECRET, ID + "x", AT, BODY),
        signature_of(SECRET, ID, AT + 1, BODY),
        signature_of(SECRET, ID, AT, BODY + b" "),
    ]
    assert len({SIGNATURE, *others}) == 5


def test_what_is_no_secret_signs_nothing() -> None:
    for text in ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_!"):
        with pytest.raises(ValueError, match=r"whsec_|base64|[Nn]on-base64|Only base64|padding"):
            signature_of(text, ID, AT, BODY)


def test_a_hook_of_ours_would_take_it() -> None:
    """What comes in by Standard Webhooks is checked by other code, which was written from the specification too."""
    key = secret_of(b"k" * 32)
    signed = headers_of(key, ID, AT, BODY)
    assert signature_fault(StandardWebhooks(kind="standard_webhooks"), [key], signed, BODY, AT + 10) is None
    assert signature_fault(StandardWebhooks(kind="standard_webhooks"), [key], signed, BODY + b" ", AT) is not None

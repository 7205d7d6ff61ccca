"""Signatures are those of the public specifications; whatever was changed on the way is refused."""

import hmac
from base64 import b64encode
from typing import Any

import pytest
from pydantic import TypeAdapter

from orchestrator.intake.signature import Signature, secret_problem, signature_fault

READ: TypeAdapter[Any] = TypeAdapter(Signature)
GITHUB = READ.validate_python({"kind": "hmac", "header": "X-Hub-Signature-256", "prefix": "sha256="})
SHOPIFY = READ.validate_python({"kind": "hmac", "header": "X-Shopify-Hmac-Sha256", "encoding": "base64"})
SEGMENT = READ.validate_python({"kind": "hmac", "header": "X-Signature", "algorithm": "sha1"})
STRIPE = READ.validate_python({"kind": "timestamped", "header": "Stripe-Signature"})
STANDARD = READ.validate_python({"kind": "standard_webhooks"})
SVIX = READ.validate_python({"kind": "standard_webhooks", "headers": "svix"})
NOW_S = 1_614_265_330
# The example of the Standard Webhooks specification and its reference libraries.
STANDARD_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
STANDARD_BODY = b'{"test": 2432232314}'
STANDARD_HEADERS = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": str(NOW_S),
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}


def stripe(body: bytes, secret: str, at_s: int) -> str:
    return f"t={at_s},v1={hmac.new(secret.encode(), b'%d.' % at_s + body, 'sha256').hexdigest()}"


def test_the_example_of_github_is_taken() -> None:
    # docs.github.com: validating webhook deliveries.
    headers = {"x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}
    assert signature_fault(GITHUB, ["It's a Secret to Everybody"], headers, b"Hello, World!", NOW_S) is None


def test_the_hmac_of_rfc_2202_is_taken_in_hex() -> None:
    headers = {"x-signature": "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"}  # test case 2
    assert signature_fault(SEGMENT, ["Jefe"], headers, b"what do ya want for nothing?", NOW_S) is None
    assert (
        signature_fault(
            SEGMENT, ["Jefe"], {"x-signature": headers["x-signature"].upper()}, b"what do ya want for nothing?", NOW_S
        )
        is None
    )


def test_the_hmac_of_rfc_4231_is_taken_in_base64() -> None:
    digest = bytes.fromhex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")  # test case 2
    headers = {"x-shopify-hmac-sha256": b64encode(digest).decode()}
    assert signature_fault(SHOPIFY, ["Jefe"], headers, b"what do ya want for nothing?", NOW_S) is None


def test_the_example_of_standard_webhooks_is_taken() -> None:
    assert signature_fault(STANDARD, [STANDARD_SECRET], STANDARD_HEADERS, STANDARD_BODY, NOW_S) is None
    older = {name.replace("webhook", "svix"): value for name, value in STANDARD_HEADERS.items()}
    assert signature_fault(SVIX, [STANDARD_SECRET], older, STANDARD_BODY, NOW_S) is None


def test_of_several_signatures_one_is_enough() -> None:
    several = {**STANDARD_HEADERS, "webhook-signature": f"v1,AAAA v1a,BBBB {STANDARD_HEADERS['webhook-signature']}"}
    assert signature_fault(STANDARD, [STANDARD_SECRET], several, STANDARD_BODY, NOW_S) is None
    header = stripe(b"{}", "the old secret", NOW_S) + "," + stripe(b"{}", "the new secret", NOW_S).partition(",")[2]
    for secret in ("the old secret", "the new secret"):
        assert signature_fault(STRIPE, [secret], {"stripe-signature": header}, b"{}", NOW_S) is None


def test_of_two_secrets_either_may_have_signed() -> None:
    headers = {"stripe-signature": stripe(b"{}", "the old secret", NOW_S)}
    assert signature_fault(STRIPE, ["the new secret", "the old secret"], headers, b"{}", NOW_S) is None
    assert signature_fault(STRIPE, ["the new secret"], headers, b"{}", NOW_S) == "wrong_signature"
    keys = ["whsec_" + b64encode(b"another key altogether").decode(), STANDARD_SECRET]
    assert signature_fault(STANDARD, keys, STANDARD_HEADERS, STANDARD_BODY, NOW_S) is None


@pytest.mark.parametrize("change", [b'{"test": 2432232315}', b'{"test": 2432232314} ', b""])
def test_a_body_that_was_changed_is_refused(change: bytes) -> None:
    assert signature_fault(STANDARD, [STANDARD_SECRET], STANDARD_HEADERS, change, NOW_S) == "wrong_signature"
    headers = {"stripe-signature": stripe(STANDARD_BODY, "a secret", NOW_S)}
    assert signature_fault(STRIPE, ["a secret"], headers, change, NOW_S) == "wrong_signature"
    signed = {"x-signature": hmac.new(b"a secret", STANDARD_BODY, "sha1").hexdigest()}
    assert signature_fault(SEGMENT, ["a secret"], signed, change, NOW_S) == "wrong_signature"


def test_what_else_is_signed_cannot_be_changed_either() -> None:
    for name, value in (("webhook-id", "msg_another"), ("webhook-timestamp", str(NOW_S + 1))):
        changed = {**STANDARD_HEADERS, name: value}
        assert signature_fault(STANDARD, [STANDARD_SECRET], changed, STANDARD_BODY, NOW_S) == "wrong_signature"
    later = stripe(b"{}", "a secret", NOW_S).replace(str(NOW_S), str(NOW_S + 1))
    assert signature_fault(STRIPE, ["a secret"], {"stripe-signature": later}, b"{}", NOW_S) == "wrong_signature"


@pytest.mark.parametrize(
    ("after_s", "fault"), [(300, None), (-300, None), (301, "stale_signature"), (-301, "stale_signature")]
)
def test_five_minutes_from_our_clock_a_signature_ends(after_s: int, fault: str | None) -> None:
    now_s = NOW_S + after_s
    assert signature_fault(STANDARD, [STANDARD_SECRET], STANDARD_HEADERS, STANDARD_BODY, now_s) == fault
    headers = {"stripe-signature": stripe(b"{}", "a secret", NOW_S)}
    assert signature_fault(STRIPE, ["a secret"], headers, b"{}", now_s) == fault


@pytest.mark.parametrize(
    ("signature", "headers"),
    [
        (GITHUB, {}),
        (GITHUB, {"x-hub-signature-256": ""}),
        (GITHUB, {"x-hub-signature-256": "sha256="}),
        (GITHUB, {"x-hub-signature-256": "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}),
        (STRIPE, {"stripe-signature": "v1=00"}),
        (STRIPE, {"stripe-signature": f"t={NOW_S}"}),
        (STRIPE, {"stripe-signature": f"t={NOW_S},t={NOW_S},v1=00"}),
        (STANDARD, {}),
        (STANDARD, {**STANDARD_HEADERS, "webhook-signature": "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}),
        (STANDARD, {**STANDARD_HEADERS, "webhook-id": ""}),
    ],
)
def test_what_has_no_signature_is_told_apart_from_what_has_a_wrong_one(signature: Any, headers: dict[str, str]) -> None:
    assert (
        signature_fault(signature, ["It's a Secret to Everybody"], headers, b"Hello, World!", NOW_S) == "no_signature"
    )


@pytest.mark.parametrize("time", ["", "-1", "1e9", "١٦١٤٢٦٥٣٣٠", "9" * 5_000, "nan"])
def test_a_time_that_is_none_is_not_near(time: str) -> None:
    changed = {**STANDARD_HEADERS, "webhook-timestamp": time}
    assert signature_fault(STANDARD, [STANDARD_SECRET], changed, STANDARD_BODY, NOW_S) in (
        "stale_signature",
        "no_signature",
    )


def test_a_header_with_any_signs_in_it_is_compared_and_nothing_more() -> None:
    for given in ("é", "\udc80", "sha256=\x00", "a" * 100_000):
        assert signature_fault(SEGMENT, ["a secret"], {"x-signature": given}, b"{}", NOW_S) == "wrong_signature"
        assert (
            signature_fault(SHOPIFY, ["a secret"], {"x-shopify-hmac-sha256": given}, b"{}", NOW_S) == "wrong_signature"
        )


def test_without_a_secret_nothing_is_signed() -> None:
    headers = {"x-signature": hmac.new(b"", b"{}", "sha1").hexdigest()}
    assert signature_fault(SEGMENT, [], headers, b"{}", NOW_S) == "wrong_signature"


@pytest.mark.parametrize(
    ("signature", "secret", "is_one"),
    [
        (SHOPIFY, "shpss_0123456789abcdef", True),
        (SHOPIFY, "short", False),
        (SHOPIFY, "with a line\nend in it", False),
        (SHOPIFY, "x" * 513, False),
        (STANDARD, STANDARD_SECRET, True),
        (STANDARD, "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", False),
        (STANDARD, "whsec_not base64 at all", False),
        (STANDARD, "whsec_AAAA", False),
    ],
)
def test_a_secret_that_could_not_be_used_is_told(signature: Any, secret: str, is_one: bool) -> None:
    problem = secret_problem(signature, secret)
    assert (problem == "") is is_one
    assert secret not in problem

"""Status codes, waiting times and words of failures, without a server."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedconsole.embedders.transport import (
    Service,
    address_secrets,
    error_text,
    fault_in,
    fault_of_status,
    header_secrets,
)
from embedconsole.faults import BadInput, Fault, Overloaded, Refused, Throttled, Transient
from embedconsole.retry_after import MAX_RETRY_AFTER, retry_after

SERVICE = Service("ml", "embedders.ml.headers", secrets=("top-secret", "p/w+ä"))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((status, BadInput) for status in (400, 413, 415, 422)),
        *((status, Refused) for status in (301, 308, 401, 402, 403, 404, 405, 407, 410, 418, 451)),
        *((status, Transient) for status in (408, 409, 424, 425, 500, 501, 502, 504)),
        (503, Overloaded),
        (529, Overloaded),
        (429, Throttled),
    ],
)
def test_class_of_a_status(status: int, kind: type[Fault]) -> None:
    fault = fault_of_status(SERVICE, status, {}, b"")
    assert isinstance(fault, kind)
    assert str(status) in fault.message
    assert (fault.remedy is not None) == (kind is Refused)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ({"error": {"message": "Too many", "code": 429}}, Throttled),
        ({"error": {"message": "Rate limit reached, try again in 2s", "type": "requests"}}, Throttled),
        ({"code": "Throttling.RateQuota", "message": "Requests rate limit exceeded"}, Throttled),
        ({"object": "error", "message": "no such thing", "type": "BadRequestError", "code": 400}, BadInput),
        ({"error": {"message": "bad key", "type": "invalid_api_key"}}, Refused),
        ({"error": {"message": "no credit", "code": "insufficient_quota"}}, Refused),
        ({"error": {"message": "busy", "type": "overloaded_error"}}, Overloaded),
        ({"error": "its picture is unreadable"}, BadInput),
        ({"error": None, "embeddings": []}, None),
        ({"status": "ok", "embeddings": []}, None),
        ([1.0], None),
    ],
)
def test_an_error_that_comes_with_a_good_status(reply: object, kind: type[Fault] | None) -> None:
    fault = fault_in(SERVICE, reply)
    assert (fault is None) if kind is None else isinstance(fault, kind)
    if isinstance(reply, dict) and fault is not None:
        told = reply.get("error", reply)
        assert (told if isinstance(told, str) else told["message"]) in fault.message


def test_busy_with_a_time_to_come_back_is_a_pause() -> None:
    fault = fault_of_status(SERVICE, 503, {"retry-after": "3"}, b"")
    assert isinstance(fault, Throttled)
    assert fault.retry_after == 3.0


def test_words_for_the_operator() -> None:
    fault = fault_of_status(SERVICE, 401, {}, b"")
    assert str(fault) == (
        "embedding service ml: refused the key (401). Set its token in embedders.ml.headers"
    )


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"retry-after": "12"}, "", 12.0),
        ({"retry-after": "0.5"}, "", 0.5),
        ({"retry-after": "-5"}, "", 0.0),
        ({"retry-after": "999999"}, "", MAX_RETRY_AFTER),
        ({"retry-after": "nan"}, "", None),
        ({"retry-after": "inf"}, "", None),
        ({"retry-after": "soon"}, "", None),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, "", 0.0),
        ({"retry-after": "Mon, 01 Jan 2035 00:01:00 GMT", "date": "Mon, 01 Jan 2035 00:00:00 GMT"}, "", 60.0),
        ({"retry-after": "Mon, 99 Jan 20350 00:01:00 GMT"}, "", None),
        ({"ratelimit-reset": "9"}, "", 9.0),
        ({}, "Your rate limit resets in ~30s.", 30.0),
        ({}, "Rate limit reached. Please try again in 6ms.", 0.006),
        ({}, "Please try again in 1m2.5s", 62.5),
        ({}, "Please retry after 10 seconds", 10.0),
        ({}, "retry in 2 minutes", 120.0),
        ({}, "wait 5 hours", MAX_RETRY_AFTER),
        ({}, "more than 600 requests in 2 seconds", None),
        ({}, "retry with fewer than 100 items", None),
        ({}, "", None),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], body: str, seconds: float | None) -> None:
    assert retry_after(headers, body.encode()) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ('{"detail": "model is loading"}', "model is loading"),
        ('{"error": {"message": "too long", "code": 3}}', "too long"),
        ('{"detail": [{"loc": ["body", "m"], "msg": "field required"}]}', "body.m: field required"),
        ('{"title": "Payment required"}', "Payment required"),
        ('"plain"', "plain"),
        ('{"code": 7}', '{"code": 7}'),
        ("no JSON", "no JSON"),
        ("<html><head><title>502 Bad Gateway</title></head>", "502 Bad Gateway"),
        ("[" * 5000, "[" * 1200),
    ],
)
def test_what_an_error_says(body: str, text: str) -> None:
    assert error_text(body.encode()).strip() == text


def test_secrets_and_controls_never_reach_a_message() -> None:
    body = (
        b"\x1b]52;c;aGk=\x07 top-secret \xe2\x80\xae p/w+\xc3\xa4 p%2Fw%2B%C3%A4 top-sec\x00ret\r\n"
        + b"[@click=boom]"
        + b"x" * 10**6
    )
    message = fault_of_status(SERVICE, 500, {}, body).message
    assert "top-secret" not in message
    assert "p/w+ä" not in message
    assert "p%2Fw" not in message
    assert message.isprintable()
    assert len(message) < 330


def test_a_secret_in_a_redirect_is_masked() -> None:
    assert "top-secret" not in str(fault_of_status(SERVICE, 302, {"location": "http://x/?k=top-secret"}, b""))


def test_what_of_the_headers_is_secret() -> None:
    found = header_secrets({"Authorization": "Bearer abcdefgh", "X-Version": "2"})
    assert found == ("Bearer abcdefgh", "abcdefgh")


@given(
    status=st.integers(300, 599),
    headers=st.dictionaries(
        st.sampled_from(["retry-after", "date", "location", "ratelimit-reset"]), st.text()
    ),
    body=st.binary(max_size=2000),
)
def test_any_error_is_a_fault(status: int, headers: dict[str, str], body: bytes) -> None:
    fault = fault_of_status(SERVICE, status, headers, body)
    assert fault.message.isprintable()
    if isinstance(fault, Throttled) and fault.retry_after is not None:
        assert 0.0 <= fault.retry_after <= MAX_RETRY_AFTER


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://ml/embed?key=k4n4r1-key", "no route /embed?key=k4n4r1-key"),
        ("http://ml/embed?code=k4n%2F4r1%3D%3D", "no route /embed?code=k4n%2F4r1%3D%3D, k4n/4r1=="),
        ("http://k4n4r1-user:k4n4r1-word@ml/embed", "k4n4r1-user may not, k4n4r1-word"),
    ],
)
def test_what_is_secret_in_an_address_is_in_no_message(url: str, said: str) -> None:
    service = Service("ml", "embedders.ml.headers", address_secrets(url))
    for status, headers in ((404, {}), (500, {}), (302, {"location": f"http://other/?{said}"})):
        message = str(fault_of_status(service, status, headers, said.encode()))
        assert "k4n" not in message
        assert "***" in message


def test_a_version_in_an_address_is_no_secret() -> None:
    assert address_secrets("https://x.openai.azure.com/openai/embeddings?api-version=2024-02-01") == ()

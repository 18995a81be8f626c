"""A caller that sends too slowly is cut off, so that it cannot hold a connection for ever."""


def test_slow_body_over_soap_is_cut_off(slow_callers):
    outcome = slow_callers.outcome("soap")
    assert outcome.closed
    assert outcome.answered == b"" or outcome.answered.split(b" ")[1] in (b"408", b"500")


def test_slow_body_over_rest_is_cut_off_with_408(slow_callers):
    outcome = slow_callers.outcome("rest")
    assert outcome.closed
    assert outcome.answered.startswith(b"HTTP/1.1 408"), outcome.answered[:200]
    assert b"application/problem+json" in outcome.answered


def test_slow_head_is_cut_off(slow_callers):
    outcome = slow_callers.outcome("head")
    assert outcome.closed
    assert outcome.answered == b"" or outcome.answered.startswith(b"HTTP/1.1 408")

"""What REST keeps besides the operations: NL GOV API Design Rules 2.2 (standards §3)."""

from __future__ import annotations

import json

import pytest

from kit.raw import Raw
from kit.rest import SCHOOL_HEADER

SEARCH = "/v1/leerbedrijven/_zoek"
BULK = "/v1/erkenningen/_natrekken"
ROWS = "/v1/leerbedrijven/_vaststellen"
PLACES = "/v1/leerplaatsen/_zoek"


@pytest.fixture(scope="module")
def verify(erkend) -> str:
    return f"/v1/leerbedrijven/{erkend['leerbedrijfId']}/erkenningen/{erkend['code']}"


def problem(response, status: int) -> dict:
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"].startswith("application/problem+json")
    content = response.json()
    assert content["status"] == status
    assert {"type", "title", "detail", "instance", "code"} <= set(content)
    return content


def violations(response) -> list[tuple[str, str, str]]:
    content = problem(response, 400)
    assert all(one["reden"] for one in content["overtredingen"])
    return [(one["plaats"], one["veld"], one["code"]) for one in content["overtredingen"]]


# ---- paths


@pytest.mark.parametrize(
    "path",
    ["/v1/leerbedrijven/{id}/", "/v1/leerbedrijven/_zoek/", "/v1/leerbedrijven/{id}/detailgegevens/", "/v1/openapi.json/",
     "/v1", "/v1/", "/v2/leerbedrijven/{id}", "/v1/leerbedrijven", "/v1/leerbedrijven/{id}/erkenningen",
     "/v1/Leerbedrijven/{id}", "//v1/leerbedrijven/{id}", "/v1//leerbedrijven/{id}", "/v1/./leerbedrijven/{id}",
     "/v1/leerbedrijven/../leerbedrijven/{id}", "/soap/v1/nergens", "/metrics", "/health/ready"],
)  # fmt: skip
def test_a_path_that_is_not_there_is_404_and_never_a_redirect(rest, erkend, path):
    response = rest.get(path.format(id=erkend["leerbedrijfId"]))
    problem(response, 404)


def test_HEAD_is_as_GET_without_a_body(rest, erkend, verify):
    url = f"{rest.demo.api}{verify}?peildatum={erkend['peildatum']}"
    response = rest.session.head(url, headers={SCHOOL_HEADER: rest.school}, timeout=10)
    assert (response.status_code, response.content) == (200, b"")
    rest.openapi.check_headers(response)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/v1/leerbedrijven/100000001", {"GET", "HEAD"}),
        ("DELETE", "/v1/leerbedrijven/100000001", {"GET", "HEAD"}),
        ("PUT", "/v1/leerbedrijven/100000001/detailgegevens", {"GET", "HEAD"}),
        ("PATCH", "/v1/leerbedrijven/100000001/erkenningen/25180", {"GET", "HEAD"}),
        ("GET", SEARCH, {"POST"}),
        ("PUT", SEARCH, {"POST"}),
        ("GET", BULK, {"POST"}),
        ("PUT", ROWS, {"POST"}),
        ("GET", PLACES, {"POST"}),
        ("POST", "/v1/openapi.json", {"GET", "HEAD"}),
    ],
)
def test_another_method_is_405_with_allow(rest, method, path, allowed):
    response = rest.request(method, path)
    problem(response, 405)
    assert {name.strip() for name in response.headers["Allow"].split(",")} >= allowed


# ---- media types


@pytest.mark.parametrize(
    "accept",
    ["*/*", "application/json", "application/*", "text/html, application/json;q=0.5", "application/xml, */*;q=0.1", ""],
)
def test_accept_that_json_fits(rest, erkend, verify, accept):
    assert rest.get(verify, query={"peildatum": erkend["peildatum"]}, headers={"Accept": accept}).status_code == 200


@pytest.mark.parametrize(
    "accept", ["application/xml", "text/html", "image/*", "application/json;q=0", "application/json;q=0, text/html"]
)
def test_accept_that_json_does_not_fit_is_406(rest, erkend, verify, accept):
    problem(rest.get(verify, query={"peildatum": erkend["peildatum"]}, headers={"Accept": accept}), 406)


@pytest.mark.parametrize("path", [SEARCH, BULK, ROWS, PLACES])
@pytest.mark.parametrize(
    "media_type", ["text/xml", "text/plain", "application/x-www-form-urlencoded", "application/jsonp", "json", None]
)
def test_another_media_type_is_415(rest, path, media_type):
    response = rest.post(path, data=b"{}", headers={"Content-Type": media_type})
    problem(response, 415)


@pytest.mark.parametrize(
    "media_type", ["application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8"]
)
def test_json_by_any_spelling(rest, media_type):
    body = json.dumps({"naam": "x", "postcode": "1012AB"}).encode()
    assert rest.post(SEARCH, data=body, headers={"Content-Type": media_type}).status_code == 200


def test_another_charset_is_415(rest):
    problem(rest.post(SEARCH, data=b"{}", headers={"Content-Type": "application/json; charset=iso-8859-1"}), 415)


def test_a_compressed_body_is_415(rest):
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    problem(rest.post(SEARCH, data=b"\x1f\x8b", headers=headers), 415)


# ---- input


def test_an_unknown_query_key_is_named(rest, erkend, verify):
    found = violations(rest.get(verify, query={"peildatum": erkend["peildatum"], "datum": "x", "Peildatum": "y"}))
    assert found == [("query", "datum", "ONBEKEND_VELD"), ("query", "Peildatum", "ONBEKEND_VELD")]


def test_a_query_key_twice(rest, erkend, verify):
    found = violations(rest.get(f"{verify}?peildatum=2026-01-01&peildatum=2026-01-02"))
    assert found == [("query", "peildatum", "DUBBEL")]


def test_a_required_query_key_that_is_missing(rest, verify):
    assert violations(rest.get(verify)) == [("query", "peildatum", "120")]


@pytest.mark.parametrize("escape", ["%", "%4", "%zz", "%ff", "%00", "%C3%28"])
def test_an_escape_that_is_none(rest, verify, escape):
    (only,) = violations(rest.get(f"{verify}?peildatum={escape}"))
    assert only[:2] == ("query", "peildatum")


def test_a_plus_in_a_query_is_a_plus(rest, erkend, verify):
    response = rest.get(f"{verify}?peildatum={erkend['peildatum']}+01:00")
    assert (response.status_code, response.json()["peildatum"]) == (200, f"{erkend['peildatum']}+01:00")


def test_all_violations_at_once(rest):
    found = violations(rest.get("/v1/leerbedrijven/abc/erkenningen/def", query={"peildatum": "x", "a": "1"}))
    assert set(found) == {
        ("pad", "leerbedrijfId", "101"),
        ("pad", "code", "111"),
        ("query", "peildatum", "120"),
        ("query", "a", "ONBEKEND_VELD"),
    }


def test_all_wrong_types_at_once(rest):
    body = {"naam": 7, "postcode": True, "huisnummer": [12], "plaats": ["Amsterdam"], "land": {}, "telefoon": "x"}
    found = violations(rest.post(SEARCH, json=body))
    assert {(veld, code) for _, veld, code in found} == {
        ("/naam", "TYPE_ONGELDIG"),
        ("/postcode", "TYPE_ONGELDIG"),
        ("/huisnummer", "TYPE_ONGELDIG"),
        ("/plaats", "TYPE_ONGELDIG"),
        ("/land", "TYPE_ONGELDIG"),
        ("/telefoon", "ONBEKEND_VELD"),
    }


def test_wrong_types_in_the_lines_of_a_bulk_request(rest, erkend):
    body = {"verzoeken": [erkend, erkend | {"code": 25180}, "x", erkend | {"bsn": "1"}], "registerVersie": "1.1"}
    found = violations(rest.post(BULK, json=body))
    assert {(veld, code) for _, veld, code in found} == {
        ("/verzoeken/1/code", "TYPE_ONGELDIG"),
        ("/verzoeken/2", "TYPE_ONGELDIG"),
        ("/verzoeken/3/bsn", "ONBEKEND_VELD"),
        ("/registerVersie", "ONBEKEND_VELD"),
    }


def test_of_very_many_violations_the_first_hundred_and_the_total(rest):
    response = rest.post(BULK, json={"verzoeken": [{"code": 1}] * 2500})
    content = problem(response, 400)
    assert len(content["overtredingen"]) == 100
    assert content["aantalOvertredingen"] == 2500


def test_null_is_absent(rest, erkend):
    body = {"leerbedrijfId": erkend["leerbedrijfId"], "naam": None, "minimaleRegisterVersie": None}
    assert rest.post(SEARCH, json=body).status_code == 200


@pytest.mark.parametrize(
    "body", ['{"naam":"a","naam":"b","postcode":"1012AB"}', '{"naam":"a","na\\u0061m":"b","postcode":"1012AB"}']
)
def test_a_key_twice_is_refused(rest, body):
    response = rest.post(SEARCH, data=body, headers={"Content-Type": "application/json"})
    assert violations(response) == [("body", "/naam", "DUBBEL")]


NO_JSON = [
    "",
    " ",
    "{",
    "{'naam':'x'}",
    '{"naam":"x"}}',
    '{"naam":"x",}',
    "naam=x",
    '{"naam":"\\ud800"}',
    '{"naam":"\x01"}',
    "NaN",
    "\x00",
]


@pytest.mark.parametrize("body", NO_JSON)
def test_no_json_is_400(rest, body):
    response = rest.post(SEARCH, data=body.encode(), headers={"Content-Type": "application/json"})
    assert len(violations(response)) == 1


@pytest.mark.parametrize("body", ["[]", '"x"', "7", "null", "true"])
def test_json_that_is_no_object_is_400(rest, body):
    response = rest.post(SEARCH, data=body, headers={"Content-Type": "application/json"})
    assert len(violations(response)) == 1


def test_bytes_that_are_no_utf_8_are_400(rest):
    response = rest.post(SEARCH, data=b'{"naam":"\xff"}', headers={"Content-Type": "application/json"})
    assert violations(response) == [("body", "", "GEEN_UTF8")]


@pytest.mark.parametrize(
    "deep", ['{"a":' * 5000 + "1" + "}" * 5000, "[" * 100_000, '{"naam":' + "[" * 40 + "]" * 40 + "}"]
)
def test_deep_json_is_400(rest, deep):
    response = rest.post(SEARCH, data=deep.encode(), headers={"Content-Type": "application/json"})
    assert len(violations(response)) == 1


def test_a_field_over_200_characters(rest):
    found = violations(rest.post(SEARCH, json={"naam": "é" * 201, "postcode": "1012AB"}))
    assert found == [("body", "/naam", "TE_LANG")]
    assert rest.post(SEARCH, json={"naam": "é" * 200, "postcode": "1012AB"}).status_code == 200


def test_a_problem_repeats_no_content_of_the_request(rest):
    secret = "999000111"
    for response in (
        rest.post(SEARCH, json={"naam": "x", "postcode": secret}),
        rest.post(SEARCH, json={"naam": secret * 30, "postcode": "1012AB"}),
        rest.post(SEARCH, data=f'{{"naam": {secret}x'.encode(), headers={"Content-Type": "application/json"}),
        rest.get("/v1/leerbedrijven/1/erkenningen/25180", query={"peildatum": secret}),
    ):
        assert response.status_code == 400
        assert secret not in response.text


def test_every_problem_has_an_instance_of_its_own(rest):
    instances = {rest.get("/v1/nergens").json()["instance"] for _ in range(3)}
    assert len(instances) == 3


# ---- size


def test_a_body_over_the_limit_is_413_and_can_be_read(rest):
    body = json.dumps({"naam": "x" * 300_000}).encode()
    response = rest.post(SEARCH, data=body, headers={"Content-Type": "application/json"})
    problem(response, 413)


@pytest.mark.parametrize("size", [7_000_000, 1_000_000_000])
def test_a_size_over_the_limit_is_413_before_the_body_is_sent(demo, size):
    with Raw(demo, demo.verplicht, timeout_s=5) as raw:
        raw.head(
            "POST",
            SEARCH,
            "Content-Type: application/json",
            f"{SCHOOL_HEADER}: {demo.verplicht.scholen[0].oin}",
            f"Content-Length: {size}",
        )
        response = raw.response()
        assert response.status == 413
        assert response.headers["Content-Type"] == "application/problem+json"
        assert response.headers["Connection"].lower() == "close"
        assert json.loads(response.read())["code"] == "BERICHT_TE_GROOT"
        assert raw.is_closed()


def test_a_chunked_body_over_the_limit_is_413(rest):
    pieces = (b" " * 10_000 for _ in range(40))
    problem(rest.post(SEARCH, data=pieces, headers={"Content-Type": "application/json"}), 413)


def test_a_bulk_body_over_its_limit_is_413(rest):
    body = b'{"verzoeken":[' + b" " * 6_300_000 + b"]}"
    problem(rest.post(BULK, data=body, headers={"Content-Type": "application/json"}), 413)


def test_a_bulk_body_may_be_larger_than_a_single_one(rest):
    body = b'{"verzoeken":[' + b" " * 1_000_000 + b"]}"
    assert rest.post(BULK, data=body, headers={"Content-Type": "application/json"}).status_code == 200


# ---- HTTP


def test_the_identity_is_checked_before_the_input(rest, demo):
    """Nobody without a mandate learns what is wrong with a message."""
    headers = {SCHOOL_HEADER: demo.foreign_school(rest.afnemer), "Content-Type": "text/plain"}
    problem(rest.post(SEARCH, data=b"x", headers=headers), 403)


@pytest.mark.parametrize(
    "smuggled",
    [
        "Content-Length: 2\r\nTransfer-Encoding: chunked",
        "Content-Length: 2\r\nContent-Length: 3",
        "Transfer-Encoding: xchunked",
        "Content-Length: -1",
    ],
)
def test_a_head_with_two_meanings_is_refused(demo, smuggled):
    with Raw(demo, demo.verplicht) as raw:
        raw.head("POST", SEARCH, "Content-Type: application/json", *smuggled.split("\r\n"))
        raw.send(b"{}")
        response = raw.response()
        assert 400 <= response.status < 500


def test_a_very_long_head_is_refused(demo):
    with Raw(demo, demo.verplicht) as raw:
        raw.head("GET", "/v1/openapi.json", "X-Long: " + "x" * 200_000)
        assert 400 <= raw.response("GET").status < 500


def test_a_long_uri_is_refused_or_not_found(rest):
    response = rest.get("/v1/leerbedrijven/" + "9" * 8_000)
    assert violations(response) == [("pad", "leerbedrijfId", "TE_LANG")]

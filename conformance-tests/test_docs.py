"""What is served without a client certificate, and what operators read."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from shutil import which
from urllib.parse import urljoin

import pytest
import requests
from lxml import etree

from kit.contract import CONTRACT, OPERATIONS, SPACE
from kit.demo import REPO, SCHEMAS
from kit.openapi import STANDARD_HEADERS

WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
WSDL_SOAP = "{http://schemas.xmlsoap.org/wsdl/soap/}"
WSAM = "{http://www.w3.org/2007/05/addressing/metadata}"
XS = "{http://www.w3.org/2001/XMLSchema}"


@pytest.fixture(params=["docs", "api"])
def listener(request, demo) -> tuple[str, requests.Session]:
    """Both listeners serve the documents; only api wants a certificate."""
    if request.param == "docs":
        return demo.docs, demo.public
    return demo.api, demo.session(demo.verplicht)


def get(listener, path: str, **kwargs) -> requests.Response:
    base, session = listener
    return session.get(base + path, timeout=10, **kwargs)


# ---- openapi.json


def test_openapi_is_readable_from_any_origin(listener):
    response = get(listener, "/v1/openapi.json", headers={"Origin": "https://elders.example"})
    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Content-Type"].partition(";")[0] in (
        "application/json",
        "application/vnd.oai.openapi+json",
    )


def test_openapi_is_3_1_with_contact_and_semver(openapi):
    document = openapi.document
    assert document["openapi"].startswith("3.1.")
    assert document["info"]["contact"]
    assert len(document["info"]["version"].split(".")) == 3


def test_openapi_holds_the_rules_of_the_adr(openapi):
    seen = set()
    for path, item in openapi.document["paths"].items():
        assert not path.endswith("/")
        for method, operation in item.items():
            if method in ("parameters", "summary", "description", "servers"):
                continue
            where = f"{method} {path}"
            assert operation["operationId"] not in seen, where
            seen.add(operation["operationId"])
            if path == "/openapi.json":
                continue
            assert "400" in operation["responses"], where
            for status, response in operation["responses"].items():
                response = openapi.resolve(response)
                assert "API-Version" in response["headers"], f"{where} {status}"
                if status[0] in "45":
                    assert "application/problem+json" in response["content"], f"{where} {status}"
                for content in response["content"].values():
                    assert content.get("example") or content.get("examples"), f"{where} {status} has no example"


def test_openapi_examples_fit_their_schemas(openapi):
    checked = 0
    for path, item in openapi.document["paths"].items():
        for method, operation in item.items():
            if not isinstance(operation, dict) or path == "/openapi.json":
                continue
            parts = [openapi.resolve(one) for one in operation["responses"].values()]
            parts.append(openapi.resolve(operation.get("requestBody", {})))
            for content in (content for part in parts for content in part.get("content", {}).values()):
                examples = [one["value"] for one in content.get("examples", {}).values()]
                examples += [content["example"]] if "example" in content else []
                for example in examples:
                    errors = list(openapi.validator(content["schema"]).iter_errors(example))
                    assert not errors, f"{method} {path}: {errors[0].json_path}: {errors[0].message}"
                    checked += 1
    assert checked > 20


def test_openapi_is_the_one_in_the_repository(openapi):
    """But for the addresses, which are the listener's own."""
    stored = json.loads((REPO / "openapi/stagepoort.json").read_text())
    served = dict(openapi.document)
    for document in (stored, served):
        document.pop("servers", None)
    assert served == stored


# ---- WSDL and XSD


def wsdl(listener, form: str = "wsdl") -> etree._Element:
    response = get(listener, f"/soap/v1/whitelabel?{form}")
    assert response.status_code == 200
    assert response.headers["Content-Type"].replace(" ", "").lower() in (
        "text/xml;charset=utf-8",
        "application/wsdl+xml",
    )
    return etree.fromstring(response.content)


@pytest.mark.parametrize("form", ["wsdl", "WSDL", "singleWsdl", "singlewsdl"])
def test_the_wsdl_names_the_public_address_with_our_oin(demo, listener, form):
    root = wsdl(listener, form)
    (address,) = root.iter(f"{WSDL_SOAP}address")
    assert address.get("location") == f"{demo.endpoint}?oin={demo.oin}"


def test_the_wsdl_is_that_of_the_repository_but_for_the_address(listener):
    def bare(root):
        for address in root.iter(f"{WSDL_SOAP}address"):
            address.set("location", "")
        return etree.tostring(root, method="c14n")

    assert bare(wsdl(listener)) == bare(etree.parse(str(SCHEMAS / "whitelabel-v1.wsdl")).getroot())


@pytest.mark.parametrize("form", ["wsdl", "singleWsdl"])
def test_the_wsdl_keeps_its_rules(listener, form):
    root = wsdl(listener, form)
    (port_type,) = root.findall(f"{WSDL}portType")
    assert port_type.get("name") == "WhiteLabel"
    assert {one.get("name") for one in port_type.findall(f"{WSDL}operation")} == set(OPERATIONS)
    for operation in port_type.findall(f"{WSDL}operation"):
        name = operation.get("name")
        assert operation.find(f"{WSDL}input").get(f"{WSAM}Action") == f"{SPACE}/{name}"
        assert operation.find(f"{WSDL}output").get(f"{WSAM}Action") == f"{SPACE}/{name}Response"
    for part in root.iter(f"{WSDL}part"):
        assert part.get("name") == "body" and part.get("element") and not part.get("type")


def test_the_imported_xsd_is_found_by_its_relative_address(listener):
    root = wsdl(listener)
    (imported,) = root.iter(f"{XS}import")
    base, session = listener
    location = urljoin(f"{base}/soap/v1/whitelabel?wsdl", imported.get("schemaLocation"))
    response = session.get(location, timeout=10)
    assert response.status_code == 200
    assert etree.tostring(etree.fromstring(response.content), method="c14n") == etree.tostring(
        CONTRACT.tree, method="c14n"
    )


def test_the_single_wsdl_needs_nothing_else(listener):
    root = wsdl(listener, "singleWsdl")
    assert not list(root.iter(f"{XS}import", f"{WSDL}import", f"{XS}include"))
    (schema,) = root.iter(f"{XS}schema")
    assert schema.get("targetNamespace") == SPACE
    etree.XMLSchema(etree.ElementTree(schema))


def test_the_callback_has_a_wsdl_and_xsd_of_its_own(listener):
    for name in ("mutatieontvanger-v1.wsdl", "mutatieontvanger-v1.xsd"):
        response = get(listener, f"/soap/v1/{name}")
        assert response.status_code == 200, name
        assert etree.fromstring(response.content) is not None


def test_the_endpoint_without_a_query_does_not_answer_get(listener):
    response = get(listener, "/soap/v1/whitelabel")
    assert response.status_code in (404, 405)


# ---- the docs listener


def test_the_start_page(demo):
    response = demo.public.get(demo.docs + "/", timeout=10)
    assert response.status_code == 200
    assert response.headers["Content-Type"].replace(" ", "").lower() == "text/html;charset=utf-8"
    assert 'lang="nl"' in response.text
    for link in ("openapi.json", "?wsdl"):
        assert link in response.text
    for operation in OPERATIONS:
        assert f"<code>{operation}</code>" in response.text


def test_places_on_the_start_page_are_there(demo):
    page = etree.HTML(demo.public.get(demo.docs + "/", timeout=10).text)
    places = {element.get("id") for element in page.iter() if element.get("id")}
    for link in page.iter("a"):
        if link.get("href", "").startswith("#"):
            assert link.get("href")[1:] in places, link.get("href")


def test_links_of_the_start_page_work(demo):
    page = etree.HTML(demo.public.get(demo.docs + "/", timeout=10).text)
    own = [
        urljoin(demo.docs + "/", a.get("href"))
        for a in page.iter("a")
        if a.get("href") and not a.get("href").startswith("#")
    ]
    own = [link for link in own if link.startswith(demo.docs)]
    assert own
    for link in own:
        assert demo.public.get(link, timeout=10).status_code == 200, link


def test_the_start_page_loads_nothing_from_elsewhere(demo):
    page = etree.HTML(demo.public.get(demo.docs + "/", timeout=10).text)
    loaded = [e.get("src") for e in page.iter("script", "img", "iframe")] + [e.get("href") for e in page.iter("link")]
    assert not [address for address in loaded if address and "//" in address]


@pytest.mark.parametrize("path", ["/", "/v1/openapi.json", "/soap/v1/whitelabel?wsdl", "/nergens"])
def test_the_docs_listener_sends_the_standard_headers(demo, path):
    response = demo.public.get(demo.docs + path, timeout=10)
    for name in set(STANDARD_HEADERS) - {"Cache-Control"}:
        assert response.headers.get(name) == STANDARD_HEADERS[name], name
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
    assert "Strict-Transport-Security" in response.headers


def test_the_docs_listener_answers_no_questions(demo, erkend):
    path = f"/v1/leerbedrijven/{erkend['leerbedrijfId']}"
    assert demo.public.get(demo.docs + path, timeout=10).status_code == 404
    assert demo.public.post(f"{demo.docs}/soap/v1/whitelabel", data=b"<x/>", timeout=10).status_code in (404, 405)
    assert demo.public.get(f"{demo.docs}/metrics", timeout=10).status_code == 404


# ---- beheer


def test_health(demo):
    for path in ("/health/live", "/health/ready"):
        response = requests.get(demo.beheer + path, timeout=10)
        assert response.status_code == 200, response.text


def test_metrics_count_what_was_asked(demo, rest, erkend):
    def total() -> float:
        text = requests.get(f"{demo.beheer}/metrics", timeout=10).text
        lines = [line for line in text.splitlines() if line.startswith("stagepoort_") and 'natrekkenErkenning"' in line]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if "_total{" in line)

    before = total()
    rest.call("natrekkenErkenning", erkend)
    assert total() >= before + 1


def test_metrics_name_no_leerbedrijf_or_school(demo, erkend):
    lines = requests.get(f"{demo.beheer}/metrics", timeout=10).text.splitlines()
    # Without the values: the digits of a sum of seconds can be those of any id.
    text = "\n".join(line if line.startswith("#") else line.rpartition(" ")[0] for line in lines)
    assert "stagepoort_verzoeken_total{" in text
    assert erkend["leerbedrijfId"] not in text
    for afnemer in demo.afnemers:
        for school in afnemer.scholen:
            assert school.oin not in text


@pytest.fixture
def promtool() -> str:
    own = REPO / ".tools/usr/bin/promtool"
    found = which("promtool") or (str(own) if own.exists() else None)
    if found is None:
        pytest.skip("promtool is missing: run scripts/setup.sh")
    return found


def test_promtool_check_rules(promtool):
    rules = sorted((REPO / "deploy/prometheus").glob("*.yml"))
    assert rules
    run = subprocess.run([promtool, "check", "rules", *rules], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stdout + run.stderr


def test_promtool_check_metrics(demo, promtool):
    metrics = requests.get(f"{demo.beheer}/metrics", timeout=10).content
    run = subprocess.run([promtool, "check", "metrics"], input=metrics, capture_output=True, timeout=60)
    assert run.returncode == 0, (run.stdout + run.stderr).decode()
    assert not run.stderr, run.stderr.decode()


def test_beheer_listens_on_loopback_alone(demo):
    assert "//127.0.0.1:" in demo.beheer or "//localhost:" in demo.beheer


def test_keys_of_the_demo_are_for_its_owner_alone(demo):
    for afnemer in demo.afnemers:
        assert Path(afnemer.key).stat().st_mode & 0o077 == 0

"""Who may ask: certificates (standards §2), afnemers, and the mandates of schools (rule 14)."""

from __future__ import annotations

import ssl
import warnings
from dataclasses import replace

import pytest

from kit.ask import AskRest, AskSoap, Memory
from kit.contract import CONTRACT, OPERATIONS
from kit.demo import Certificate
from kit.raw import Raw, refused_by_tls
from kit.rest import SCHOOL_HEADER, RestClient
from kit.soap import ANONYMOUS, Addressing, SoapClient

# End in a TLS alert: the certificate itself is no good.
BY_TLS = {"ingetrokken": "REVOKED", "verlopen": "EXPIRED", "andere-ca": "UNKNOWN_CA"}
# Good certificates without a good OIN: answered, so that the integrator can read what is wrong.
WITHOUT_OIN = ("zonder-oin", "ongeldige-oin")


@pytest.fixture
def soap_as(demo, recorder):
    def client(certificate: Certificate) -> SoapClient:
        return SoapClient(demo, replace(demo.verplicht, cert=certificate.cert, key=certificate.key), recorder)

    return client


@pytest.fixture
def rest_as(demo, openapi):
    def client(certificate: Certificate) -> RestClient:
        return RestClient(demo, replace(demo.verplicht, cert=certificate.cert, key=certificate.key), openapi)

    return client


# ---- certificates


def test_the_demo_has_a_certificate_of_every_kind_to_refuse(demo):
    assert set(demo.geweigerd) >= {*BY_TLS, *WITHOUT_OIN, "onbekende-oin"}


@pytest.mark.parametrize("naam", BY_TLS)
def test_a_certificate_that_is_no_good_ends_in_a_tls_alert(demo, naam):
    alert = refused_by_tls(demo, demo.geweigerd[naam])
    assert alert is not None, "it was let in"
    assert BY_TLS[naam] in alert.upper(), alert


def test_without_a_certificate_the_handshake_fails(demo):
    alert = refused_by_tls(demo, None)
    assert alert is not None and "CERTIFICATE_REQUIRED" in alert.upper(), alert


@pytest.mark.parametrize("naam", BY_TLS)
def test_tls_1_2_refuses_them_in_the_handshake_itself(demo, naam):
    context = ssl.create_default_context(cafile=demo.ca)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises((ssl.SSLError, ConnectionError)):
        Raw(demo, demo.geweigerd[naam], context=context)


@pytest.mark.parametrize("naam", WITHOUT_OIN)
def test_EK0030_certificate_without_a_valid_oin_over_soap(demo, soap_as, erkend, naam):
    fault = soap_as(demo.geweigerd[naam]).call("natrekkenErkenning", erkend).fault
    assert (fault.code, fault.text) == ("Client.EK0030", "OIN in TLS certificaat ontbreekt of is ongeldig")
    assert fault.detail is None


@pytest.mark.parametrize("naam", WITHOUT_OIN)
def test_a_certificate_without_a_valid_oin_over_rest_is_401(demo, rest_as, erkend, naam):
    response = rest_as(demo.geweigerd[naam]).call("natrekkenErkenning", erkend)
    assert response.status_code == 401
    assert "WWW-Authenticate" in response.headers


def test_DK0002_unknown_oin_over_soap(demo, soap_as, erkend):
    fault = soap_as(demo.geweigerd["onbekende-oin"]).call("natrekkenErkenning", erkend).fault
    assert_not_authorised(fault)


def test_an_unknown_oin_over_rest_is_403(demo, rest_as, erkend):
    assert rest_as(demo.geweigerd["onbekende-oin"]).call("natrekkenErkenning", erkend).status_code == 403


def test_every_afnemer_gets_the_same_answer_over_both_transports(demo, openapi, recorder, erkend):
    assert {one.sleuteltype for one in demo.afnemers} == {"RSA", "ECDSA"}
    for afnemer in demo.afnemers:
        for school in afnemer.scholen:
            memory = Memory()
            AskSoap(SoapClient(demo, afnemer, recorder, school.oin), memory)("natrekkenErkenning", **erkend)
            AskRest(RestClient(demo, afnemer, openapi, school.oin), memory)("natrekkenErkenning", **erkend)
            assert memory.compared() == 1


# ---- TLS versions and keys


@pytest.mark.parametrize("sleuteltype", ["RSA", "ECDSA"])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_rsa_and_ecdsa_clients_over_both_versions_of_tls(demo, sleuteltype, version):
    afnemer = demo.afnemer(addressering="VERPLICHT", sleuteltype=sleuteltype)
    context = ssl.create_default_context(cafile=demo.ca)
    context.minimum_version = context.maximum_version = version
    with Raw(demo, afnemer, context=context) as raw:
        raw.head("GET", "/v1/openapi.json")
        assert raw.response("GET").status == 200
        assert raw.socket.version() == {771: "TLSv1.2", 772: "TLSv1.3"}[version]


def test_tls_1_1_is_refused(demo):
    context = ssl.create_default_context(cafile=demo.ca)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1_1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionError)) as refused:
        Raw(demo, demo.verplicht, context=context)
    assert "ALERT" in str(refused.value).upper(), "refused by the gateway, not by this client"


def test_only_ecdhe_with_aead_is_offered(demo):
    context = ssl.create_default_context(cafile=demo.ca)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES128-SHA:AES128-GCM-SHA256:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        Raw(demo, demo.verplicht, context=context)


def test_a_session_is_not_resumed(demo):
    """A resumed session would skip the check of a certificate that was revoked in between."""
    context = ssl.create_default_context(cafile=demo.ca)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(demo.verplicht.cert, demo.verplicht.key)
    with Raw(demo, None, context=context) as first:
        session = first.socket.session
    with Raw(demo, None, context=context, session=session) as second:
        assert not second.socket.session_reused


# ---- mandates


def test_DK0002_another_school_over_soap(demo, soap, erkend):
    other = demo.foreign_school(soap.afnemer)
    for operation in OPERATIONS:
        body = CONTRACT.to_xml(f"{operation}Request", fields_of(operation, erkend))
        addressing = soap.addressing(operation, from_=f"{ANONYMOUS}?oin={other}")
        assert_not_authorised(soap.send(operation, body, addressing).fault)


def test_another_school_over_rest_is_403(demo, rest, erkend):
    other = RestClient(demo, rest.afnemer, rest.openapi, demo.foreign_school(rest.afnemer))
    for operation in OPERATIONS:
        assert other.call(operation, fields_of(operation, erkend)).status_code == 403


def test_a_school_that_does_not_exist_is_as_another_school(demo, rest, erkend):
    nobody = RestClient(demo, rest.afnemer, rest.openapi, "00000007000099XX0000")
    assert nobody.call("natrekkenErkenning", erkend).status_code == 403


@pytest.mark.parametrize("wrong", ["", "123", "0000000700000000000a", "00000007 0000000000000", "x" * 300])
def test_rest_a_school_header_of_another_form_is_400(rest, erkend, wrong):
    path = f"/v1/leerbedrijven/{erkend['leerbedrijfId']}/erkenningen/{erkend['code']}"
    response = rest.get(path, query={"peildatum": erkend["peildatum"]}, headers={SCHOOL_HEADER: wrong})
    if wrong == "" and len(rest.afnemer.scholen) == 1:
        assert response.status_code == 200, "empty is absent, and there is one school"
    else:
        assert response.status_code == 400
        assert [one["veld"] for one in response.json()["overtredingen"]] == [SCHOOL_HEADER]


def test_none_named_with_several_mandates_is_400_over_rest(demo, openapi, erkend):
    several = RestClient(demo, demo.with_several_schools, openapi)
    path = f"/v1/leerbedrijven/{erkend['leerbedrijfId']}"
    response = several.get(path, headers={SCHOOL_HEADER: None})
    assert response.status_code == 400
    (violation,) = response.json()["overtredingen"]
    assert (violation["plaats"], violation["veld"]) == ("header", SCHOOL_HEADER)


def test_none_named_with_one_mandate_is_that_school_over_rest(demo, openapi, erkend):
    single = RestClient(demo, demo.optioneel, openapi)
    response = single.get(f"/v1/leerbedrijven/{erkend['leerbedrijfId']}", headers={SCHOOL_HEADER: None})
    assert response.status_code == 200


def test_EK0020_none_named_with_several_mandates_over_soap(demo, recorder, erkend):
    """The specific code goes before DK0002: nothing names the school, neither wsa:From nor the HTTP header."""
    several = SoapClient(demo, demo.with_several_schools, recorder)
    fault = several.send("natrekkenErkenning", body_of(erkend), Addressing()).fault
    assert (fault.code, fault.text, fault.detail) == ("Client.EK0020", "wsa:From ontbreekt", None)


def test_optioneel_names_its_school_in_the_http_header(demo, recorder, erkend):
    several = SoapClient(demo, demo.with_several_schools, recorder)
    for school in several.afnemer.scholen:
        reply = several.send("natrekkenErkenning", body_of(erkend), Addressing(), {SCHOOL_HEADER: school.oin})
        assert reply.answer()["signaalcode"] == 0


def test_DK0002_optioneel_another_school_in_the_http_header(demo, loose_soap, erkend):
    headers = {SCHOOL_HEADER: demo.foreign_school(loose_soap.afnemer)}
    assert loose_soap.send("natrekkenErkenning", body_of(erkend), Addressing(), headers).fault.code == "Client.DK0002"


def test_DK0002_header_and_from_name_different_schools(demo, recorder, erkend):
    several = SoapClient(demo, demo.with_several_schools, recorder)
    one, other = several.afnemer.scholen[:2]
    addressing = several.addressing("natrekkenErkenning", from_=f"{ANONYMOUS}?oin={one.oin}")
    fault = several.send("natrekkenErkenning", body_of(erkend), addressing, {SCHOOL_HEADER: other.oin}).fault
    assert fault.code == "Client.DK0002"
    same = several.send("natrekkenErkenning", body_of(erkend), addressing, {SCHOOL_HEADER: one.oin})
    assert same.answer()["signaalcode"] == 0


def assert_not_authorised(fault) -> None:
    assert (fault.code, fault.text, fault.detail) == ("Client.DK0002", "Niet geautoriseerd", None)


def body_of(erkend: dict) -> str:
    return CONTRACT.to_xml("natrekkenErkenningRequest", erkend)


def fields_of(operation: str, erkend: dict) -> dict:
    if operation == "natrekkenErkenning":
        return erkend
    if operation == "natrekkenErkenningen":
        return {"verzoeken": [erkend]}
    if operation == "vaststellenLeerbedrijven":
        return {"rijen": [{"leerbedrijfId": erkend["leerbedrijfId"]}]}
    if operation == "zoekenLeerplaatsen":
        return {"soort": "ERKENNING", "code": erkend["code"]}
    if operation == "registrerenBpvos":
        return {"bpvos": [{"bpvoKenmerk": "x"}]}
    if operation == "opvragenBpvos":
        return {}
    if operation == "aanmeldenAbonnement":
        return {"kanaal": "POLL"}
    if operation == "opvragenAbonnementen":
        return {}
    if "Abonnement" in operation or "Mutaties" in operation:
        return {"abonnementId": "00000000-0000-8000-8000-000000000000"}
    return {"leerbedrijfId": erkend["leerbedrijfId"]}

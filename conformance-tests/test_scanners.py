"""The api listener as sslyze and testssl.sh see it (standards §2), and that the check of their reports can fail."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from kit import scan
from kit.demo import Demo

START_TIMEOUT_S = 20

# What a server of long ago offers: old versions, suites without forward secrecy, renegotiation when a client asks,
# sessions that are resumed, and nobody is asked for a certificate.
OLD = ("-min_protocol", "TLSv1", "-cipher", "ALL:@SECLEVEL=0", "-client_renegotiation", "-legacy_renegotiation", "-quiet")


@contextmanager
def old_server(demo: Demo) -> Iterator[scan.Target]:
    """It serves one connection at a time, so each scanner has its own."""
    rsa = demo.afnemer(addressering="VERPLICHT", sleuteltype="RSA")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", rsa.cert, "-key", rsa.key, "-www", *OLD]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline and process.poll() is None:
            with socket.socket() as look:
                if look.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        assert process.poll() is None, "openssl s_server did not start"
        yield scan.Target("localhost", port, rsa.cert, rsa.key)
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="module")
def found(demo: Demo, tmp_path_factory) -> dict[str, Future]:
    """What is wrong, by server and scanner; all of them at the same time."""
    client = demo.verplicht
    api = scan.Target(*demo.address(), client.cert, client.key)
    with old_server(demo) as one, old_server(demo) as other, ThreadPoolExecutor() as pool:
        return {
            f"{naam} {scanner.__name__}": pool.submit(scanner, target, tmp_path_factory.mktemp(naam))
            for naam, target, scanner in (
                ("api", api, scan.sslyze),
                ("api", api, scan.testssl),
                ("old", one, scan.sslyze),
                ("old", other, scan.testssl),
            )
        }


@pytest.mark.parametrize("scanner", ["sslyze", "testssl"])
def test_the_api_listener_is_as_the_standard_asks(found, scanner):
    assert found[f"api {scanner}"].result() == []


@pytest.mark.parametrize(
    ("scanner", "expected"),
    [
        (
            "sslyze",
            {
                "a client certificate is DISABLED",
                "tls_1_0_cipher_suites: TLS_RSA_WITH_AES_128_CBC_SHA is accepted",
                "tls_1_2_cipher_suites: TLS_RSA_WITH_AES_128_CBC_SHA is accepted",
            },
        ),
        ("testssl", {"TLS1: offered", "TLS1_1: offered", "cipherlist_AVERAGE: offered", "secure_client_renego: VULNERABLE"}),
    ],
)
def test_the_check_fails_on_a_server_of_long_ago(found, scanner, expected):
    wrong = found[f"old {scanner}"].result()
    unseen = [begin for begin in expected if not any(one.startswith(begin) for one in wrong)]
    assert unseen == [], wrong


def test_a_report_that_lacks_something_is_wrong():
    assert "TLS1_2: was not looked at" in scan.judge_testssl([{"id": "TLS1", "finding": "not offered"}])
    nothing = {"connectivity_status": "COMPLETED", "scan_status": "COMPLETED", "scan_result": {}}
    report = {"server_scan_results": [nothing | {"connectivity_result": {"client_auth_requirement": "REQUIRED"}}]}
    assert "tls_1_2_cipher_suites: was not looked at" in scan.judge_sslyze(report, report)


@pytest.mark.parametrize(
    ("name", "result", "expected"),
    [
        # That server of long ago is too slow for these when the machine is busy.
        (
            "session_resumption",
            {"session_id_resumption_result": "NOT_SUPPORTED", "tls_ticket_resumption_result": "FULLY_SUPPORTED"},
            ["tls_ticket_resumption_result is FULLY_SUPPORTED"],
        ),
        (
            "session_renegotiation",
            {"is_vulnerable_to_client_renegotiation_dos": True},
            ["is_vulnerable_to_client_renegotiation_dos is True"],
        ),
        ("tls_1_3_early_data", {"supports_early_data": True}, ["supports_early_data is True"]),
        ("tls_1_3_cipher_suites", {"accepted_cipher_suites": []}, ["nothing is accepted"]),
    ],
)
def test_what_one_scan_finds_is_judged(name, result, expected):
    assert scan.SSLYZE[name](result) == expected

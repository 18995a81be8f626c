"""What sslyze and testssl.sh report of a listener, held against standards §2.

As a script: `python -m kit.scan HOST PORT CERT KEY FOLDER` scans with both, leaves their reports (JSON) in the folder,
prints what is wrong, and exits 1 when anything is. CERT and KEY are those of a client that is let in.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

# A scan takes some ten seconds on two cores; more than this means that it hangs.
PATIENCE_S = 240

AEAD = ("AES_128_GCM_SHA256", "AES_256_GCM_SHA384", "CHACHA20_POLY1305_SHA256")
ALLOWED = {f"TLS_{aead}" for aead in AEAD} | {
    f"TLS_ECDHE_{key}_WITH_{aead}" for key in ("ECDSA", "RSA") for aead in AEAD
}


@dataclass(frozen=True)
class Target:
    host: str
    port: int
    # A client certificate and its key, PEM, for what can only be seen behind a whole handshake.
    cert: str
    key: str


def sslyze(target: Target, folder: Path) -> list[str]:
    """Scans, leaves two reports in the folder, and gives what is wrong."""
    stranger = _sslyze(target, folder / "sslyze.json", STRANGER, ())
    known = _sslyze(target, folder / "sslyze-met-certificaat.json", KNOWN, ("--cert", target.cert, "--key", target.key))
    return judge_sslyze(stranger, known)


# What is seen without a certificate, and what with one.
STRANGER = ("sslv2", "sslv3", "tlsv1", "tlsv1_1", "tlsv1_2", "tlsv1_3", "compression", "heartbleed", "openssl_ccs")
KNOWN = ("reneg", "resum", "early_data")


def _sslyze(target: Target, report: Path, scans: tuple[str, ...], more: tuple[str, ...]) -> dict:
    report.unlink(missing_ok=True)
    options = [f"--{scan}" for scan in scans]
    command = [sys.executable, "-m", "sslyze", "--quiet", "--mozilla_config=disable", f"--json_out={report}"]
    address = f"{target.host}:{target.port}"
    ended = subprocess.run(
        [*command, *options, *more, address], capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    if not report.exists():
        raise RuntimeError(f"sslyze left no report: {ended.stdout}{ended.stderr}")
    return json.loads(report.read_text())


def judge_sslyze(stranger: dict, known: dict) -> list[str]:
    wrong = []
    scans = {}
    for report in (stranger, known):
        (result,) = report["server_scan_results"]
        if result["scan_status"] != "COMPLETED":
            return [f"sslyze could not scan: {result['connectivity_status']}"]
        scans |= {name: scan["result"] for name, scan in result["scan_result"].items() if scan["result"]}
    client = stranger["server_scan_results"][0]["connectivity_result"]["client_auth_requirement"]
    if client != "REQUIRED":
        wrong.append(f"a client certificate is {client}")
    for name, find in SSLYZE.items():
        found = find(scans[name]) if name in scans else ["was not looked at"]
        wrong.extend(f"{name}: {what}" for what in found)
    return wrong


def _suites(result: dict) -> list[str]:
    return [accepted["cipher_suite"]["name"] for accepted in result["accepted_cipher_suites"]]


def _no_suite(result: dict) -> list[str]:
    return [f"{name} is accepted" for name in _suites(result)]


def _strong_suites(result: dict) -> list[str]:
    found = _suites(result)
    wrong = [f"{name} is accepted" for name in found if name not in ALLOWED]
    return wrong if found else ["nothing is accepted"]


def _false(key: str) -> Callable[[dict], list[str]]:
    return lambda result: [f"{key} is {result[key]}"] if result[key] is not False else []


def _no_resumption(result: dict) -> list[str]:
    kinds = ("session_id_resumption_result", "tls_ticket_resumption_result")
    return [f"{kind} is {result[kind]}" for kind in kinds if result[kind] != "NOT_SUPPORTED"]


SSLYZE: dict[str, Callable[[dict], list[str]]] = {
    "ssl_2_0_cipher_suites": _no_suite,
    "ssl_3_0_cipher_suites": _no_suite,
    "tls_1_0_cipher_suites": _no_suite,
    "tls_1_1_cipher_suites": _no_suite,
    "tls_1_2_cipher_suites": _strong_suites,
    "tls_1_3_cipher_suites": _strong_suites,
    "tls_compression": _false("supports_compression"),
    "heartbleed": _false("is_vulnerable_to_heartbleed"),
    "openssl_ccs_injection": _false("is_vulnerable_to_ccs_injection"),
    "session_renegotiation": _false("is_vulnerable_to_client_renegotiation_dos"),
    "session_resumption": _no_resumption,
    "tls_1_3_early_data": _false("supports_early_data"),
}


def testssl(target: Target, folder: Path) -> list[str]:
    """Scans, leaves testssl.json in the folder, and gives what is wrong."""
    report = folder / "testssl.json"
    report.unlink(missing_ok=True)
    program = shutil.which("testssl") or shutil.which("testssl.sh")
    if program is None:
        raise FileNotFoundError("testssl.sh is not there: run scripts/setup.sh")
    # Its checks of old leaks would take minutes, and look for what no library of ours has.
    checks = ["--protocols", "--std", "--renegotiation"]
    address = "127.0.0.1" if target.host == "localhost" else "one"
    quiet = ["--quiet", "--color", "0", "--warnings", "off", "--nodns", "min", "--ip", address]
    command = [program, *quiet, *checks, "--jsonfile", str(report), f"{target.host}:{target.port}"]
    ended = subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE_S, check=False, stdin=subprocess.DEVNULL
    )
    if not report.exists():
        raise RuntimeError(f"testssl.sh left no report: {ended.stdout}{ended.stderr}")
    return judge_testssl(json.loads(report.read_text()))


def judge_testssl(report: list[dict]) -> list[str]:
    found = {entry["id"].strip(): entry["finding"] for entry in report}
    wrong = []
    for name, expect in TESTSSL.items():
        if name not in found:
            wrong.append(f"{name}: was not looked at")
        elif not found[name].startswith(expect):
            wrong.append(f"{name}: {found[name]}")
    return wrong


# How a finding must begin.
TESTSSL: dict[str, str | tuple[str, ...]] = {
    "SSLv2": "not offered",
    "SSLv3": "not offered",
    "TLS1": "not offered",
    "TLS1_1": "not offered",
    "TLS1_2": "offered",
    "TLS1_3": "offered",
    "cipherlist_NULL": "not offered",
    "cipherlist_aNULL": "not offered",
    "cipherlist_EXPORT": "not offered",
    "cipherlist_LOW": "not offered",
    "cipherlist_3DES_IDEA": "not offered",
    "cipherlist_AVERAGE": "not offered",
    "cipherlist_STRONG": "offered",
    "secure_renego": "supported",
    # It has no certificate to begin with; sslyze has, and looks.
    "secure_client_renego": ("not vulnerable", "client x509-based authentication prevents"),
}


def scan(target: Target, folder: Path) -> list[str]:
    """With both at the same time."""
    with ThreadPoolExecutor() as pool:
        scans = [pool.submit(scanner, target, folder) for scanner in (sslyze, testssl)]
        return [wrong for one in scans for wrong in one.result()]


def main() -> int:
    host, port, cert, key, folder = sys.argv[1:]
    Path(folder).mkdir(parents=True, exist_ok=True)
    wrong = scan(Target(host, int(port), cert, key), Path(folder))
    print("\n".join(wrong) if wrong else "all is as standards §2 asks")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

"""What sslyze and testssl.sh report of a listener, held against standards §2.

As a script: `python -m kit.scan HOST PORT FOLDER` scans with both, leaves their reports (JSON) in the folder, prints
what is wrong, and exits 1 when anything is.
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


def sslyze(target: Target, folder: Path) -> list[str]:
    """Scans, leaves sslyze.json in the folder, and gives what is wrong."""
    report = folder / "sslyze.json"
    # It exits 1 where a server is not as Mozilla recommends; what it found stands in the report.
    command = [sys.executable, "-m", "sslyze", "--quiet", f"--json_out={report}", f"{target.host}:{target.port}"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    if not report.exists():
        raise RuntimeError(f"sslyze left no report: {ended.stdout}{ended.stderr}")
    return judge_sslyze(json.loads(report.read_text()))


def judge_sslyze(report: dict) -> list[str]:
    (result,) = report["server_scan_results"]
    if result["connectivity_status"] != "COMPLETED" or result["scan_status"] != "COMPLETED":
        return [f"sslyze could not scan: {result['connectivity_status']}, {result['scan_status']}"]
    wrong = []
    if (client := result["connectivity_result"]["client_auth_requirement"]) != "REQUIRED":
        wrong.append(f"a client certificate is {client}")
    scans = {}
    for name, scan in result["scan_result"].items():
        if scan["status"] == "COMPLETED":
            scans[name] = scan["result"]
        elif name not in NEEDS_HTTP:
            wrong.append(f"{name}: the scan is {scan['status']}: {scan.get('error_reason')}")
    for name, forbidden in SSLYZE.items():
        if name in scans:
            wrong.extend(f"{name}: {what}" for what in forbidden(scans[name]))
        else:
            wrong.append(f"{name}: was not looked at")
    return wrong


# It asks a page without a certificate for these, which is refused.
NEEDS_HTTP = {"http_headers"}


def _suites(result: dict) -> list[str]:
    return [accepted["cipher_suite"]["name"] for accepted in result["accepted_cipher_suites"]]


def _no_suite(result: dict) -> list[str]:
    return [f"{name} is accepted" for name in _suites(result)]


def _strong_suites(result: dict) -> list[str]:
    found = _suites(result)
    wrong = [f"{name} is accepted" for name in found if name not in ALLOWED]
    return wrong if found else ["nothing is accepted"]


def _false(*keys: str) -> Callable[[dict], list[str]]:
    return lambda result: [f"{key} is {result[key]}" for key in keys if result[key] is not False]


def _no_resumption(result: dict) -> list[str]:
    wrong = []
    for kind in ("session_id", "tls_ticket"):
        if (found := result[f"{kind}_resumption_result"]) not in ("NOT_SUPPORTED", None):
            wrong.append(f"{kind} is {found}")
    return wrong


SSLYZE: dict[str, Callable[[dict], list[str]]] = {
    "ssl_2_0_cipher_suites": _no_suite,
    "ssl_3_0_cipher_suites": _no_suite,
    "tls_1_0_cipher_suites": _no_suite,
    "tls_1_1_cipher_suites": _no_suite,
    "tls_1_2_cipher_suites": _strong_suites,
    "tls_1_3_cipher_suites": _strong_suites,
    "tls_compression": _false("supports_compression"),
    "tls_1_3_early_data": _false("supports_early_data"),
    "session_renegotiation": _false("is_vulnerable_to_client_renegotiation_dos"),
    "session_resumption": _no_resumption,
    "heartbleed": _false("is_vulnerable_to_heartbleed"),
    "openssl_ccs_injection": _false("is_vulnerable_to_ccs_injection"),
}


def testssl(target: Target, folder: Path) -> list[str]:
    """Scans, leaves testssl.json in the folder, and gives what is wrong."""
    report = folder / "testssl.json"
    program = shutil.which("testssl") or shutil.which("testssl.sh")
    if program is None:
        raise FileNotFoundError("testssl.sh is not there: run scripts/setup.sh")
    # Versions, suites, what the server shows and asks for, renegotiation. Checks of old leaks would take minutes, and
    # look for what no version of ours offers.
    checks = ["--protocols", "--std", "--server-defaults", "--renegotiation"]
    quiet = ["--quiet", "--color", "0", "--warnings", "off", "--nodns", "min", "--ip", "127.0.0.1", "--overwrite"]
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
    for name, (word, meaning) in TESTSSL.items():
        if name not in found:
            wrong.append(f"{name}: was not looked at")
        elif word not in found[name]:
            wrong.append(f"{name}: {found[name]}; should be {meaning}")
    return wrong


# What must stand in a finding, and what that means.
TESTSSL: dict[str, tuple[str, str]] = {
    "SSLv2": ("not offered", "off"),
    "SSLv3": ("not offered", "off"),
    "TLS1": ("not offered", "off"),
    "TLS1_1": ("not offered", "off"),
    "TLS1_2": ("offered", "on"),
    "TLS1_3": ("offered", "on"),
    "cipherlist_NULL": ("not offered", "off"),
    "cipherlist_aNULL": ("not offered", "off"),
    "cipherlist_EXPORT": ("not offered", "off"),
    "cipherlist_LOW": ("not offered", "off"),
    "cipherlist_3DES_IDEA": ("not offered", "off"),
    "secure_client_renego": ("not vulnerable", "refused"),
    "clientAuth": ("required", "required"),
}


def scan(target: Target, folder: Path) -> list[str]:
    """With both at the same time."""
    with ThreadPoolExecutor() as pool:
        scans = [pool.submit(scanner, target, folder) for scanner in (sslyze, testssl)]
        return [wrong for one in scans for wrong in one.result()]


def main() -> int:
    host, port, folder = sys.argv[1:]
    Path(folder).mkdir(parents=True, exist_ok=True)
    wrong = scan(Target(host, int(port)), Path(folder))
    print("\n".join(wrong) if wrong else "all is as standards §2 asks")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

"""Leveringen beside a gateway that serves: killed, repeated, torn, shrunk, half bad; and a node without its database."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

from kit.demo import Demo, RunningDemo, question_of

APPLIED, REFUSED = 0, 3
PATIENCE_S = 60


class Register:
    """A demo of its own, since these tests change the register, and the commands beside it."""

    def __init__(self, folder: Path):
        self.running = RunningDemo(folder)
        self.demo: Demo = self.running.wait()
        self.folder = folder
        self.database = self.running.folder / "stagepoort.db"
        self.binary = self.running.process.args[0]

    def command(self, *arguments: str) -> list[str]:
        return [self.binary, "register", *arguments]

    def levering(self, name: str, *arguments: str) -> Path:
        path = self.folder / name
        if path.exists():
            return path
        made = self.command("generate", "--seed", "1", *arguments, "--uit", str(path))
        subprocess.run(made, check=True, capture_output=True)
        return path

    def importing(self, path: Path) -> list[str]:
        return self.command("import", str(path), "--opslag", str(self.database))

    def imported(self, path: Path, *options: str) -> subprocess.CompletedProcess:
        return subprocess.run([*self.importing(path), *options], capture_output=True, text=True)

    def ask(self, voorbeeld: dict, minimum: str | None = None) -> dict:
        """natrekkenErkenning over REST; waits for a version by asking for it."""
        question = question_of(voorbeeld)
        query = {"peildatum": question["peildatum"]}
        if minimum:
            query["minimaleRegisterVersie"] = minimum
        url = f"{self.demo.api}/v1/leerbedrijven/{question['leerbedrijfId']}/erkenningen/{question['code']}"
        afnemer = self.demo.verplicht
        headers = {"Onderwijsinstelling-OIN": afnemer.school.oin}
        for _ in range(10):
            answer = self.demo.session(afnemer).get(url, params=query, headers=headers, timeout=10)
            if answer.status_code != 503:
                break
        assert answer.status_code == 200, answer.text
        return answer.json()

    def versie(self) -> str:
        return self.ask(self.demo.voorbeelden[0])["registerVersie"]

    def bytes_on_disk(self) -> int:
        files = (self.database, self.database.with_name("stagepoort.db-wal"))
        return sum(file.stat().st_size for file in files if file.exists())


@pytest.fixture(scope="module")
def register(tmp_path_factory):
    made = Register(tmp_path_factory.mktemp("leveringen"))
    try:
        yield made
    finally:
        made.running.process.kill()
        made.running.process.wait()


def resealed(lines: list[str]) -> str:
    """The lines before `sluit` with its checksum made right again."""
    body = "".join(f"{line}\n" for line in lines[:-1])
    sluit = json.loads(lines[-1])
    sluit["sha256"] = hashlib.sha256(body.encode()).hexdigest()
    return body + json.dumps(sluit) + "\n"


def until(condition, what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(0.01)


def test_an_import_killed_half_way_changes_nothing_and_can_be_repeated(register: Register):
    levering = register.levering("ronde1.ndjson", "--leerbedrijven", "4000", "--ronde", "1")
    before, size = register.versie(), register.bytes_on_disk()
    process = subprocess.Popen(register.importing(levering), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: register.bytes_on_disk() > size + 300_000, "lines are staged")
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "the import was over before it could be killed"
    assert register.versie() == before

    again = register.imported(levering, "--json")
    assert again.returncode == APPLIED, again.stderr
    versie = json.loads(again.stdout)["registerVersie"]
    assert versie == "1.2"
    for voorbeeld in register.demo.voorbeelden:
        answer = register.ask(voorbeeld, minimum=versie)
        assert answer["registerVersie"] == versie
        assert answer["erkenningStatus"] == voorbeeld["erkenningStatus"], voorbeeld

    third = register.imported(levering, "--json")
    assert third.returncode == APPLIED
    assert json.loads(third.stdout)["uitkomst"] == "alToegepast"
    assert register.versie() == versie


@pytest.mark.parametrize(
    ("name", "spoil", "word"),
    [
        ("torn in a line", lambda text: text[: len(text) // 2], "line"),
        ("without its last line", lambda text: text[: text.rstrip("\n").rfind("\n") + 1], "sluit"),
        ("a byte changed", lambda text: text.replace("ROC De Linge", "ROC De Lange", 1), "checksum"),
        ("a line twice", lambda text: resealed((lines := text.splitlines())[:2] + lines[1:]), "line"),
        (
            "of another format",
            lambda text: text.replace('"formaatVersie":"1"', '"formaatVersie":"9"', 1),
            "formaatVersie",
        ),
        ("empty", lambda text: "", "empty"),
        ("not a levering", lambda text: "<xml/>\n", "line 1"),
    ],
)
def test_a_spoiled_levering_is_refused_whole(register: Register, name: str, spoil, word: str):
    whole = register.levering("whole.ndjson", "--leerbedrijven", "4000", "--ronde", "2").read_text()
    path = register.folder / "spoiled.ndjson"
    spoiled = spoil(whole)
    assert spoiled != whole, name
    path.write_text(spoiled)
    before = register.versie()
    refused = register.imported(path)
    assert refused.returncode == REFUSED, (name, refused.stderr)
    assert word in refused.stderr, (name, refused.stderr)
    assert register.versie() == before


def test_a_levering_that_ends_much_of_the_register_is_refused(register: Register):
    small = register.levering("small.ndjson", "--leerbedrijven", "3000", "--ronde", "3")
    refused = register.imported(small)
    assert refused.returncode == REFUSED
    assert "running erkenningen" in refused.stderr and "--toestaan-krimp" in refused.stderr


def test_half_bad_lines_refuse_and_a_few_are_set_aside(register: Register):
    whole = register.levering("bad.ndjson", "--leerbedrijven", "4000", "--ronde", "2").read_text().splitlines()
    places = [at for at, line in enumerate(whole) if '"soort":"leerbedrijf"' in line]

    def spoiled(count: int) -> Path:
        lines = list(whole)
        for at in places[100 : 100 + count]:
            lines[at] = lines[at].replace('"startdatum":"2', '"startdatum":"x', 1)
        path = register.folder / "bad-lines.ndjson"
        path.write_text(resealed(lines))
        return path

    before = register.versie()
    report = register.folder / "rapport.ndjson"
    refused = register.imported(spoiled(len(places) // 2))
    assert refused.returncode == REFUSED
    assert register.versie() == before

    applied = register.imported(spoiled(2), "--rapport", str(report), "--json")
    assert applied.returncode == APPLIED, applied.stderr
    violations = [json.loads(line) for line in report.read_text().splitlines()]
    assert {violation["regel"] for violation in violations} == {places[100] + 1, places[101] + 1}
    assert all("startdatum" in violation["veld"] for violation in violations), violations
    assert json.loads(applied.stdout)["afgekeurd"] == 2


def test_a_database_that_is_replaced_under_a_running_gateway_is_followed(register: Register):
    """As a restore does: the old file stays open under whoever has it, and must not be read on."""
    folder, document = register.running.folder, register.running.folder / "toegang.toml"
    copies = [folder / f"stagepoort.db{suffix}" for suffix in ("", "-wal") if (folder / f"stagepoort.db{suffix}").exists()]
    contents = {path: path.read_bytes() for path in copies}
    for suffix in ("", "-wal", "-shm"):
        (folder / f"stagepoort.db{suffix}").unlink(missing_ok=True)
    for path, content in contents.items():
        path.write_bytes(content)
        path.chmod(0o600)

    without = folder / "without.toml"
    whole = document.read_text()
    afnemer = register.demo.with_several_schools
    cut = whole.index(f'oin = "{afnemer.oin}"')
    without.write_text(whole[: whole.rindex("[[afnemers]]", 0, cut)])
    apply = [register.binary, "toegang", "apply", "--opslag", str(register.database), "--yes"]
    subprocess.run([*apply, str(without)], check=True, capture_output=True)

    def status() -> int:
        url = f"{register.demo.api}/v1/leerbedrijven/{register.demo.voorbeelden[0]['leerbedrijfId']}"
        headers = {"Onderwijsinstelling-OIN": afnemer.school.oin}
        return register.demo.session(afnemer).get(url, headers=headers, timeout=10).status_code

    until(lambda: status() == 403, "the withdrawn afnemer is refused")
    subprocess.run([*apply, str(document)], check=True, capture_output=True)
    until(lambda: status() == 200, "it is let in again")


def test_a_node_starts_and_serves_without_its_database(register: Register, tmp_path: Path):
    register.ask(register.demo.voorbeelden[0], minimum="1.2")
    assert register.running.stop() == 0
    away = tmp_path / "away.db"
    register.database.rename(away)
    settings = register.running.folder / "stagepoort.toml"
    with (tmp_path / "serve.log").open("wb") as log:
        serve = subprocess.Popen([register.binary, "serve", "--config", str(settings)], stderr=log)
    try:

        def ready() -> dict:
            try:
                return register.demo.public.get(f"{register.demo.beheer}/health/ready", timeout=5).json()
            except OSError:
                return {"status": "-", "redenen": []}

        until(lambda: ready()["status"] == "verminderd", "serving from the snapshot")
        voorbeeld = register.demo.voorbeelden[0]
        assert register.ask(voorbeeld)["erkenningStatus"] == voorbeeld["erkenningStatus"]
        assert not register.database.exists(), "a database that is away must not be made anew"

        # An empty database in its place, as of a volume that was not mounted, is no register.
        document = str(register.running.folder / "toegang.toml")
        apply = [register.binary, "toegang", "apply", document, "--opslag", str(register.database), "--yes"]
        subprocess.run(apply, check=True, capture_output=True)
        until(lambda: "the database is empty" in (tmp_path / "serve.log").read_text(), "the empty one is told")
        assert register.ask(voorbeeld)["erkenningStatus"] == voorbeeld["erkenningStatus"]
        for suffix in ("", "-wal", "-shm"):
            register.database.with_name(f"stagepoort.db{suffix}").unlink(missing_ok=True)

        away.rename(register.database)
        until(lambda: ready()["status"] == "gereed", "the database is back")
        serve.terminate()
        assert serve.wait(PATIENCE_S) == 0

        snapshot = register.running.folder / "stagepoort.snapshot"
        spoiled = bytearray(snapshot.read_bytes())
        spoiled[len(spoiled) // 2] ^= 1
        snapshot.write_bytes(spoiled)
        with (tmp_path / "serve-again.log").open("wb") as log:
            serve = subprocess.Popen([register.binary, "serve", "--config", str(settings)], stderr=log)
        until(lambda: ready()["status"] == "gereed", "replayed from the log")
        assert "snapshot is not used" in (tmp_path / "serve-again.log").read_text()
        assert register.ask(voorbeeld)["erkenningStatus"] == voorbeeld["erkenningStatus"]
    finally:
        serve.kill()
        serve.wait()

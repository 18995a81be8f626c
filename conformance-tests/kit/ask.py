"""One question, two transports: a functional case is written once and runs over both.

Each answer is compared with that of the other transport to the same question, field by field.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from kit.rest import RestClient
from kit.signaalcodes import INVALID_INPUT, LEERBEDRIJF_ONBEKEND
from kit.soap import SoapClient

# REST: a GET of what is not there is 404 (domain rule 1); natrekken always answers.
NOT_FOUND_ON_GET = {"vaststellenLeerbedrijf", "opvragenDetailgegevens"}


@dataclass
class Answer:
    """An answer as JSON has it, over either transport; `problem` when REST made a problem of it."""

    signaalcode: int
    body: dict | None
    problem: dict | None = None

    def __getitem__(self, name: str):
        assert self.body is not None, self.problem
        return self.body[name]

    def get(self, name: str):
        assert self.body is not None, self.problem
        return self.body.get(name)


def without_cursor(body: dict) -> dict:
    """Every cursor has the moment of its making in it, so of two answers it is compared whether they have one."""
    return body | {"volgendeCursor": body.get("volgendeCursor") is not None}


@dataclass
class Memory:
    """The answers so far by question, to compare the transports with each other."""

    answers: dict[str, dict[str, Answer]] = field(default_factory=dict)

    def compare(self, transport: str, operation: str, fields: dict, answer: Answer) -> None:
        question = json.dumps([operation, fields], sort_keys=True)
        known = self.answers.setdefault(question, {})
        known[transport] = answer
        for other in known.values():
            assert other.signaalcode == answer.signaalcode, question
            if other.body is not None and answer.body is not None:
                assert without_cursor(other.body) == without_cursor(answer.body), question

    def compared(self) -> int:
        return sum(len(known) == 2 for known in self.answers.values())


class Ask:
    """Base of both: `ask("natrekkenErkenning", leerbedrijfId=…, code=…, peildatum=…)`."""

    transport = ""

    def __init__(self, memory: Memory):
        self.memory = memory

    def __call__(self, operation: str, **fields) -> Answer:
        answer = self._ask(operation, fields)
        self.memory.compare(self.transport, operation, fields, answer)
        return answer

    def _ask(self, operation: str, fields: dict) -> Answer:
        raise NotImplementedError


class AskSoap(Ask):
    transport = "soap"

    def __init__(self, client: SoapClient, memory: Memory):
        super().__init__(memory)
        self.client = client

    def _ask(self, operation: str, fields: dict) -> Answer:
        body = self.client.call(operation, fields).answer()
        return Answer(body["signaalcode"], body)


class AskRest(Ask):
    transport = "rest"

    def __init__(self, client: RestClient, memory: Memory):
        super().__init__(memory)
        self.client = client

    def _ask(self, operation: str, fields: dict) -> Answer:
        response = self.client.call(operation, fields)
        content = response.json()
        if response.status_code == 200:
            assert content["signaalcode"] not in INVALID_INPUT, "invalid input is 400"
            return Answer(content["signaalcode"], content)
        signaalcode = content["signaalcode"]
        if signaalcode in INVALID_INPUT:
            assert response.status_code == 400, content
            assert str(signaalcode) in [one["code"] for one in content["overtredingen"]], content
        else:
            assert operation in NOT_FOUND_ON_GET, content
            assert (response.status_code, signaalcode) == (404, LEERBEDRIJF_ONBEKEND), content
        return Answer(signaalcode, None, content)

"""Last: every SOAP message of the run is put to two validators, every question was asked twice."""

import shutil


def test_xmllint_is_there():
    assert shutil.which("xmllint"), "run scripts/setup.sh"


def test_every_answer_and_every_answered_request_is_valid_by_lxml(recorder):
    assert recorder.counts["response"], "nothing was recorded: this test runs with the others"
    assert recorder.refused_by_lxml() == []


def test_every_answer_and_every_answered_request_is_valid_by_xmllint(recorder):
    assert recorder.refused_by_xmllint() == []


def test_every_question_was_asked_over_both_transports(memory):
    once = [question for question, known in memory.answers.items() if len(known) != 2]
    assert memory.answers and not once

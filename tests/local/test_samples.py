"""Tests of the sample flows, with their numbers worked out another way."""

import sys

import pytest

from ai_spine.local.samples.agents import monthly_payment
from tests.local import run
from tests.needs import needs

GOOD = {"name": "Ana", "income": 52000, "amount": 15000, "term_months": 24}


def level_payment(amount, annual_rate, months):
    """Return the payment whose present values add up to the loan."""
    rate = annual_rate / 12
    return amount / sum((1 + rate) ** -month for month in range(1, months + 1))


@pytest.fixture
def server(serve):
    return serve()


def decide(server, **application):
    execution = run(server, "credit_analysis", application)
    assert execution.succeeded, execution.error_message
    return execution.output_data["decision"]


def statuses(server, http, **application):
    execution = run(server, "credit_analysis", application)
    answer = http.get(f"{server.url}/executions/{execution.execution_id}/results")
    return {r["node_id"]: r["status"] for r in answer.json()["node_results"]}


def test_without_flows_and_agents_the_samples_are_served(server):
    with server.client() as client:
        flows = [flow.flow_id for flow in client.list_flows()]
        agents = [agent.agent_id for agent in client.list_agents()]
    assert flows == ["credit_analysis", "sentiment-analysis"]
    assert agents == [
        "applicant_check",
        "credit_decision",
        "credit_risk",
        "sentiment_scorer",
    ]


# Credit


def test_a_small_loan_is_approved_with_the_right_numbers(server):
    told = decide(server, **GOOD)
    payment = level_payment(15000, 0.12, 24)
    assert payment == pytest.approx(706.10, abs=0.005)
    assert told["decision"] == "approved"
    assert told["applicant"] == "Ana"
    assert told["amount"] == 15000 and told["term_months"] == 24
    assert told["monthly_payment"] == round(payment, 2)
    assert told["total_interest"] == pytest.approx(24 * payment - 15000, abs=0.005)
    assert told["debt_to_income"] == pytest.approx(payment / (52000 / 12), abs=5e-5)
    assert told["risk_score"] == 27
    assert told["reasons"] == [
        "payments take 16.3% of the monthly income",
        "the loan is 29% of a year's income",
        "it runs for 24 months",
    ]


def test_a_loan_that_is_too_large_is_declined_with_the_right_numbers(server):
    told = decide(server, **{**GOOD, "income": 24000, "amount": 60000})
    payment = level_payment(60000, 0.12, 24)
    assert told["decision"] == "declined"
    assert told["monthly_payment"] == round(payment, 2)
    assert told["debt_to_income"] == pytest.approx(payment / 2000, abs=5e-5)
    assert told["risk_score"] == 60 + 25 + 3


def test_a_loan_in_between_is_referred(server):
    told = decide(server, **{**GOOD, "income": 30000, "amount": 15000})
    assert told["decision"] == "referred"
    assert 40 <= told["risk_score"] < 60


def test_other_debts_count(server):
    alone = decide(server, **GOOD)
    burdened = decide(server, **GOOD, monthly_debts=2000)
    difference = burdened["debt_to_income"] - alone["debt_to_income"]
    assert difference == pytest.approx(2000 / (52000 / 12), abs=1e-4)
    assert burdened["risk_score"] > alone["risk_score"]
    assert burdened["monthly_payment"] == alone["monthly_payment"]


@pytest.mark.parametrize("income", [1, 10, 20000, 10**6, 10**12])
@pytest.mark.parametrize("amount", [1, 15000, 10**9])
@pytest.mark.parametrize("months", [1, 24, 600, 10**6])
def test_a_risk_score_is_from_0_to_100(income, amount, months):
    from ai_spine.local.samples.agents import assess_risk

    risk = assess_risk(
        {
            "income": income,
            "amount": amount,
            "term_months": months,
            "monthly_debts": 0,
        },
        {},
    )
    assert 0 <= risk["risk_score"] <= 100


@pytest.mark.parametrize("rate", [0, 1e-9, 0.01, 0.12, 0.35, 3])
@pytest.mark.parametrize("months", [1, 2, 24, 360])
def test_payments_pay_the_loan_back(rate, months):
    payment = monthly_payment(10000, rate, months)
    assert payment == pytest.approx(level_payment(10000, rate, months), rel=1e-6)


ASKED = {
    "name": "name: What is your name?",
    "income": "income: What do you earn in a year, before tax?",
    "amount": "amount: How much do you want to borrow?",
    "term_months": "term_months: Over how many months do you want to pay it back?",
    "monthly_debts": "monthly_debts: What do you pay for other debts each month?",
}


@pytest.mark.parametrize("missing", ["name", "income", "amount", "term_months"])
def test_what_is_missing_is_asked_for(server, missing):
    rest = {name: value for name, value in GOOD.items() if name != missing}
    assert decide(server, **rest) == {
        "decision": "incomplete",
        "questions": [ASKED[missing]],
    }


def test_all_that_is_missing_is_asked_for_at_once_and_nothing_is_worked_out(
    server, http
):
    told = decide(server)
    names = ("name", "income", "amount", "term_months")
    assert told["questions"] == [ASKED[name] for name in names]
    assert statuses(server, http) == {
        "applicant": "completed",
        "is_complete": "completed",
        "risk": "skipped",
        "decision": "completed",
    }


@pytest.mark.parametrize(
    "field, value",
    [
        ("name", ""),
        ("name", "  "),
        ("name", 5),
        ("name", None),
        ("income", 0),
        ("income", -52000),
        ("income", "52000"),
        ("income", True),
        ("income", None),
        ("income", [1]),
        ("amount", 0),
        ("amount", "much"),
        ("term_months", 0),
        ("term_months", 1.5),
        ("term_months", "24"),
        ("monthly_debts", -1),
        ("monthly_debts", "none"),
        ("monthly_debts", None),
    ],
)
def test_a_value_that_makes_no_sense_is_asked_for_again(server, field, value):
    told = decide(server, **{**GOOD, field: value})
    assert told == {"decision": "incomplete", "questions": [ASKED[field]]}


def test_a_whole_number_may_come_as_a_float(server):
    told = decide(server, **{**GOOD, "term_months": 24.0, "income": 52000.5})
    assert told["term_months"] == 24 and told["decision"] == "approved"


# Sentiment


@needs("vaderSentiment")
@pytest.mark.parametrize(
    "text, label",
    [
        ("What a wonderful, excellent day!", "positive"),
        ("This is terrible and disgusting.", "negative"),
        ("The train leaves at nine.", "neutral"),
    ],
)
def test_a_text_is_labelled(server, text, label):
    execution = run(server, "sentiment-analysis", {"text": text})
    assert execution.succeeded, execution.error_message
    told = execution.output_data["sentiment"]
    assert told["label"] == label
    assert -1 <= told["polarity"] <= 1
    assert 0 <= told["subjectivity"] <= 1
    assert (told["polarity"] > 0) == (label == "positive")


@pytest.mark.parametrize("data", [{}, {"text": ""}, {"text": " \n"}, {"text": 5}])
def test_what_is_no_text_has_no_sentiment(server, data):
    execution = run(server, "sentiment-analysis", data)
    assert execution.status == "failed"
    words = "Node 'sentiment' failed: text must not be empty"
    assert execution.error_message == words


def test_without_its_library_a_sentiment_asks_for_it_in_one_sentence(
    server, monkeypatch
):
    monkeypatch.setitem(sys.modules, "vaderSentiment", None)
    monkeypatch.setitem(sys.modules, "vaderSentiment.vaderSentiment", None)
    execution = run(server, "sentiment-analysis", {"text": "Fine."})
    assert execution.error_message == (
        "Node 'sentiment' failed: the sentiment of a text needs vaderSentiment: "
        "pip install 'ai-spine-sdk[local]'"
    )

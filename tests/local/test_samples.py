"""Tests of the sample flows, with numbers calculated independently."""

import sys

import pytest

from ai_spine import BadRequestError
from ai_spine.local.samples import agents as samples
from ai_spine.local.samples.agents import monthly_payment
from tests.local import run
from tests.needs import needs

GOOD = {"name": "Ana", "income": 52000, "amount": 15000, "term_months": 24}


def expected_payment(amount, annual_rate, months):
    """Return the monthly payment whose present values add up to the loan."""
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
    response = http.get(f"{server.url}/executions/{execution.execution_id}/results")
    return {r["node_id"]: r["status"] for r in response.json()["node_results"]}


def test_the_samples_are_served_by_default(server):
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


def test_a_small_loan_is_approved_with_correct_numbers(server):
    output = decide(server, **GOOD)
    payment = expected_payment(15000, 0.12, 24)
    assert payment == pytest.approx(706.10, abs=0.005)
    assert output["decision"] == "approved"
    assert output["applicant"] == "Ana"
    assert output["amount"] == 15000 and output["term_months"] == 24
    assert output["monthly_payment"] == round(payment, 2)
    assert output["total_interest"] == pytest.approx(24 * payment - 15000, abs=0.005)
    assert output["debt_to_income"] == pytest.approx(payment / (52000 / 12), abs=5e-5)
    assert output["risk_score"] == 27
    assert output["reasons"] == [
        "payments take 16.3% of the monthly income",
        "the loan is 29% of a year's income",
        "it runs for 24 months",
    ]


def test_a_large_loan_is_declined_with_correct_numbers(server):
    output = decide(server, **{**GOOD, "income": 24000, "amount": 60000})
    payment = expected_payment(60000, 0.12, 24)
    assert output["decision"] == "declined"
    assert output["monthly_payment"] == round(payment, 2)
    assert output["debt_to_income"] == pytest.approx(payment / 2000, abs=5e-5)
    assert output["risk_score"] == 60 + 25 + 3


def test_a_medium_loan_is_referred(server):
    output = decide(server, **{**GOOD, "income": 30000, "amount": 15000})
    assert output["decision"] == "referred"
    assert 40 <= output["risk_score"] < 60


def test_other_debts_raise_the_risk_score(server):
    alone = decide(server, **GOOD)
    with_debts = decide(server, **GOOD, monthly_debts=2000)
    difference = with_debts["debt_to_income"] - alone["debt_to_income"]
    assert difference == pytest.approx(2000 / (52000 / 12), abs=1e-4)
    assert with_debts["risk_score"] > alone["risk_score"]
    assert with_debts["monthly_payment"] == alone["monthly_payment"]


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
def test_monthly_payments_repay_the_loan(rate, months):
    payment = monthly_payment(10000, rate, months)
    assert payment == pytest.approx(expected_payment(10000, rate, months), rel=1e-6)


QUESTIONS = {
    "name": "name: What is your name?",
    "income": "income: What do you earn in a year, before tax?",
    "amount": "amount: How much do you want to borrow?",
    "term_months": "term_months: Over how many months do you want to pay it back?",
    "monthly_debts": "monthly_debts: What do you pay for other debts each month?",
}


@pytest.mark.parametrize("missing", ["name", "income", "amount", "term_months"])
def test_a_missing_field_is_a_question_in_the_output(server, missing):
    rest = {name: value for name, value in GOOD.items() if name != missing}
    assert decide(server, **rest) == {
        "decision": "incomplete",
        "questions": [QUESTIONS[missing]],
    }


def test_all_missing_fields_are_questions_and_the_risk_is_skipped(server, http):
    output = decide(server)
    names = ("name", "income", "amount", "term_months")
    assert output["questions"] == [QUESTIONS[name] for name in names]
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
        ("income", 0),
        ("income", -52000),
        ("amount", 0),
        ("term_months", 0),
        ("monthly_debts", -1),
    ],
)
def test_an_invalid_value_is_a_question_in_the_output(server, field, value):
    output = decide(server, **{**GOOD, field: value})
    assert output == {"decision": "incomplete", "questions": [QUESTIONS[field]]}


@pytest.mark.parametrize(
    "field, value",
    [
        ("name", 5),
        ("name", None),
        ("income", "52000"),
        ("income", True),
        ("income", None),
        ("income", [1]),
        ("amount", "much"),
        ("term_months", 1.5),
        ("term_months", "24"),
        ("monthly_debts", "none"),
        ("monthly_debts", None),
    ],
)
def test_a_value_of_a_wrong_type_is_refused_and_would_be_a_question(
    server, field, value
):
    with pytest.raises(BadRequestError, match=f"input_data.{field}: Input must be"):
        decide(server, **{**GOOD, field: value})
    checked = samples.check_applicant({**GOOD, field: value}, {})
    assert checked["questions"] == [QUESTIONS[field]] and not checked["complete"]


def test_a_whole_number_may_be_a_float(server):
    output = decide(server, **{**GOOD, "term_months": 24.0, "income": 52000.5})
    assert output["term_months"] == 24 and output["decision"] == "approved"


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
    output = execution.output_data["sentiment"]
    assert output["label"] == label
    assert -1 <= output["polarity"] <= 1
    assert 0 <= output["subjectivity"] <= 1
    assert (output["polarity"] > 0) == (label == "positive")


@pytest.mark.parametrize("data", [{}, {"text": 5}])
def test_the_sentiment_needs_a_text_to_be_given(server, data):
    with pytest.raises(BadRequestError, match="input_data.text: "):
        run(server, "sentiment-analysis", data)


@pytest.mark.parametrize("data", [{"text": ""}, {"text": " \n"}])
def test_the_sentiment_needs_a_text(server, data):
    execution = run(server, "sentiment-analysis", data)
    assert execution.status == "failed"
    words = "Node 'sentiment' failed: ValueError: text must not be empty (agents.py:"
    assert execution.error_message.startswith(words)


def test_a_missing_sentiment_library_is_reported_in_one_sentence(server, monkeypatch):
    monkeypatch.setitem(sys.modules, "vaderSentiment", None)
    monkeypatch.setitem(sys.modules, "vaderSentiment.vaderSentiment", None)
    execution = run(server, "sentiment-analysis", {"text": "Fine."})
    assert execution.error_message.startswith(
        "Node 'sentiment' failed: ImportError: the sentiment of a text needs "
        "vaderSentiment: pip install 'ai-spine-sdk[local]' (agents.py:"
    )

"""The agents of the sample flows."""

import math
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ai_spine.local.agents.functions import agent


class Field(NamedTuple):
    """A number that an applicant must give."""

    name: str
    question: str
    smallest: float
    whole: bool = False
    default: Optional[float] = None


_FIELDS = (
    Field("income", "What do you earn in a year, before tax?", 1),
    Field("amount", "How much do you want to borrow?", 1),
    Field(
        "term_months", "Over how many months do you want to pay it back?", 1, whole=True
    ),
    Field("monthly_debts", "What do you pay for other debts each month?", 0, default=0),
)


@agent("applicant_check", capabilities=["validation"], agent_type="input")
def check_applicant(input: Dict[str, Any], config: Dict[str, Any]) -> Dict[str, Any]:
    """Check an applicant's fields, and name what is missing or invalid."""
    name = input.get("name")
    questions = (
        [] if isinstance(name, str) and name.strip() else ["name: What is your name?"]
    )
    numbers = {field.name: _number_in(input, field) for field in _FIELDS}
    questions += [
        f"{field.name}: {field.question}"
        for field in _FIELDS
        if numbers[field.name] is None
    ]
    return {
        "name": name,
        **{key: value for key, value in numbers.items() if value is not None},
        "complete": not questions,
        "questions": questions,
    }


@agent("credit_risk", capabilities=["risk_assessment"])
def assess_risk(input: Dict[str, Any], config: Dict[str, Any]) -> Dict[str, Any]:
    """Work out the monthly payment, the debt-to-income ratio and a risk score from 0 to 100."""
    rate = float(config.get("annual_interest_rate", 0.12))
    payment = monthly_payment(input["amount"], rate, input["term_months"])
    income = input["income"] / 12
    debt_to_income = (payment + input["monthly_debts"]) / income
    amount_to_income = input["amount"] / input["income"]
    score, reasons = _score(debt_to_income, amount_to_income, input["term_months"])
    return {
        "monthly_payment": round(payment, 2),
        "total_interest": round(payment * input["term_months"] - input["amount"], 2),
        "debt_to_income": round(debt_to_income, 4),
        "risk_score": score,
        "reasons": reasons,
    }


@agent("credit_decision", capabilities=["decision"], agent_type="output")
def decide(input: Dict[str, Any], config: Dict[str, Any]) -> Dict[str, Any]:
    """Decide on an application by its risk score, or pass on what is missing."""
    if not input["complete"]:
        return {"decision": "incomplete", "questions": input["questions"]}
    score = input["risk_score"]
    if score < config.get("approve_below", 40):
        decision = "approved"
    else:
        decision = "referred" if score < config.get("refer_below", 60) else "declined"
    numbers = (
        "amount",
        "term_months",
        "monthly_payment",
        "total_interest",
        "debt_to_income",
    )
    return {
        "decision": decision,
        "applicant": input["name"],
        **{name: input[name] for name in numbers},
        "risk_score": score,
        "reasons": input["reasons"],
    }


@agent("sentiment_scorer", capabilities=["sentiment_analysis"], agent_type="output")
def score_sentiment(input: Dict[str, Any], config: Dict[str, Any]) -> Dict[str, Any]:
    """Return the polarity (-1 to 1) and the subjectivity (0 to 1) of a text, and a label."""
    text = input.get("text")
    if not isinstance(text, str) or not text.strip():
        raise ValueError("text must not be empty")
    polarity, subjectivity = _sentiment_of(text)
    label = "neutral"
    if abs(polarity) >= 0.05:  # the threshold that the lexicon's authors recommend
        label = "positive" if polarity > 0 else "negative"
    return {
        "label": label,
        "polarity": round(polarity, 4),
        "subjectivity": round(subjectivity, 4),
    }


def monthly_payment(amount: float, annual_rate: float, months: int) -> float:
    """Return the level payment that pays a loan back.

    Example:
        >>> round(monthly_payment(15000, 0.12, 24), 2)
        706.1
    """
    rate = annual_rate / 12
    if rate == 0:
        return amount / months
    return amount * rate / -math.expm1(-months * math.log1p(rate))


def _number_in(input: Dict[str, Any], field: Field) -> Optional[float]:
    value = input.get(field.name, field.default)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if value < field.smallest or (field.whole and value != int(value)):
        return None
    return int(value) if field.whole else value


def _score(
    debt_to_income: float, amount_to_income: float, months: int
) -> Tuple[int, List[str]]:
    """Add up what speaks against a loan, each part with its reason."""
    parts = (
        (
            min(60.0, 100 * debt_to_income),
            f"payments take {debt_to_income:.1%} of the monthly income",
        ),
        (
            min(25.0, 25 * amount_to_income),
            f"the loan is {amount_to_income:.0%} of a year's income",
        ),
        (min(15.0, months / 8), f"it runs for {months} months"),
    )
    return round(sum(points for points, _ in parts)), [reason for _, reason in parts]


def _sentiment_of(text: str) -> Tuple[float, float]:
    """Return polarity and subjectivity; the lexicon is loaded when it is first needed."""
    try:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
    except ImportError:
        raise ImportError(
            "the sentiment of a text needs vaderSentiment: pip install 'ai-spine-sdk[local]'"
        ) from None
    scores = SentimentIntensityAnalyzer().polarity_scores(text)
    return float(scores["compound"]), 1 - float(scores["neu"])

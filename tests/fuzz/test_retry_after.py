"""Any `Retry-After` is ignored or a number of seconds, and never causes a longer sleep."""

import math

from hypothesis import strategies as st

from ai_spine import AISpineError
from ai_spine.constants import BACKOFF_MAX
from ai_spine.policy.retry import RetryPolicy
from tests.fuzz.canned import Canned, Time, canned_client, check_error
from tests.fuzz.shares import fuzz
from tests.fuzz.strategies import TEXT

DATES = st.builds(
    "{} {} {} {} {}:{}:{} {}".format,
    st.sampled_from(["Fri,", "Xyz,", "", "Friday,"]),
    st.sampled_from(["31", "0", "1", "99", "-1"]),
    st.sampled_from(["Dec", "Feb", "Foo", "12", "December"]),
    st.integers(-1, 10_000) | st.sampled_from([0, 99, 1970, 2026, 10**20]),
    st.integers(-1, 99),
    st.integers(-1, 99),
    st.sampled_from(["00", "60", "61", "-1", "9" * 30]),
    st.sampled_from(["GMT", "UTC", "", "-0000", "-9999", "+2400", "-1", "EST", "++"]),
)
NUMBERS = (
    st.floats().map(str)
    | st.integers().map(str)
    | st.decimals(allow_nan=True).map(str)
    | st.integers(0, 200).map(str)
)
NONSENSE = st.sampled_from(
    ["NaN", "-nan", "inf", "-Infinity", "1e400", "-0", "1_0", "0x10", "٣", "²", " 5 "]
    + ["9" * 5000, "5,5", "5;5", "", " ", "\x00", "1e-400", "Fri, 31 Dec", "(", "::"]
)
TEXTS = NUMBERS | DATES | NONSENSE | TEXT
LIMITS = st.floats(0, 100) | st.sampled_from([0, 1, 60, 10**9])


@fuzz(
    text=TEXTS,
    attempt=st.integers(1, 10**6),
    limit=LIMITS,
    random_value=st.floats(0, 1, exclude_max=True),
)
def test_any_retry_after_is_ignored_or_seconds(text, attempt, limit, random_value):
    policy = RetryPolicy(3, retry_after_limit=limit)
    retry_after = policy.read_retry_after({"Retry-After": text})
    assert retry_after is None or (math.isfinite(retry_after) and retry_after >= 0)
    delay = policy.delay(attempt, retry_after, rand=lambda: random_value)
    if retry_after is None:
        assert 0 <= delay <= BACKOFF_MAX
    else:
        assert delay == (retry_after if retry_after <= limit else None)


class Watch(Time):
    """A clock that a sleep moves by exactly the requested time."""

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


@fuzz(
    text=TEXTS,
    status=st.sampled_from([429, 503, 500, 408, 404]),
    deadline=st.none() | st.floats(0, 100, exclude_min=True),
    retries=st.integers(0, 6),
    limit=LIMITS,
)
def test_no_retry_after_makes_a_client_sleep_longer_than_its_limits(
    text, status, deadline, retries, limit
):
    canned, watch = Canned(), Watch()
    canned.respond_with(b"{}", status=status, headers={"Retry-After": text})
    options = {"deadline": deadline, "max_retries": retries}
    longest = max(limit, BACKOFF_MAX) + 1e-6  # clocks are rounded
    client = canned_client(canned, watch, retry_after_limit=limit, **options)
    for _ in range(2):  # the second call may be delayed by the Retry-After of the first
        started, watch.slept = watch.now, []
        try:
            client.health_check()
        except AISpineError as error:
            check_error(error)
        assert all(0 <= each <= longest for each in watch.slept)
        assert watch.now - started <= (math.inf if deadline is None else deadline)
        assert len(watch.slept) <= retries + 1

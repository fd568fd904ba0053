"""Tests of macaroons: written, read, restricted, and understood by another library."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ai_spine.utils.base64url import from_base64url, to_base64url
from ai_spine.utils.macaroons import Macaroon
from tests.needs import needs

KEY = b"a key of the node"
TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=300)


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.lists(TEXTS, max_size=4))
def test_a_macaroon_is_read_as_it_was_written(identifier, caveats):
    made = Macaroon.mint(KEY, identifier).restrict(caveats)
    read = Macaroon.read(made.to_text())
    assert read == made
    assert read.caveats == tuple(caveats)
    assert read.is_genuine(KEY) and not read.is_genuine(b"another key")


def test_a_caveat_that_is_taken_away_or_changed_is_noticed():
    made = Macaroon.mint(KEY, "k").restrict(["readonly = true", "tenant = acme"])
    assert not made._replace(sections=made.sections[:1]).is_genuine(KEY)
    changed = ((2, b"tenant = other"),)
    assert not made._replace(sections=(made.sections[0], changed)).is_genuine(KEY)


def test_a_caveat_of_a_third_party_needs_its_discharge():
    made = Macaroon.mint(KEY, "k")
    other = made._replace(sections=(((1, b"where"), (2, b"c"), (4, b"v")),))
    read = Macaroon.read(other.to_text())
    assert read.caveats == ("c",) and not read.is_genuine(KEY)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=80))
def test_any_bytes_are_a_macaroon_or_no_macaroon(data):
    for text in (to_base64url(data), to_base64url(b"\2" + data)):
        try:
            read = Macaroon.read(text)
        except ValueError as error:
            assert str(error) == "it is no macaroon of version 2"
        else:
            assert len(read.signature) == 32


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_macaroon_that_is_cut_or_flipped_is_none_or_not_genuine(data):
    whole = from_base64url(Macaroon.mint(KEY, "id").restrict(["a = b"]).to_text())
    place = data.draw(st.integers(0, len(whole) - 1))
    flipped = bytearray(whole)
    flipped[place] ^= data.draw(st.integers(1, 255))
    for changed in (whole[:place], bytes(flipped)):
        try:
            assert not Macaroon.read(to_base64url(changed)).is_genuine(KEY)
        except ValueError:
            pass


@pytest.mark.parametrize(
    "text", ["", "x", "sk-123", "eyJhbGciOiJIUzI1NiJ9.e30.x", "A" * 100_000]
)
def test_another_token_is_no_macaroon(text):
    with pytest.raises(ValueError, match="it is no macaroon"):
        Macaroon.read(text)


def test_nothing_shows_the_signature():
    made = Macaroon.mint(KEY, "id").restrict(["a = b"])
    assert repr(made) == "Macaroon(caveats=('a = b',))"


@given(st.binary(max_size=100))
def test_base64url_goes_there_and_back(data):
    text = to_base64url(data)
    assert (
        from_base64url(text)
        == from_base64url(base64.urlsafe_b64encode(data).decode())
        == data
    )


@pytest.mark.parametrize("text", ["+/", "a", "ä", "ab\n", "====", "ab=c"])
def test_other_text_is_no_base64url(text):
    with pytest.raises(ValueError):
        assert from_base64url(text) is None


@needs("pymacaroons")
def test_another_library_reads_and_verifies_what_is_written():
    import pymacaroons

    text = Macaroon.mint(KEY, "k-1").restrict(["readonly = true", "x" * 200]).to_text()
    read = pymacaroons.Macaroon.deserialize(text)
    assert [each.caveat_id for each in read.caveats] == [b"readonly = true", b"x" * 200]
    verifier = pymacaroons.Verifier()
    verifier.satisfy_exact("readonly = true")
    verifier.satisfy_exact("x" * 200)
    assert verifier.verify(read, KEY)


@needs("pymacaroons")
def test_what_another_library_writes_is_read_and_restricted():
    import pymacaroons

    theirs = pymacaroons.Macaroon(
        location="https://node",
        identifier="k-1",
        key=KEY,
        version=pymacaroons.MACAROON_V2,
    )
    theirs.add_first_party_caveat("tenant = acme")
    ours = Macaroon.read(theirs.serialize()).restrict(["readonly = true"])
    assert ours.is_genuine(KEY) and ours.caveats == ("tenant = acme", "readonly = true")
    again = pymacaroons.Macaroon.deserialize(ours.to_text())
    verifier = pymacaroons.Verifier()
    verifier.satisfy_general(lambda text: text in ours.caveats)
    assert verifier.verify(again, KEY) and again.location == "https://node"

"""Lines to words and words to lines: decisions, "The wire"."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hmp_twisted.wire.grammar import GrammarError, answer, quote, split

LINES = [
    (b"", []),
    (b" \t ", []),
    (b"createSession title", ["createSession", "title"]),
    (b"  a\t \tb  ", ["a", "b"]),
    (b'createSession "Test Session1"', ["createSession", "Test Session1"]),
    (b'a"b c"d', ["ab cd"]),
    (b'"a""b"', ["ab"]),
    (b'a "" b', ["a", "", "b"]),
    (b'""', [""]),
    (rb'"a\nb"', ["a\nb"]),
    (rb'"a\"b"', ['a"b']),
    (rb'"a\\b"', ["a\\b"]),
    (rb'"\\n"', ["\\n"]),
    (rb'"a\tb\x"', [r"a\tb\x"]),
    (rb"a\nb\\", [r"a\nb\\"]),
    (rb'a\"b"', [r"a\b"]),
    ("título 東京 🎬".encode(), ["título", "東京", "🎬"]),
    ("no\u00a0break".encode(), ["no\u00a0break"]),
    (b"a\rb", ["a\rb"]),
    (b"a\x0bb\x1b", ["a\x0bb\x1b"]),
    (b"a|b", ["a|b"]),
]


@pytest.mark.parametrize(("line", "words"), LINES)
def test_a_line_is_split_into_these_words(line: bytes, words: list[str]) -> None:
    """Separators, quotes and escapes are what the decisions say."""
    assert split(line) == words


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'createSession "asdf', "not closed"),
        (b'"', "not closed"),
        (rb'"a\"', "not closed"),
        (rb'"a"b"', "not closed"),
        (b"\xff", "byte 1 is not UTF-8"),
        (b"ab\xc3", "byte 3 is not UTF-8"),
        (b"\xed\xa0\x80", "not UTF-8"),
        (b"\xc0\xaf", "not UTF-8"),
        (b"a\0b", "byte 2 is NUL"),
    ],
)
def test_a_malformed_line_is_refused(line: bytes, reason: str) -> None:
    """Each kind of malformed line has its reason, for the log."""
    with pytest.raises(GrammarError, match=reason):
        split(line)


def test_a_long_unbalanced_line_is_refused_in_linear_time() -> None:
    """No quote in 64 KiB makes the tokenizer backtrack."""
    with pytest.raises(GrammarError):
        split(b'"' + b"\\\\a" * 20000)


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))))
def test_quote_and_split_are_inverse(words: list[str]) -> None:
    """Every text without a NUL can be sent, beside any other."""
    line = " ".join(quote(word) for word in words)
    assert "\n" not in line
    assert split(line.encode()) == words


def test_nul_cannot_be_quoted() -> None:
    """A NUL is no argument."""
    with pytest.raises(GrammarError, match="NUL"):
        quote("a\0")


@given(st.binary())
def test_any_bytes_are_words_or_a_grammar_error(line: bytes) -> None:
    """Nothing else comes out of the tokenizer."""
    try:
        words = split(line)
    except GrammarError:
        return
    assert all(isinstance(word, str) for word in words)


@given(st.text())
def test_an_answer_is_one_line(text: str) -> None:
    """Whatever a text holds, exactly one line goes out, in valid UTF-8."""
    line = answer(text)
    assert line.endswith(b"\n")
    assert len(line.decode().splitlines()) <= 1


def test_control_characters_are_shown() -> None:
    """C0, DEL, C1 and the Unicode line separators are escaped; nothing else is."""
    assert answer("\t\n\r\x1b\x7f\x85\u2028\u2029\\ é").decode() == (
        "\\t\\n\\r\\x1b\\x7f\\x85\\u2028\\u2029\\ é\n"
    )

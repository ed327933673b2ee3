"""The forms of parameters: decisions, "Checks, in this order"."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hmp_twisted.commands.parameters import (
    BOOLEAN,
    CATEGORY_VALUES,
    FIELD_NAME,
    IP_ADDRESS,
    PORT,
    SESSION_TITLE,
    UUID,
    Form,
    FormError,
    permission,
)

SHARING = permission(("WATCH", "OWN"))
SOME_UUID = "12b0cc54-9018-42C2-9dfb-3f7707a09829"


@pytest.mark.parametrize(
    ("form", "text", "value"),
    [
        (UUID, SOME_UUID, SOME_UUID.lower()),
        (BOOLEAN, "true", True),
        (BOOLEAN, "false", False),
        (IP_ADDRESS, "10.65.10.240", "10.65.10.240"),
        (IP_ADDRESS, "239.1.2.3", "239.1.2.3"),
        (PORT, "0", 0),
        (PORT, "65535", 65535),
        (SESSION_TITLE, " ", " "),
        (FIELD_NAME, "createdby", "createdby"),
        (SHARING, "OWN", "OWN"),
        (SHARING, SOME_UUID, SOME_UUID.lower()),
    ],
)
def test_what_is_of_the_form_is_taken(form: Form, text: str, value: Any) -> None:
    """As a typed value; IDs in lower case."""
    assert form(text) == value


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (UUID, ""),
        (UUID, SOME_UUID[:-1]),
        (UUID, SOME_UUID + "\n"),
        (UUID, SOME_UUID.replace("-", "")),
        (UUID, "{" + SOME_UUID + "}"),
        (UUID, "urn:uuid:" + SOME_UUID),
        (UUID, SOME_UUID.replace("1", "١")),
        (BOOLEAN, "True"),
        (BOOLEAN, "1"),
        (IP_ADDRESS, "1.2.3"),
        (IP_ADDRESS, "1.2.3.256"),
        (IP_ADDRESS, "01.2.3.4"),
        (IP_ADDRESS, "1.2.3.4 "),
        (IP_ADDRESS, "::1"),
        (IP_ADDRESS, "١.2.3.4"),
        (IP_ADDRESS, "localhost"),
        (PORT, "-1"),
        (PORT, "65536"),
        (PORT, "1e3"),
        (PORT, "+80"),
        (PORT, " 80"),
        (PORT, "٨٠"),
        (PORT, ""),
        (SESSION_TITLE, ""),
        (FIELD_NAME, "createdBy"),
        (FIELD_NAME, ""),
        (SHARING, "own"),
        (SHARING, "EDIT"),
        (SHARING, ""),
    ],
)
def test_what_is_not_of_the_form_is_refused(form: Form, text: str) -> None:
    """With the form's own words, about this argument."""
    with pytest.raises(FormError) as caught:
        form(text)
    assert caught.value.answer is form.refusals[0]
    assert caught.value.argument == text


@given(st.text())
def test_any_text_is_a_value_or_a_form_error(text: str) -> None:
    """No form fails in another way, and what it says of the text is one line."""
    for form in (UUID, BOOLEAN, IP_ADDRESS, PORT, SESSION_TITLE, FIELD_NAME, SHARING):
        line = ""
        try:
            form(text)
        except FormError as error:
            line = error.answer.line(y=error.argument)
        assert len(line.splitlines()) <= 1


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ((7, "", " a"), "Values must be strings"),
        (("a ", "a ", ""), "Please provide non-empty values"),
        (("a", "b", "a "), "Please remove any leading or trailing spaces in the values"),
        (("\tb", "b"), "Please remove any leading or trailing spaces in the values"),
        (("a", "b", "a"), "Please verify that values are unique"),
    ],
)
def test_the_checks_of_values_come_one_after_the_other(values: tuple[Any, ...], text: str) -> None:
    """Each over all values, in the guide's order."""
    with pytest.raises(FormError) as caught:
        CATEGORY_VALUES(values)
    assert caught.value.answer.text == text


def test_values_are_equal_only_if_the_same_to_the_letter() -> None:
    """Case and accents make another value; inner spaces are allowed."""
    values = ("HD", "hd", "e\u0301", "é", "a b")
    assert CATEGORY_VALUES(values) == values

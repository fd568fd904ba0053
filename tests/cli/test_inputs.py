"""Tests of reading the inputs of a batch: JSON lines and CSV, from files and from stdin."""

import click
import pytest

from ai_spine.cli.inputs import count_inputs, read_inputs, source_of


@pytest.fixture
def write(tmp_path):
    """Write a file and return its path."""

    def make(name, content):
        path = tmp_path / name
        raw = content if isinstance(content, bytes) else content.encode("utf-8")
        path.write_bytes(raw)
        return str(path)

    return make


def read(path, *, given=None, columns=(), as_text=False):
    return list(read_inputs(source_of(path, given, columns, as_text)))


def usage_error(path, **options):
    with pytest.raises(click.UsageError) as caught:
        read(path, **options)
    return caught.value.message


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson", "A.JSONL"])
def test_json_lines_are_read_without_blank_lines(write, name):
    path = write(name, '\ufeff{"a": 1}\n\n  \r\n{"b": "é☂"}')
    assert read(path) == [{"a": 1}, {"b": "é☂"}]


def test_csv_values_that_are_json_are_parsed(write):
    path = write("a.csv", 'n,t,list\r\n1,007,"[1, ""x""]"\n\n2.5,true,\n')
    assert read(path) == [
        {"n": 1, "t": "007", "list": [1, "x"]},
        {"n": 2.5, "t": True, "list": ""},
    ]


def test_csv_values_stay_text_with_as_text(write):
    path = write("a.csv", "\ufeffn, t\n1,true\n")
    assert read(path, as_text=True) == [{"n": "1", "t": "true"}]


def test_a_csv_value_may_have_several_lines_and_be_long(write):
    text = "two\nlines, " + "x" * 200_000
    assert read(write("a.csv", f'text\n"{text}"\n')) == [{"text": text}]


def test_only_the_named_columns_are_read(write):
    columns = ("c", "a")
    path = write("a.csv", "a,b,c\n1,2,3\n")
    assert read(path, columns=columns) == [{"c": 3, "a": 1}]
    path = write("a.jsonl", '{"a": 1, "b": 2, "c": 3}\n')
    assert read(path, columns=columns) == [{"c": 3, "a": 1}]


def test_the_format_can_be_given(write):
    assert read(write("a.txt", '{"a": 1}\n'), given="jsonl") == [{"a": 1}]
    assert read(write("b.jsonl", "a\n1\n"), given="csv") == [{"a": 1}]


def test_stdin_is_json_lines_unless_the_format_is_given():
    assert source_of("-", None, (), False).format == "jsonl"
    assert source_of("-", "csv", (), False).format == "csv"


def test_a_file_name_without_a_known_suffix_is_refused():
    with pytest.raises(click.UsageError) as caught:
        source_of("inputs.txt", None, (), False)
    expected = "inputs.txt: its name ends neither in .jsonl nor in .csv"
    assert caught.value.message.startswith(expected)


@pytest.mark.parametrize(
    "bad, reason",
    [
        ("nonsense", "is not JSON: "),
        ('{"a":', "is not JSON: "),
        ("[1]", 'is not a JSON object such as {"key": 1}'),
        ('"text"', 'is not a JSON object such as {"key": 1}'),
        ("[" * 100_000, "is not JSON: "),
    ],
    ids=["nonsense", "cut", "list", "text", "deep"],
)
def test_a_bad_line_of_json_is_reported_with_its_number(write, bad, reason):
    path = write("a.jsonl", '{"a": 1}\n' * 6 + bad + '\n{"a": 8}\n')
    assert usage_error(path).startswith(f"{path} line 7 {reason}")


@pytest.mark.parametrize(
    "content, reason",
    [
        ("a,b\n1,2\n1\n", " line 3 has 1 values for 2 columns"),
        ("a,b\n1,2,3\n", " line 2 has 3 values for 2 columns"),
        ("a,b,a\n1,2,3\n", " has the column 'a' twice"),
    ],
)
def test_an_error_in_csv_is_reported_with_its_line(write, content, reason):
    path = write("a.csv", content)
    assert usage_error(path) == path + reason


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_an_empty_file_has_no_inputs_in_any_format(write, name):
    assert read(write(name, "")) == []
    assert read(write("heads.csv", "a,b\n")) == []


def test_a_directory_is_refused_as_inputs(tmp_path):
    for path in (tmp_path, tmp_path / "a.jsonl"):
        path.mkdir(exist_ok=True)
        with pytest.raises(click.UsageError) as caught:
            source_of(str(path), None, (), False)
        expected = f"{path} is a directory: use a file of inputs"
        assert caught.value.message == expected


def test_invalid_csv_is_reported_with_the_message_of_the_csv_module(write):
    path = write("a.csv", 'a,b\n1,"2\n')
    message = usage_error(path)
    assert message.startswith(f"{path} line 2 is not CSV: ") and message.endswith(
        "end of data"
    )


def test_a_missing_column_is_reported_with_the_existing_ones(write):
    path = write("a.csv", "name,age\nAna,7\n")
    expected = f"{path} has no column 'nmae'; it has name, age"
    assert usage_error(path, columns=("name", "nmae")) == expected


def test_a_missing_field_is_reported_with_its_line(write):
    path = write("a.jsonl", '{"a": 1}\n{"b": 1}\n')
    assert usage_error(path, columns=("a",)) == f"{path} line 2 has no field 'a'"


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_a_file_that_is_not_utf_8_is_refused(write, name):
    path = write(name, b"a\n\xff\xfe\n" if name == "a.csv" else b'{"a": "\xff"}\n')
    assert usage_error(path) == f"{path} is not UTF-8 text"


def test_a_missing_file_is_refused(tmp_path):
    path = str(tmp_path / "a.jsonl")
    assert usage_error(path).startswith(f"{path} cannot be read: ")


def test_inputs_are_counted_and_checked_before_anything_is_sent(write):
    path = write("a.csv", "a\n1\n2\n3\n")
    assert count_inputs(source_of(path, None, (), False)) == 3
    path = write("a.jsonl", '{"a": 1}\nnonsense\n')
    with pytest.raises(click.UsageError, match="line 2 is not JSON"):
        count_inputs(source_of(path, None, (), False))


def test_stdin_is_not_counted():
    assert count_inputs(source_of("-", None, (), False)) is None


def test_inputs_are_read_lazily(write):
    path = write("a.jsonl", '{"a": 1}\nnonsense\n')
    inputs = read_inputs(source_of(path, None, (), False))
    assert next(inputs) == {"a": 1}
    inputs.close()

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.errors import SearchSyntaxError
from catalog.query import (
    COLORS,
    MAX_ATOMS,
    MAX_TEXT,
    STATES,
    AfterTerm,
    Atom,
    BeforeTerm,
    ColorTerm,
    LabelTerm,
    NameTerm,
    PrefixTerm,
    Query,
    StateTerm,
    TypeTerm,
    label_text,
    parse,
)


def only_atom(text: str) -> Atom:
    (clause,) = parse(text).clauses
    (atom,) = clause.atoms
    return atom


def mistake(text: str) -> SearchSyntaxError:
    with pytest.raises(SearchSyntaxError) as caught:
        parse(text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "atom"),
    [
        ("dog", LabelTerm("dog")),
        ('"hot dog"', LabelTerm("hot dog")),
        ("“hot dog”", LabelTerm("hot dog")),
        ('"5"" disk"', LabelTerm('5" disk')),
        ('"a|b -c:d>1"', LabelTerm("a|b -c:d>1")),
        ("dog*", LabelTerm("dog", prefix=True)),
        ('"hot d"*', LabelTerm("hot d", prefix=True)),
        ('"dog*"', LabelTerm("dog*")),
        ("t-shirt", LabelTerm("t-shirt")),
        ("100%_sure", LabelTerm("100%_sure")),
        ("כלב", LabelTerm("כלב")),
        ("dog>90", LabelTerm("dog", low=90, low_open=True)),
        ("dog>=90", LabelTerm("dog", low=90)),
        ("dog<60", LabelTerm("dog", high=60, high_open=True)),
        ("dog<=60.25", LabelTerm("dog", high=60.25)),
        ("dog>0", LabelTerm("dog", low=0, low_open=True)),
        ("dog>=100", LabelTerm("dog", low=100)),
        ("dog>90%", LabelTerm("dog", low=90, low_open=True)),
        ("dog:60..90", LabelTerm("dog", low=60, high=90)),
        ("dog:60.5..90.75", LabelTerm("dog", low=60.5, high=90.75)),
        ("dog:60..60", LabelTerm("dog", low=60, high=60)),
        ('"hot dog">90', LabelTerm("hot dog", low=90, low_open=True)),
        ('"hot dog":60..90', LabelTerm("hot dog", low=60, high=90)),
        ("dog*>=50", LabelTerm("dog", prefix=True, low=50)),
        ("is>5", LabelTerm("is", low=5, low_open=True)),
        ('"name":60..90', LabelTerm("name", low=60, high=90)),
        ("IS:Failed", StateTerm("failed")),
        ("is:unlabeled", StateTerm("unlabelled")),
        ("name:img_20*", NameTerm("img_20*")),
        ("name:a:b<c.jpg", NameTerm("a:b<c.jpg")),
        ('name:"my dog.jpg"', NameTerm("my dog.jpg")),
        ("in:2026/11", PrefixTerm("2026/11")),
        ("in:/Trips", PrefixTerm("Trips")),
        ("type:heic", TypeTerm("heic")),
        ("type:JPG", TypeTerm("jpeg")),
        ("type:.tif", TypeTerm("tiff")),
        ("type:image/webp", TypeTerm("webp")),
        ("color:blue", ColorTerm("blue")),
        ("colour:Gray", ColorTerm("grey")),
    ],
)
def test_each_way_to_write_a_term(text: str, atom: Atom) -> None:
    assert only_atom(text) == atom


@pytest.mark.parametrize("state", STATES)
def test_every_state_can_be_asked_for(state: str) -> None:
    assert only_atom(f"is:{state}") == StateTerm(state)  # type: ignore[arg-type]


@pytest.mark.parametrize("color", COLORS)
def test_every_color_can_be_asked_for(color: str) -> None:
    assert only_atom(f"color:{color}") == ColorTerm(color)


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-02", datetime(2026, 2, 1, tzinfo=UTC)),
        ("2024-02-29", datetime(2024, 2, 29, tzinfo=UTC)),
        ("2026-02-03T10:20", datetime(2026, 2, 3, 10, 20, tzinfo=UTC)),
        ("2026-02-03T10:20:30Z", datetime(2026, 2, 3, 10, 20, 30, tzinfo=UTC)),
        ("2026-02-03T10:20:30.5+02:00", datetime(2026, 2, 3, 8, 20, 30, tzinfo=UTC)),
        ("2026-02-03T10:20-0130", datetime(2026, 2, 3, 11, 50, tzinfo=UTC)),
        ('"2026-02-03 10:20"', datetime(2026, 2, 3, 10, 20, tzinfo=UTC)),
    ],
)
def test_a_period_stands_for_its_beginning_in_utc(written: str, moment: datetime) -> None:
    assert only_atom(f"after:{written}") == AfterTerm(moment)
    assert only_atom(f"before:{written}") == BeforeTerm(moment)


def test_clauses_hold_all_together_and_bars_bind_tighter() -> None:
    query = parse("  dog|cat -person|car>90 is:edited ")
    assert [(clause.negated, clause.atoms) for clause in query.clauses] == [
        (False, (LabelTerm("dog"), LabelTerm("cat"))),
        (True, (LabelTerm("person"), LabelTerm("car", low=90, low_open=True))),
        (False, (StateTerm("edited"),)),
    ]
    assert [query.text[c.start : c.end] for c in query.clauses] == [
        "dog|cat",
        "-person|car>90",
        "is:edited",
    ]


def test_space_around_a_bar_does_not_matter() -> None:
    assert parse("dog | cat").clauses[0].atoms == parse("dog|cat").clauses[0].atoms


def test_nothing_asks_for_everything() -> None:
    assert parse("").clauses == parse(" \t\u00a0\n").clauses == ()


def test_a_query_tells_which_kinds_of_terms_it_has() -> None:
    query = parse("in:2026 dog|is:failed")
    assert query.has_label_term
    assert query.has_state_term
    assert not parse("in:2026").has_label_term
    assert len(query.atoms()) == 3


@pytest.mark.parametrize(
    ("text", "position", "said"),
    [
        ("dog>101", 4, "between 0 and 100"),
        ("cat dog>=1e3", 9, "a number from 0 to 100"),
        ("dog>-1", 4, "a number from 0 to 100"),
        ("dog>", 4, "a number from 0 to 100"),
        ("dog>nan", 4, "a number from 0 to 100"),
        ("dog>９", 4, "a number from 0 to 100"),
        ("dog>50<60", 4, "a number from 0 to 100"),
        ("dog:90..60", 4, "write 60..90"),
        ("dog:60..", 4, "two ends"),
        ("dog:..60", 4, "two ends"),
        ("dog:60", 4, "two ends"),
        ("dog:60..190", 8, "too high"),
        ("dog:60..b", 8, "a number"),
        ("is:happy", 3, "failed, pending, unlabelled, edited or trashed"),
        ("is:", 3, "failed, pending, unlabelled, edited or trashed"),
        ("a color:mauve", 8, "black, blue, brown"),
        ("type:", 5, "jpeg"),
        ("type:a/b", 5, "jpeg"),
        ("name:", 5, "file name"),
        ('name:""', 5, "file name"),
        ("in:", 3, "folder"),
        ("in:/", 3, "folder"),
        ("after:yesterday", 6, "2026-02-28"),
        ("after:2026-02-30", 6, "no such date"),
        ("before:2026-13", 7, "no such date"),
        ("before:0000", 7, "no such date"),
        ("before:2026-1-1", 7, "2026-02-28"),
        ("after:9999-12-31T23:59-23:00", 6, "no such date"),
        ('dog "hot dog', 4, "not closed"),
        ("dog “hot dog", 4, "not closed"),
        ('""', 0, "nothing between"),
        ('"a"b', 3, "a space"),
        ('a"b"', 1, "A quote stands at the beginning"),
        ('name:a"b"', 6, "A quote stands at the beginning"),
        ("dog |", 4, "after the |"),
        ("dog||cat", 3, "after the |"),
        ("|dog", 0, "before the |"),
        ("-", 0, "after the -"),
        ("dog - cat", 4, "after the -"),
        ("-|dog", 0, "after the -"),
        ("--dog", 1, "once"),
        ("dog|-cat", 4, "once"),
        ("dog > 90", 4, "without a space"),
        (":60..90", 0, "without a space"),
        ("dog=>90", 3, "dog>=90"),
        ("dog=90", 3, "dog>=90"),
        ("*", 0, "before the *"),
        ("d*g", 1, "at the end"),
        ("dog**", 3, "at the end"),
        ("(dog|cat)", 0, "no parentheses"),
        ("cat foo:bar", 4, '"foo:bar"'),
        ("dog:", 0, "A label with a colon goes in quotes"),
        ("\ud800", 0, "not valid text"),
    ],
)
def test_a_mistake_gets_a_sentence_and_its_position(text: str, position: int, said: str) -> None:
    error = mistake(text)
    assert error.position == position
    assert said in error.message
    assert error.message.endswith(".")


def test_long_texts_and_many_terms_are_refused() -> None:
    assert parse("a" * MAX_TEXT).clauses
    assert mistake("a" * (MAX_TEXT + 1)).position == MAX_TEXT
    assert len(parse("a " * MAX_ATOMS).clauses) == MAX_ATOMS
    assert mistake("a " * (MAX_ATOMS + 1)).position == 2 * MAX_ATOMS
    assert mistake("|".join("a" * (MAX_ATOMS + 1))).position == 2 * MAX_ATOMS


def test_a_clause_can_be_taken_out_and_put_in() -> None:
    query = parse("dog  cat|car   -person")
    assert query.without(0) == "cat|car   -person"
    assert query.without(1) == "dog -person"
    assert query.without(2) == "dog  cat|car"
    assert parse(" dog ").without(0) == ""
    assert query.with_clause("is:edited") == "dog  cat|car   -person is:edited"
    assert query.with_clause("-person") == query.text
    assert parse("").with_clause('"hot dog"') == '"hot dog"'


# fmt: off
PIECES = st.sampled_from([
    "dog", "-", "|", '"', "“", "”", ":", ">", "<=", "60", "..", "90.5", "*", "(", "is:",
    "failed", "after:", "2026-02", "T10:00", "color:", "gray", " ", "in:", "name:", "type:",
    "jpg", "\x00", "\u200f", "é", "%", "=", "name", "nan", "inf", "1e999", "9" * 400,
    "٣", "²", "-0", "0x1", "9999-99-99", "T99:99", "\n",
])
# fmt: on


@given(
    st.one_of(
        st.text(max_size=60),
        st.lists(PIECES | st.just("\ud800"), max_size=14).map("".join),
        st.tuples(PIECES, st.sampled_from([200, 2_000, 50_000])).map(lambda it: it[0] * it[1]),
    )
)
def test_any_text_is_a_query_or_a_mistake_within_it(text: str) -> None:
    try:
        query = parse(text)
    except SearchSyntaxError as error:
        assert 0 <= error.position <= len(text)
        assert error.message
        return
    assert isinstance(query, Query)
    assert query.text == text
    ends = [0]
    for clause in query.clauses:
        assert ends[-1] <= clause.start < clause.end <= len(text)
        alone = parse(text[clause.start : clause.end]).clauses[0]
        assert (alone.atoms, alone.negated) == (clause.atoms, clause.negated)
        ends.append(clause.end)
    for index in range(len(query.clauses)):
        rest = parse(query.without(index))
        expected = [c.atoms for i, c in enumerate(query.clauses) if i != index]
        assert [clause.atoms for clause in rest.clauses] == expected


NAMES = st.one_of(
    st.text(min_size=1, max_size=40),
    st.lists(PIECES, min_size=1, max_size=6).map("".join),
    st.sampled_from(['"', '""', "%", "_", "\x00", "שלום עולם", "a" * 1000, '" ' * 500, "-", "*"]),
)


@given(NAMES)
def test_any_label_name_can_be_written_and_read_back(name: str) -> None:
    written = label_text(name)
    assert only_atom(written) == LabelTerm(name)
    assert only_atom(written + ">=12.5") == LabelTerm(name, low=12.5)
    assert only_atom(written + ":1..2") == LabelTerm(name, low=1, high=2)
    (clause,) = parse(f"-{written}|{written}").clauses
    assert clause.negated
    assert clause.atoms == (LabelTerm(name), LabelTerm(name))


def test_ordinary_names_need_no_quotes() -> None:
    assert label_text("Dog") == "Dog"
    assert label_text("T-Shirt") == "T-Shirt"
    assert label_text("Golden Retriever") == '"Golden Retriever"'
    assert label_text('5" disk') == '"5"" disk"'

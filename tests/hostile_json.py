"""Texts that a reader of JSON has to survive: what `json.dumps` would never write."""

from hypothesis import strategies as st

_ATOMS = st.sampled_from(
    [
        "NaN", "Infinity", "-Infinity", "1e999999", "-1e-999999", "9" * 400, "9" * 5000,
        "0." + "1" * 400, '"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"', '"' + "x" * 3000 + '"',
        "null", "true", "1", '""', "{}", "[]", '"Dog"', "'Dog'", "01", "+1", "\x00", "\ufeff",
    ]
)  # fmt: skip


def json_texts(*names: str) -> st.SearchStrategy[bytes]:
    """Return texts of broken, huge, doubled, deep and strange JSON with objects of these names."""
    keys = st.one_of(st.sampled_from(names), st.just("\\ud800"), st.text('ab\\"{', max_size=4))
    pairs = st.tuples(keys, st.deferred(lambda: values)).map(lambda pair: f'"{pair[0]}":{pair[1]}')
    values: st.SearchStrategy[str] = st.one_of(
        _ATOMS,
        # The same name twice is more likely than not.
        st.lists(pairs, max_size=4).map(lambda inner: "{" + ",".join(inner + inner[:1]) + "}"),
        st.lists(st.deferred(lambda: values), max_size=4).map(lambda it: f"[{','.join(it)}]"),
    )
    deep = st.tuples(st.sampled_from(['{"%s":', "["]), st.sampled_from(names), _DEPTHS, values).map(
        lambda it: (it[0].replace("%s", it[1]) * it[2]) + it[3]
    )
    cut = st.tuples(values, st.floats(0, 1)).map(lambda it: it[0][: int(it[1] * len(it[0]))])
    texts = st.one_of(values, deep, cut).map(lambda text: text.encode("utf-8", "surrogatepass"))
    return st.one_of(texts, texts.map(lambda text: b"\xef\xbb\xbf" + text + b"\xff"))


_DEPTHS = st.sampled_from([3, 100, 5_000, 100_000])

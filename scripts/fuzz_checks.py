"""A check of our own for schemathesis, in whose environment this runs: see fuzz_api.py.

What the document allows and we refuse all the same is refused for one of the reasons that no
schema can say: the text of a search, a cursor that is none, names that are no labels.
"""

import schemathesis

REFUSED = {"GET /api/images": ("q", "cursor"), "GET /api/labels": ("q",)}


@schemathesis.check
def refused_for_a_reason_that_no_schema_says(ctx, response, case):  # noqa: ARG001
    """Look at what is refused although the document allows it."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if response.status_code == 400:
        problem = response.json()
        about = "q" if "position" in problem else problem.get("parameter")
        assert about in REFUSED.get(case.operation.label, ()), f"refused: {problem['detail']}"
    if response.status_code == 422:
        assert "place" not in response.json(), "the shape was right"


@schemathesis.hook
def filter_query(ctx, query):  # noqa: ARG001
    """Leave out two things that no schema tells from others.

    `min=` is a parameter that is not given, as forms send it; and a slider is written in decimal
    digits, not as 1e-05.
    """
    values = (query or {}).values()
    empty = any(value in ("", None) or value in ([], {}) for value in values)
    return not empty and not any(isinstance(v, float) and "e" in repr(v) for v in values)

from catalog.document import Document, Edit, Label, fold_name


def edits(*names: str) -> list[Edit]:
    return [Edit(name, "me", "2026-11-22T16:04:56Z") for name in names]


def shown(document: Document) -> list[tuple[str, float, str]]:
    return [(label.name, label.confidence, label.source) for label in document.shown_labels()]


def test_the_surest_label_is_shown_first_and_equals_by_name() -> None:
    document = Document(labels=[Label("b", 50), Label("A", 50), Label("c", 90)])
    assert [name for name, _, _ in shown(document)] == ["c", "A", "b"]


def test_corrections_hold_whatever_the_letter_case() -> None:
    document = Document(
        labels=[Label("Wolf", 90), Label("Dog", 80, parents=["Animal"])],
        added=edits("rex", "DOG"),
        removed=edits("wolf"),
    )
    assert shown(document) == [("Dog", 100, "person"), ("rex", 100, "person")]
    assert document.shown_labels()[0].parents == ["Animal"]


def test_showing_labels_does_not_change_the_document() -> None:
    document = Document(labels=[Label("Dog", 80)], added=edits("Dog"))
    document.shown_labels()
    assert document.labels == [Label("Dog", 80)]


def test_what_was_both_added_and_removed_is_shown() -> None:
    document = Document(labels=[Label("Dog", 80)], added=edits("Dog"), removed=edits("Dog"))
    assert shown(document) == [("Dog", 100, "person")]


def test_names_are_compared_without_case_and_composed() -> None:
    assert fold_name("Straße") == fold_name("STRASSE")
    assert fold_name("Cafe\u0301") == fold_name("CAFÉ")

import re

import pytest

from tagger.recognizers.local.taxonomy import Taxonomy, load_taxonomy, make_taxonomy

# As Rekognition 3.0 names them.
CATEGORIES = """
Animals and Pets|Apparel and Accessories|Beauty and Personal Care|Buildings and Architecture
Education|Events and Attractions|Everyday Objects|Food and Beverage|Furniture and Furnishings
Health and Fitness|Hobbies and Interests|Home and Indoors|Home Appliances|Kitchen and Dining
Materials|Medical|Nature and Outdoors|Offices and Workspaces|Performing Arts|Person Description
Plants and Flowers|Popular Landmarks|Profession|Public Safety|Religion|Sports|Symbols and Flags
Technology and Computing|Text and Documents|Tools and Machinery|Toys and Gaming
Transport and Logistics|Travel and Adventure|Vehicles and Automotive|Weapons and Military
"""


@pytest.fixture(scope="module")
def taxonomy() -> Taxonomy:
    return load_taxonomy()


def group(name: str, parents: str = "") -> dict[str, str]:
    return {"name": name, "parents": parents, "category": "Everyday Objects", "aliases": ""}


def leaf(name: str, groups: str) -> dict[str, str]:
    return {"index": "0", "wnid": "n0", "name": name, "groups": groups, "aliases": ""}


def test_covers_all_classes_each_with_a_group(taxonomy: Taxonomy) -> None:
    assert len(taxonomy.labels_of_class) == 1000
    assert all(len(labels) >= 2 for labels in taxonomy.labels_of_class)
    assert len({labels[0] for labels in taxonomy.labels_of_class}) == 1000


def test_no_name_means_two_things(taxonomy: Taxonomy) -> None:
    names = [name.casefold() for name in taxonomy.entries]
    aliases = [a.casefold() for entry in taxonomy.entries.values() for a in entry.aliases]

    assert len(set(names)) == len(names)
    assert len(set(aliases)) == len(aliases)
    assert not set(names) & set(aliases)


def test_no_label_is_its_own_parent_and_all_parents_are_labels(taxonomy: Taxonomy) -> None:
    for entry in taxonomy.entries.values():
        assert entry.name not in entry.parents
        assert set(entry.parents) <= taxonomy.entries.keys()
        for parent in entry.parents:  # all ancestors, not only the nearest
            assert set(taxonomy.entries[parent].parents) <= set(entry.parents)


def test_every_group_has_a_class(taxonomy: Taxonomy) -> None:
    used = {name for labels in taxonomy.labels_of_class for name in labels}

    assert used == taxonomy.entries.keys()


def test_names_are_written_as_people_write_them(taxonomy: Taxonomy) -> None:
    small = {"and", "of", "the", "des", "in"}
    for name in taxonomy.entries:
        assert re.fullmatch(r"[A-Za-z' -]+", name), name
        for word in name.split():
            assert word in small or word == "iPod" or word[0].isupper(), name


def test_categories_are_rekognitions(taxonomy: Taxonomy) -> None:
    found = {category for entry in taxonomy.entries.values() for category in entry.categories}

    assert found <= set(re.split(r"[|\n]", CATEGORIES.strip()))


@pytest.mark.parametrize(
    ("name", "groups"),
    [
        ("Golden Retriever", "Retriever, Dog, Canine, Pet, Mammal, Animal"),
        ("Tabby Cat", "Cat, Feline, Pet, Mammal, Animal"),
        ("Espresso", "Coffee, Beverage, Food and Drink, Cup"),
        ("Coffee Mug", "Cup, Tableware"),
        ("Catamaran", "Sailboat, Boat, Watercraft, Vehicle, Transportation"),
        ("Taxi", "Car, Vehicle"),
        ("Moped", "Motorcycle, Vehicle"),
        ("Fire Truck", "Truck, Emergency Vehicle"),
        ("Crane Bird", "Bird"),
        ("Construction Crane", "Machine"),
        ("Cardigan Welsh Corgi", "Corgi, Dog"),
        ("Cardigan", "Sweater, Clothing"),
        ("Drake", "Duck, Bird"),
        ("Maillot", "Swimwear"),
        ("Scorpion", "Arachnid"),
        ("Dugong", "Marine Mammal"),
        ("Amphibious Vehicle", "Vehicle"),
        ("Axolotl", "Salamander, Amphibian"),
        ("Banana", "Fruit, Food"),
        ("Daisy", "Flower, Plant"),
        ("Seashore", "Beach, Coast, Nature"),
        ("Laptop Computer", "Laptop, Computer, Electronics"),
        ("Castle", "Building, Architecture"),
    ],
)
def test_a_label_is_found_by_what_people_search_for(
    taxonomy: Taxonomy, name: str, groups: str
) -> None:
    assert set(groups.split(", ")) <= set(taxonomy.entries[name].parents)


@pytest.mark.parametrize(
    ("name", "not_a"),
    [
        ("Scorpion", "Spider"),
        ("White Stork", "Waterfowl"),
        ("Dugong", "Seal"),
        ("Amphibious Vehicle", "Animal"),
        ("Palace", "Castle"),
        ("Computer Mouse", "Animal"),
        ("Drumstick", "Food"),
        ("Hot Dog", "Dog"),
        ("Prairie Chicken", "Chicken"),
        ("Starfish", "Fish"),
        ("Lion", "Pet"),
    ],
)
def test_a_label_is_not_what_it_only_sounds_like(taxonomy: Taxonomy, name: str, not_a: str) -> None:
    assert not_a not in taxonomy.entries[name].parents


def test_a_class_named_as_its_group_is_that_group() -> None:
    made = make_taxonomy([leaf("Cup", "Cup"), leaf("Mug", "Cup")], [group("Cup")])

    assert made.labels_of_class == (("Cup",), ("Mug", "Cup"))
    assert made.entries["Cup"].parents == ()


@pytest.mark.parametrize(
    ("classes", "groups", "why"),
    [
        ([], [group("A", "B"), group("B", "A")], "its own ancestor"),
        ([leaf("X", "A"), leaf("X", "A")], [group("A")], "Two labels"),
        ([leaf("A", "B")], [group("A"), group("B")], "not a member"),
    ],
    ids=["circle", "twice", "stranger"],
)
def test_tables_that_do_not_fit_are_refused(
    classes: list[dict[str, str]], groups: list[dict[str, str]], why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        make_taxonomy(classes, groups)

"""A bucket of others: what it tells the tagger is added to what it tells them."""

from itertools import combinations
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cli.checkup.bucket_notifications import EVENT_BRIDGE, KINDS, Wanted, merge, overlap, wanted
from tests.stack import Stack
from tests.strict_s3.notifications import Rule, overlapping

TAG = "arn:aws:sqs:eu-west-1:123456789012:tag"
INDEX = "arn:aws:sqs:eu-west-1:123456789012:index"
GONE = ("s3:ObjectRemoved:*", "s3:LifecycleExpiration:*")
WANTED = (
    Wanted("taglight-tag", TAG, ("s3:ObjectCreated:*",), "uploads/"),
    Wanted("taglight-gone", INDEX, GONE, "uploads/"),
    Wanted("taglight-index", INDEX, ("s3:ObjectCreated:*", *GONE), "metadata/"),
)


def told(target: str, events: list[str], prefix: str = "", suffix: str = "") -> dict[str, Any]:
    """Return somebody's notification to a function."""
    named = (("prefix", prefix), ("suffix", suffix))
    rules = [{"Name": name, "Value": value} for name, value in named if value]
    return {
        "Id": target,
        "LambdaFunctionArn": f"arn:aws:lambda:eu-west-1:123456789012:function:{target}",
        "Events": events,
        "Filter": {"Key": {"FilterRules": rules}},
    }


def functions(*each: dict[str, Any]) -> dict[str, Any]:
    return {"LambdaFunctionConfigurations": list(each)}


def test_an_empty_bucket_gets_all() -> None:
    plan = merge({}, WANTED)
    assert plan.added == WANTED
    assert plan.changes
    assert plan.configuration == {
        "QueueConfigurations": [each.as_configuration() for each in WANTED]
    }


def test_the_same_again_changes_nothing() -> None:
    plan = merge(merge({}, WANTED).configuration, WANTED)
    assert (plan.added, plan.present, plan.changes) == ((), WANTED, False)


def test_what_others_are_told_stays() -> None:
    existing = functions(told("thumbnails", ["s3:ObjectCreated:*"], "films/")) | {
        "TopicConfigurations": [
            {"Id": "audit", "TopicArn": "arn:aws:sns:x:1:audit", "Events": ["s3:ObjectRestore:*"]}
        ]
    }
    plan = merge(existing, WANTED)
    assert plan.added == WANTED
    for kind, rows in existing.items():
        assert plan.configuration[kind] == rows
    assert "Notifications of others that stay as they are: 2." in plan.sentences()


def test_the_seeds_own_trigger_stays_and_ours_goes_round_it() -> None:
    existing = functions(told("seed", ["s3:ObjectCreated:Put"], "uploads/", ".jpg"))
    plan = merge(existing, WANTED)
    assert plan.by_event_bridge == WANTED  # one parameter of the template makes all of its rules
    assert plan.in_the_way == {"taglight-tag": ("seed",)}
    assert plan.added == ()
    assert plan.configuration["LambdaFunctionConfigurations"] == [
        existing["LambdaFunctionConfigurations"][0]
    ]
    assert plan.configuration[EVENT_BRIDGE] == {}
    [said] = [line for line in plan.sentences() if "beside seed" in line]
    assert said.startswith("Through EventBridge: s3:ObjectCreated:* under uploads/ to tag")
    assert WANTED[0].as_pattern("family-pictures") == {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {
            "bucket": {"name": ["family-pictures"]},
            "object": {"key": [{"prefix": "uploads/"}]},
        },
    }


def test_a_trigger_without_a_filter_is_in_the_way_of_everything_it_hears() -> None:
    plan = merge(functions(told("all", ["s3:ObjectCreated:*", *GONE])), WANTED)
    assert plan.by_event_bridge == WANTED
    assert "QueueConfigurations" not in plan.configuration


def test_a_trigger_for_another_ending_of_another_folder_is_in_nobodys_way() -> None:
    existing = functions(
        told("films", ["s3:ObjectCreated:*"], "films/"),
        told("untag", ["s3:ObjectTagging:*"], "uploads/"),
    )
    assert merge(existing, WANTED).by_event_bridge == ()


def test_ours_in_an_older_form_is_replaced() -> None:
    older = Wanted("taglight-tag", TAG, ("s3:ObjectCreated:Put",), "uploads/")
    plan = merge(merge({}, (older, *WANTED[1:])).configuration, WANTED)
    assert plan.added == (WANTED[0],)
    assert len(plan.configuration["QueueConfigurations"]) == 3


def test_ours_under_another_name_is_known() -> None:
    existing = {"QueueConfigurations": [{**WANTED[0].as_configuration(), "Id": "by-hand"}]}
    plan = merge(existing, WANTED)
    assert plan.present == (WANTED[0],)
    assert len(plan.configuration["QueueConfigurations"]) == 3


def test_what_a_stack_made_itself_is_known() -> None:
    """CloudFormation gives its notifications ids of its own."""
    made = [{**each.as_configuration(), "Id": f"x{n}"} for n, each in enumerate(wanted(TAG, INDEX))]
    plan = merge({"QueueConfigurations": made}, wanted(TAG, INDEX))
    assert (plan.added, plan.by_event_bridge, plan.changes) == ((), (), False)
    assert plan.of_others == 0


def test_what_is_wanted_is_what_the_template_makes() -> None:
    stack = Stack()
    rules = stack.properties("Bucket")["NotificationConfiguration"]["QueueConfigurations"]
    made = [
        (rule["Queue"], (rule["Event"],), rule["Filter"]["S3Key"]["Rules"][0]["Value"])
        for rule in rules
    ]
    ours = wanted(stack.arn_of("TagQueue"), stack.arn_of("IndexQueue"))
    assert sorted((each.queue_arn, each.events, each.prefix) for each in ours) == sorted(made)


def test_a_second_stack_takes_nothing_from_the_first() -> None:
    first = wanted(TAG, INDEX)
    second = wanted(TAG.replace(":tag", ":tag2"), INDEX.replace(":index", ":index2"))
    assert not {each.id for each in first} & {each.id for each in second}
    before = merge({}, first).configuration
    plan = merge(before, second)
    assert plan.by_event_bridge == second
    assert plan.configuration["QueueConfigurations"] == before["QueueConfigurations"]


def test_the_rules_of_eventbridge_are_three() -> None:
    plan = merge(functions(told("all", ["s3:ObjectCreated:*"])), wanted(TAG, INDEX))
    found = [
        (arn, pattern["detail"]["object"]["key"][0]["prefix"], pattern["detail-type"])
        for arn, pattern in plan.patterns("b")
    ]
    assert found == [
        (TAG, "uploads/", ["Object Created"]),
        (INDEX, "uploads/", ["Object Deleted"]),
        (INDEX, "metadata/", ["Object Created", "Object Deleted"]),
    ]


EVENTS = st.sampled_from(
    [
        "s3:ObjectCreated:*",
        "s3:ObjectCreated:Put",
        "s3:ObjectCreated:Copy",
        *GONE,
        "s3:ObjectRemoved:Delete",
        "s3:ObjectTagging:*",
    ]
)
OTHERS = st.tuples(
    st.sampled_from(sorted(KINDS)),
    st.lists(EVENTS, min_size=1, max_size=3, unique=True),
    st.sampled_from(["", "uploads/", "uploads/2026/", "up", "metadata/", "films/"]),
    st.sampled_from(["", ".jpg", ".json", "g"]),
)


def as_rule(one: dict[str, Any]) -> Rule:
    """Return a notification as the strict front sees it."""
    given = {rule["Name"]: rule["Value"] for rule in one["Filter"]["Key"]["FilterRules"]}
    return Rule(one["Id"], tuple(one["Events"]), given.get("prefix", ""), given.get("suffix", ""))


def all_of(configuration: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for kind in KINDS for one in configuration.get(kind, [])]


@st.composite
def buckets(draw: st.DrawFn) -> dict[str, Any]:
    """Return what S3 may have accepted: no two overlap; some of ours may be there already."""
    ours = [each.as_configuration() for each in wanted(TAG, INDEX)]
    found: dict[str, Any] = {}
    candidates = [("QueueConfigurations", one) for one in ours if draw(st.booleans())]
    for number, (kind, events, prefix, suffix) in enumerate(draw(st.lists(OTHERS, max_size=5))):
        one = told(f"other-{number}", events, prefix, suffix)
        arn = one.pop("LambdaFunctionArn")
        candidates.append((kind, {**one, KINDS[kind]: arn}))
    for kind, one in draw(st.permutations(candidates)):
        if not any(overlapping(as_rule(one), as_rule(there)) for there in all_of(found)):
            found.setdefault(kind, []).append(one)
    if draw(st.booleans()):
        found[EVENT_BRIDGE] = {}
    return found


@given(buckets())
def test_nothing_is_lost_nothing_overlaps_and_twice_is_once(existing: dict[str, Any]) -> None:
    ours = wanted(TAG, INDEX)
    plan = merge(existing, ours)
    for kind in KINDS:
        for one in existing.get(kind, []):
            assert one in plan.configuration[kind]
    assert (EVENT_BRIDGE in plan.configuration) >= (EVENT_BRIDGE in existing)
    written = all_of(plan.configuration)
    assert not [pair for pair in combinations(written, 2) if overlapping(*map(as_rule, pair))]
    assert sorted([*plan.added, *plan.present, *plan.by_event_bridge], key=repr) == sorted(
        ours, key=repr
    )
    assert bool(plan.by_event_bridge) <= (EVENT_BRIDGE in plan.configuration)
    again = merge(plan.configuration, ours)
    assert again.configuration == plan.configuration
    assert not again.changes
    assert again.by_event_bridge == plan.by_event_bridge
    assert len(written) == plan.of_others + len(ours) - len(plan.by_event_bridge)


@given(buckets(), OTHERS)
def test_overlapping_is_what_the_strict_front_calls_so(
    existing: dict[str, Any], other: tuple[str, list[str], str, str]
) -> None:
    another = told("another", *other[1:])
    for one in all_of(existing):
        assert overlap(one, another) == overlapping(as_rule(one), as_rule(another))

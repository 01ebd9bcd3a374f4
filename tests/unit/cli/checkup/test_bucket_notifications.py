"""A bucket of others: what it tells the tagger is added to what it tells them."""

from itertools import combinations
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cli.checkup.bucket_notifications import EVENT_BRIDGE, KINDS, Wanted, _overlap, merge

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
    assert plan.by_event_bridge == (WANTED[0],)
    assert plan.added == WANTED[1:]
    assert plan.configuration["LambdaFunctionConfigurations"] == [
        existing["LambdaFunctionConfigurations"][0]
    ]
    assert plan.configuration[EVENT_BRIDGE] == {}
    [said] = [line for line in plan.sentences() if "EventBridge" in line]
    assert "beside seed" in said
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


EVENTS = st.sampled_from(
    ["s3:ObjectCreated:*", "s3:ObjectCreated:Put", "s3:ObjectCreated:Copy", *GONE]
)
OTHERS = st.builds(
    told,
    st.sampled_from(["a", "b", "c"]),
    st.lists(EVENTS, min_size=1, max_size=3, unique=True),
    st.sampled_from(["", "uploads/", "uploads/2026/", "up", "metadata/", "films/"]),
    st.sampled_from(["", ".jpg", ".json"]),
)


@given(st.lists(OTHERS, max_size=4))
def test_nothing_is_lost_nothing_new_overlaps_and_twice_is_once(others: list[Any]) -> None:
    existing = functions(*others) if others else {}
    plan = merge(existing, WANTED)
    assert plan.configuration.get("LambdaFunctionConfigurations", []) == others
    mine = plan.configuration.get("QueueConfigurations", [])
    assert not [pair for pair in combinations(mine, 2) if _overlap(*pair)]
    assert not [1 for one in others for each in mine if _overlap(one, each)]
    assert len(plan.added) + len(plan.by_event_bridge) == len(WANTED)
    again = merge(plan.configuration, WANTED)
    assert again.configuration == plan.configuration
    assert not again.changes
    assert set(plan.configuration) <= {*KINDS, EVENT_BRIDGE}

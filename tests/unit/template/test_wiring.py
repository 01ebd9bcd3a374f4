"""What template.yaml ties together: events, queues, the web, who may come in."""

import json
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from typing import Any

import botocore.session
import pytest

from catalog.storage.s3_address import S3Address
from cli.checkup.bucket_notifications import merge, wanted
from cli.checkup.permissions import EVENTS, S3, lets_send
from tagger.aws.environment import LambdaEnvironment
from tests.stack import Stack, template
from webapp.s3_credentials import Credentials
from webapp.s3_signing import Presigner
from webapp.s3_tickets import S3Tickets
from webapp.settings import WebSettings
from webapp.signin.desk import sign_in_of
from webapp.signin.guard import OPEN_PATHS, OPEN_TREES
from webapp.tickets import Upload

PROVIDER = {"OidcIssuer": "https://login.example.org", "OidcClientId": "taglight"}
DOMAIN = {
    "DomainName": "pictures.example.org",
    "CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/1",
}


@pytest.fixture(scope="module")
def stack() -> Stack:
    return Stack()


def notifications(stack: Stack) -> list[tuple[str, str, str]]:
    """Return event, prefix and queue of each rule; a rule with a suffix fails."""
    found = []
    for rule in stack.properties("Bucket")["NotificationConfiguration"]["QueueConfigurations"]:
        [each] = rule["Filter"]["S3Key"]["Rules"]
        assert each["Name"] == "prefix"
        found.append((rule["Event"], each["Value"], rule["Queue"].rpartition("-")[2]))
    return found


def test_both_prefixes_send_all_that_matters_to_the_right_queue(stack: Stack) -> None:
    assert set(notifications(stack)) == {
        ("s3:ObjectCreated:*", "uploads/", "TagQueue"),
        ("s3:ObjectRemoved:*", "uploads/", "IndexQueue"),
        ("s3:LifecycleExpiration:*", "uploads/", "IndexQueue"),
        ("s3:ObjectCreated:*", "metadata/", "IndexQueue"),
        ("s3:ObjectRemoved:*", "metadata/", "IndexQueue"),
        ("s3:LifecycleExpiration:*", "metadata/", "IndexQueue"),
    }


def test_events_have_names_that_s3_knows_and_do_not_overlap(stack: Stack) -> None:
    known = botocore.session.get_session().get_service_model("s3").shape_for("Event").enum
    rules = notifications(stack)
    assert {event for event, _, _ in rules} <= set(known)
    assert len({(event, prefix) for event, prefix, _ in rules}) == len(rules)


def test_the_bucket_may_send_and_nobody_elses(stack: Stack) -> None:
    for queue in ("TagQueue", "IndexQueue"):
        policy = stack.properties(f"{queue}Policy")
        [allowed] = [
            each
            for each in policy["PolicyDocument"]["Statement"]
            if each["Principal"] == {"Service": "s3.amazonaws.com"}
        ]
        assert allowed["Resource"] == stack.arn_of(queue)
        assert allowed["Condition"]["ArnEquals"] == {"aws:SourceArn": stack.arn_of("Bucket")}
        assert allowed["Condition"]["StringEquals"] == {"aws:SourceAccount": "123456789012"}
        assert f"{queue}Policy" in template()["Resources"]["Bucket"]["DependsOn"]


EXISTING = {"ExistingBucket": "family-pictures"}


def test_a_bucket_that_exists_is_named_everywhere_and_not_made() -> None:
    stack = Stack(**EXISTING)
    assert not [name for name, each in stack.resources.items() if "::S3::" in each["Type"]]
    assert stack.outputs["Bucket"] == "family-pictures"
    for function in ("WebFunction", "TaggerFunction"):
        assert stack.environment(function)["BUCKET_NAME"] == "family-pictures"
    whole = json.dumps(stack.resources)
    assert "taglight-123456789012-eu-west-1-" not in whole
    for name in ("TagQueue", "IndexQueue"):
        document = json.dumps(stack.properties(f"{name}Policy")["PolicyDocument"])
        assert lets_send(document, stack.arn_of(name), S3, "arn:aws:s3:::family-pictures")


def test_where_notifications_are_in_the_way_the_template_makes_the_rules_the_doctor_asks_for() -> (
    None
):
    stack = Stack(**EXISTING, BucketEvents="eventbridge")
    ours = wanted(stack.arn_of("TagQueue"), stack.arn_of("IndexQueue"))
    topic = {"TopicArn": "arn:aws:sns:x:1:t", "Events": ["s3:ObjectCreated:*"]}
    needed = merge({"TopicConfigurations": [topic]}, ours).patterns("family-pictures")
    rules = {
        name: rule
        for name, rule in stack.of_type("AWS::Events::Rule").items()
        if rule.get("EventPattern", {}).get("source") == ["aws.s3"]
    }
    assert len(rules) == len(needed) == 3
    for arn, pattern in needed:
        [name] = [
            name
            for name, rule in rules.items()
            if rule["EventPattern"] == pattern and rule["Targets"][0]["Arn"] == arn
        ]
        document = stack.properties(f"{rules[name]['Targets'][0]['Id']}Policy")["PolicyDocument"]
        assert lets_send(json.dumps(document), arn, EVENTS, stack.arn_of(name))
    for parameters in ({}, EXISTING, {"BucketEvents": "eventbridge"}):
        assert len(Stack(**parameters).of_type("AWS::Events::Rule")) == 2


def test_queues_answer_over_tls_alone(stack: Stack) -> None:
    closed = set()
    for policy in stack.of_type("AWS::SQS::QueuePolicy").values():
        [refused] = [
            each for each in policy["PolicyDocument"]["Statement"] if each["Effect"] == "Deny"
        ]
        assert refused["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert (refused["Principal"], refused["Action"]) == ("*", "sqs:*")
        closed.add(refused["Resource"])
    assert closed == {stack.arn_of(name) for name in stack.of_type("AWS::SQS::Queue")}


def test_a_message_has_its_time_and_its_attempts(stack: Stack) -> None:
    functions = stack.of_type("AWS::Lambda::Function")
    timeout = functions["TaggerFunction"]["Timeout"]
    attempts = int(stack.environment("TaggerFunction")["MAX_ATTEMPTS"])
    for name in ("TagQueue", "IndexQueue"):
        queue = stack.properties(name)
        assert queue["VisibilityTimeout"] >= 6 * timeout
        # Who is refused a place to run has received the message as well: AWS asks for five.
        assert queue["RedrivePolicy"]["maxReceiveCount"] == attempts >= 5
        dead = name.replace("Queue", "DeadLetters")
        assert queue["RedrivePolicy"]["deadLetterTargetArn"] == stack.arn_of(dead)
        assert stack.properties(dead)["MessageRetentionPeriod"] == 14 * 24 * 3600
        assert queue["SqsManagedSseEnabled"] is True


def test_one_bad_picture_costs_nobody_else(stack: Stack) -> None:
    sources = stack.of_type("AWS::Lambda::EventSourceMapping")
    by_queue = {each["EventSourceArn"].rpartition("-")[2]: each for each in sources.values()}
    assert by_queue.keys() == {"TagQueue", "IndexQueue"}
    assert by_queue["TagQueue"]["BatchSize"] == 1
    for each in by_queue.values():
        assert each["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert int(each["ScalingConfig"]["MaximumConcurrency"]) >= 2


def test_bucket_and_catalog_are_compared_daily_and_after_a_deploy(stack: Stack) -> None:
    rules = stack.of_type("AWS::Events::Rule")
    for rule in rules.values():
        [target] = rule["Targets"]
        assert target["Arn"] == stack.arn_of("TagQueue")
        assert json.loads(target["Input"]) == {"taglight": "reconcile"}
    assert rules["ReconcileDaily"]["ScheduleExpression"] == "rate(1 day)"
    pattern = rules["ReconcileAfterDeploy"]["EventPattern"]["detail"]
    assert pattern["status-details"]["status"] == ["CREATE_COMPLETE", "UPDATE_COMPLETE"]


def test_the_bucket_is_private_kept_and_cleared_up(stack: Stack) -> None:
    bucket, whole = stack.properties("Bucket"), template()["Resources"]
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert whole["Bucket"]["DeletionPolicy"] == whole["Bucket"]["UpdateReplacePolicy"] == "Retain"
    [statement] = stack.properties("BucketPolicy")["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    rules = {rule["Id"]: rule for rule in bucket["LifecycleConfiguration"]["Rules"]}
    assert rules["trash"]["Prefix"] == "trash/"
    assert rules["trash"]["ExpirationInDays"] == 30
    assert "AbortIncompleteMultipartUpload" in rules["incomplete-uploads"]
    assert int(rules["previous-versions"]["NoncurrentVersionExpiration"]["NoncurrentDays"]) == 30


def ticket_headers() -> dict[str, str]:
    """Return the headers that a page sends with a picture."""
    presigner = Presigner(
        S3Address.of("pictures", "eu-west-1"), lambda: Credentials("id", "secret")
    )
    upload = Upload("uploads/a.jpg", "image/jpeg", 1, "0" * 64, "a.jpg")
    return dict(S3Tickets(presigner, lambda _: None).issue(upload).headers)


@pytest.mark.parametrize(
    ("parameters", "origin"),
    [({}, "https://d111111abcdef8.cloudfront.net"), (DOMAIN, "https://pictures.example.org")],
)
def test_browsers_of_this_site_alone_may_send(parameters: dict[str, str], origin: str) -> None:
    stack = Stack(**parameters)
    [rule] = stack.properties("Bucket")["CorsConfiguration"]["CorsRules"]
    assert rule["AllowedOrigins"] == [origin]
    assert rule["AllowedMethods"] == ["PUT", "GET"]
    assert sorted(rule["AllowedHeaders"]) == sorted(name.lower() for name in ticket_headers())
    assert stack.environment("WebFunction")["PUBLIC_URL"] == origin
    assert stack.outputs["Address"] == origin
    assert next(iter(stack.outputs)) == "Address"


@pytest.mark.parametrize("parameters", [{}, DOMAIN, PROVIDER, {**PROVIDER, **DOMAIN}])
def test_the_web_function_never_runs_without_a_sign_in(parameters: dict[str, str]) -> None:
    found = Stack(**parameters).environment("WebFunction")
    settings = WebSettings.model_validate(found)
    assert settings.needs_sign_in
    assert settings.oidc_issuer
    assert settings.oidc_client_id
    assert all(len(secret) >= 16 for secret in settings.secrets)
    assert settings.default_role == "viewer"
    assert settings.public_url.startswith("https://")


def test_every_way_in_leads_to_the_web_function_which_asks_who_one_is(stack: Stack) -> None:
    [route] = stack.of_type("AWS::ApiGatewayV2::Route").values()
    [integration] = stack.of_type("AWS::ApiGatewayV2::Integration").values()
    assert route["RouteKey"] == "$default"
    assert route["Target"] == "integrations/ApiIntegration-id"
    assert integration["IntegrationUri"] == stack.arn_of("WebFunction")
    assert not stack.of_type("AWS::Lambda::Url")
    [permission] = stack.of_type("AWS::Lambda::Permission").values()
    assert permission["FunctionName"] == stack.arn_of("WebFunction")
    assert permission["SourceArn"].endswith(":Api-id/*")
    # What that function leaves open; tests/integration/webapp/signin walks all its routes.
    assert {"/healthz", "/signin"} == OPEN_PATHS
    assert OPEN_TREES == ("/static/", "/signin/")


def test_nobody_registers_by_themselves(stack: Stack) -> None:
    pool, client = stack.properties("UserPool"), stack.properties("UserPoolClient")
    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True
    assert client["AllowedOAuthFlows"] == ["code"]
    assert client["CallbackURLs"] == [stack.outputs["CallbackAddress"]]
    assert client["LogoutURLs"] == [stack.outputs["Address"] + "/signin"]
    assert client["PreventUserExistenceErrors"] == "ENABLED"
    assert stack.environment("WebFunction")["OIDC_GROUPS_CLAIM"] == "cognito:groups"


def test_managed_login_has_a_look_without_which_it_shows_nothing(stack: Stack) -> None:
    assert stack.properties("UserPoolDomain")["ManagedLoginVersion"] == 2
    assert stack.properties("UserPoolLook")["ClientId"] == "UserPoolClient-id"


def test_the_first_editor_is_one(stack: Stack) -> None:
    assert "Admin" not in stack.resources
    with_admin = Stack(AdminEmail="ada@example.org")
    group = with_admin.properties("AdminIsEditor")
    assert group["Username"] == "Admin-id"
    editors = with_admin.properties("Editors")["GroupName"]
    assert with_admin.environment("WebFunction")["TAGLIGHT_EDITOR_GROUPS"] == editors


def test_another_provider_needs_no_user_pool() -> None:
    stack = Stack(**PROVIDER, OidcClientSecret="a secret", AdminEmail="ada@example.org")
    assert not [name for name, each in stack.resources.items() if "Cognito" in each["Type"]]
    found = stack.environment("WebFunction")
    assert (found["OIDC_ISSUER"], found["OIDC_CLIENT_SECRET"]) == (
        "https://login.example.org",
        "a secret",
    )
    assert found["OIDC_GROUPS_CLAIM"] == "groups"


def test_a_provider_without_groups_has_editors_by_their_addresses() -> None:
    """Google tells no groups, and Microsoft does not say that it has verified an address."""
    stack = Stack(
        **PROVIDER,
        AllowedEmails="*@example.org",
        EditorEmails="Ada@example.org, *@staff.example.org",
        OidcTrustEmail="true",
    )
    signin = sign_in_of(WebSettings.model_validate(stack.environment("WebFunction")))
    assert signin is not None

    def role_of(address: str) -> str | None:
        user = signin.policy.admit(signin.identity({"sub": "1", "email": address}))
        return user.role if user else None

    people = ["ada@example.org", "eve@staff.example.org", "bob@example.org", "eve@evil.example"]
    assert [role_of(each) for each in people] == ["editor", "editor", "viewer", None]
    default = Stack(**PROVIDER).environment("WebFunction")
    assert (default["TAGLIGHT_EDITOR_EMAILS"], default["OIDC_TRUST_EMAIL"]) == ("", "false")


def test_a_database_of_ones_own_needs_no_cluster() -> None:
    stack = Stack(CatalogUrl="postgresql://me@example.org/pictures")
    assert "Catalog" not in stack.resources
    assert stack.environment("WebFunction")["CATALOG_URL"].startswith("postgresql://me@")


def test_cloudfront_keeps_static_files_and_nothing_of_people(stack: Stack) -> None:
    whole = stack.properties("Distribution")["DistributionConfig"]
    disabled, optimized = (
        "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
        "658327ea-f89d-4fab-a63d-7e88639e58f6",
    )
    pages, [static] = whole["DefaultCacheBehavior"], whole["CacheBehaviors"]
    assert pages["CachePolicyId"] == disabled
    assert pages["OriginRequestPolicyId"] == "b689b0a8-53d0-40ab-baf2-68738e2966ac"
    assert {"GET", "POST", "PATCH", "DELETE"} < set(pages["AllowedMethods"])
    assert (static["PathPattern"], static["CachePolicyId"]) == ("/static/*", optimized)
    assert "OriginRequestPolicyId" not in static
    for behaviour in (pages, static):
        assert behaviour["ViewerProtocolPolicy"] == "redirect-to-https"
    [origin] = whole["Origins"]
    [header] = origin["OriginCustomHeaders"]
    assert header["HeaderName"] == "x-taglight-origin"
    assert header["HeaderValue"] == stack.environment("WebFunction")["ORIGIN_SECRET"]


def test_cloudfront_keeps_no_error_of_anybody(stack: Stack) -> None:
    whole = stack.properties("Distribution")["DistributionConfig"]
    kept = {each["ErrorCode"]: each["ErrorCachingMinTTL"] for each in whole["CustomErrorResponses"]}
    # All that it would keep for ten seconds by the address alone, whatever Cache-Control says.
    codes = (400, 403, 404, 405, 414, 500, 501, 502, 503, 504)
    assert kept == dict.fromkeys(codes, 0)
    assert not any("ResponsePagePath" in each for each in whole["CustomErrorResponses"])


def test_secrets_are_made_by_aws_and_written_nowhere(stack: Stack) -> None:
    found = stack.environment("WebFunction")
    for name in ("SESSION_SECRET", "ORIGIN_SECRET"):
        assert found[name].startswith("{{resolve:secretsmanager:")
    assert found["SESSION_SECRET"] != found["ORIGIN_SECRET"]
    for secret in stack.of_type("AWS::SecretsManager::Secret").values():
        assert secret["GenerateSecretString"]["PasswordLength"] == 64
    for name, parameter in template()["Parameters"].items():
        assert parameter.get("NoEcho") == (name in ("OidcClientSecret", "CatalogUrl") or None)


def test_the_taggers_variables_are_valid(stack: Stack) -> None:
    read = LambdaEnvironment.model_validate(stack.environment("TaggerFunction"))
    assert (read.recognizer, read.min_confidence, read.max_labels) == ("rekognition", 30.0, 100)
    assert read.bucket_name == stack.outputs["Bucket"]
    assert read.tag_queue_url == stack.outputs["TagQueueUrl"]
    assert read.max_attempts == stack.properties("TagQueue")["RedrivePolicy"]["maxReceiveCount"]


def test_handlers_and_runtimes(stack: Stack) -> None:
    handlers = {
        name: (each["Handler"], each["Runtime"], each["Architectures"])
        for name, each in stack.of_type("AWS::Lambda::Function").items()
    }
    assert handlers == {
        "WebFunction": ("webapp.lambda_handler.handler", "python3.13", ["arm64"]),
        "TaggerFunction": ("tagger.lambda_handler.handler", "python3.13", ["arm64"]),
    }


def test_snapshots_cost_money_and_are_off() -> None:
    assert Stack().properties("WebFunction")["SnapStart"] == {"ApplyOn": "None"}
    snapping = Stack(SnapStart="on")
    assert snapping.properties("WebFunction")["SnapStart"] == {"ApplyOn": "PublishedVersions"}
    [integration] = snapping.of_type("AWS::ApiGatewayV2::Integration").values()
    [permission] = snapping.of_type("AWS::Lambda::Permission").values()
    assert integration["IntegrationUri"] == permission["FunctionName"] == "WebFunctionAliaslive-id"


def test_logs_end_and_the_api_writes_what_is_asked_but_not_for_what(stack: Stack) -> None:
    groups = stack.of_type("AWS::Logs::LogGroup")
    assert all(int(group["RetentionInDays"]) == 30 for group in groups.values())
    [stage] = stack.of_type("AWS::ApiGatewayV2::Stage").values()
    line = json.loads(stage["AccessLogSettings"]["Format"])
    assert line["path"] == "$context.path"
    assert not re.search(r"query|cookie|header|sourceIp", json.dumps(line), re.IGNORECASE)
    for function in stack.of_type("AWS::Lambda::Function").values():
        assert function["LoggingConfig"]["LogGroup"].removesuffix("-id") in groups


def test_ten_alarms_all_or_none_and_a_mail_where_there_is_an_address() -> None:
    assert len(Stack().of_type("AWS::CloudWatch::Alarm")) == 10
    assert not Stack(Alarms="off", AlarmEmail="me@example.org").of_type("AWS::CloudWatch::Alarm")
    alarms = Stack(AlarmEmail="me@example.org").of_type("AWS::CloudWatch::Alarm")
    assert all(alarm["AlarmActions"] == ["AlarmTopic-id"] for alarm in alarms.values())
    assert all(alarm["TreatMissingData"] == "notBreaching" for alarm in alarms.values())


def test_the_dashboard_is_off_and_can_be_read() -> None:
    assert not Stack().of_type("AWS::CloudWatch::Dashboard")
    body = Stack(Dashboard="on").properties("Watch")["DashboardBody"]
    assert len(json.loads(body)["widgets"]) == 6


def names_in(value: Any, names: set[str]) -> Iterator[str]:
    """Yield the resources that a part of the template speaks of."""
    if isinstance(value, list):
        for item in value:
            yield from names_in(item, names)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "Ref" and item in names:
                yield item
            elif key == "Fn::GetAtt":
                yield item[0]
            elif key == "Fn::Sub":
                text = item if isinstance(item, str) else item[0]
                yield from (n for n in re.findall(r"\$\{(\w+)", text) if n in names)
                yield from names_in(item, names)
            elif key == "DependsOn":
                yield from [item] if isinstance(item, str) else item
            else:
                yield from names_in(item, names)


def test_no_resource_waits_for_itself() -> None:
    resources = template()["Resources"]
    graph = {name: set(names_in(each, set(resources))) for name, each in resources.items()}
    order = list(TopologicalSorter(graph).static_order())
    assert order.index("Distribution") < order.index("WebFunction") < order.index("ApiIntegration")
    assert order.index("TagQueuePolicy") < order.index("Bucket")


def test_a_circle_would_be_found() -> None:
    graph = {"a": set(names_in({"Fn::Sub": "https://${b.DomainName}"}, {"a", "b"})), "b": {"a"}}
    with pytest.raises(ValueError, match="cycle"):
        list(TopologicalSorter(graph).static_order())

"""Creating, reading, overwriting, deleting parameters."""

from __future__ import annotations

import pytest


def test_a_parameter_is_what_was_put(aws, ssm, get):
    answer = ssm.put_parameter(Name="/app/db", Value="x", Type="String")
    assert (answer["Version"], answer["Tier"]) == (1, "Standard")
    found = get()
    assert (found["Name"], found["Value"], found["Type"], found["Version"]) == ("/app/db", "x", "String", 1)
    assert found["ARN"] == f"arn:aws:ssm:us-east-1:{aws.account}:parameter/app/db"
    assert found["DataType"] == "text"
    assert "Selector" not in found


def test_spaces_around_a_name_are_taken_away(ssm, get):
    ssm.put_parameter(Name=" plain ", Value="x", Type="String")
    assert get("plain")["Value"] == "x"
    assert get(" plain")["Value"] == "x"


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        ("aws", "ValidationException", 'can\'t be prefixed with "aws" or "ssm"'),
        ("SSMthing", "ValidationException", 'can\'t be prefixed with "aws" or "ssm"'),
        ("/ssm", "ValidationException", 'can\'t be prefixed with "aws" or "ssm"'),
        ("/ssm/a", "ValidationException", 'can\'t be prefixed with "ssm"'),
        ("/aws/a", "AccessDeniedException", "No access to reserved parameter name: /aws/a."),
        ("with space", "ValidationException", "sub-paths divided by slash symbol"),
        ("a:b", "ValidationException", "sub-paths divided by slash symbol"),
        ("/a//b", "ValidationException", "sub-paths divided by slash symbol"),
        ("a/b", "ValidationException", "must be a fully qualified name"),
        ("/a" * 16, "HierarchyLevelLimitExceededException", "maximum of 15 levels"),
        ("/" + "a" * 1000, "ValidationException", "maximum length of a parameter name"),
    ],
)
def test_a_name_that_may_not_be_is_refused(ssm, refused, name, code, message):
    with refused(code, message):
        ssm.put_parameter(Name=name, Value="x", Type="String")


def test_a_hierarchy_has_fifteen_levels(put, get):
    put("/a" * 15)
    assert get("/a" * 15)["Value"] == "x"


def test_a_parameter_is_not_overwritten_unless_asked_for(ssm, put, get, refused):
    put()
    with refused("ParameterAlreadyExists", "set the overwrite option in the request to true"):
        ssm.put_parameter(Name="/app/db", Value="y", Type="String")
    assert ssm.put_parameter(Name="/app/db", Value="y", Overwrite=True)["Version"] == 2
    assert get()["Value"] == "y"


def test_a_new_parameter_has_a_type_and_keeps_it(ssm, put, refused):
    with refused("ValidationException", "A parameter type is required when you create a parameter."):
        ssm.put_parameter(Name="/app/db", Value="x")
    put()
    with refused("HierarchyTypeMismatchException"):
        ssm.put_parameter(Name="/app/db", Value="x", Type="StringList", Overwrite=True)


def test_what_overwriting_does_not_say_stays(ssm, put, described):
    put(Description="the database")
    ssm.put_parameter(Name="/app/db", Value="y", Overwrite=True)
    assert described()["Description"] == "the database"


def test_tags_come_with_a_new_parameter_only(ssm, put, refused):
    tags = [{"Key": "team", "Value": "red"}]
    with refused("ValidationException", "tags and overwrite can't be used together"):
        put(Tags=tags, Overwrite=True)
    put(Tags=tags)
    assert ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="/app/db")["TagList"] == tags


def test_a_value_must_fit_its_pattern(put, refused):
    put(value="42", AllowedPattern=r"^\d+$")
    with refused("ParameterPatternMismatchException", r"cannot be validated against allowedPattern: ^\d+$"):
        put(value="forty-two", AllowedPattern=r"^\d+$")
    with refused("InvalidAllowedPatternException"):
        put(AllowedPattern="(")


def test_a_value_does_not_nest_parameters(put, refused):
    with refused("ValidationException", "can't nest another parameter"):
        put(value="{{ssm:other}}")


def test_a_value_is_not_empty(put, refused):
    with refused("ValidationException"):
        put(value="")


# -- reading


def test_a_parameter_that_is_not_there_is_not_found(ssm, refused):
    for operation in (ssm.get_parameter, ssm.delete_parameter, ssm.get_parameter_history):
        with refused("ParameterNotFound"):
            operation(Name="/nothing")


def test_a_parameter_is_read_by_its_arn(aws, put, get):
    put()
    put("plain", "y")
    prefix = f"arn:aws:ssm:us-east-1:{aws.account}:parameter/"
    assert get(f"{prefix}app/db")["Value"] == "x"
    assert get(f"{prefix}plain")["Value"] == "y"
    assert get(f"{prefix}app/db:1")["Selector"] == ":1"


def test_several_parameters_are_read_together(ssm, put):
    put("/b", "2")
    put("/a", "1")
    answer = ssm.get_parameters(Names=["/b", "/nothing", "/a", "/a:7"])
    assert [(found["Name"], found["Value"]) for found in answer["Parameters"]] == [("/a", "1"), ("/b", "2")]
    assert answer["InvalidParameters"] == ["/nothing", "/a:7"]


def test_parameters_of_two_regions_and_accounts_never_meet(aws, put, get, refused):
    from fogbank.testing.clients import fresh_account

    put()
    for other in (aws("ssm", region="eu-west-1"), aws("ssm", account=fresh_account())):
        with pytest.raises(other.exceptions.ParameterNotFound):
            other.get_parameter(Name="/app/db")


def test_another_accounts_parameter_is_not_read(aws, put):
    from fogbank.testing.clients import fresh_account

    put()
    other = aws("ssm", account=fresh_account())
    arn = f"arn:aws:ssm:us-east-1:{aws.account}:parameter/app/db"
    with pytest.raises(
        other.exceptions.ClientError, match="is not authorized to perform: ssm:GetParameter on resource"
    ):
        other.get_parameter(Name=arn)


# -- deleting


def test_a_deleted_parameter_is_gone_with_its_history(ssm, put, refused):
    put()
    put(value="y")
    ssm.delete_parameter(Name="/app/db")
    with refused("ParameterNotFound"):
        ssm.get_parameter(Name="/app/db")
    assert put() == 1
    assert len(ssm.get_parameter_history(Name="/app/db")["Parameters"]) == 1


def test_several_parameters_are_deleted_together(ssm, put):
    put("/a")
    put("/b")
    answer = ssm.delete_parameters(Names=["/a", "/nothing", "/b"])
    assert (answer["DeletedParameters"], answer["InvalidParameters"]) == (["/a", "/b"], ["/nothing"])


# -- tiers


def test_the_standard_tier_takes_4_kib_and_the_advanced_one_8(ssm, put, refused):
    put(value="x" * 4096)
    with refused(
        "ValidationException", "Standard tier parameters support a maximum parameter value of 4096 characters."
    ):
        put(value="x" * 4097)
    put("/big", "x" * 8192, Tier="Advanced")
    with refused(
        "ValidationException", "Advanced tier parameters support a maximum parameter value of 8192 characters."
    ):
        put("/big", "x" * 8193, Tier="Advanced")


def test_a_parameter_becomes_advanced_and_stays_so(ssm, put, described, refused):
    put()
    put(Tier="Advanced")
    put()
    assert described()["Tier"] == "Advanced"
    with refused("ValidationException", "You can't downgrade a parameter"):
        put(Tier="Standard")


@pytest.mark.parametrize(("size", "tier"), [(4096, "Standard"), (4097, "Advanced")])
def test_intelligent_tiering_chooses_by_what_is_needed(ssm, size, tier):
    answer = ssm.put_parameter(Name="/a", Value="x" * size, Type="String", Tier="Intelligent-Tiering")
    assert answer["Tier"] == tier


def test_the_default_tier_is_a_setting_of_the_account(ssm):
    setting = "/ssm/parameter-store/default-parameter-tier"
    found = ssm.get_service_setting(SettingId=setting)["ServiceSetting"]
    assert (found["SettingValue"], found["Status"]) == ("Standard", "Default")
    ssm.update_service_setting(SettingId=setting, SettingValue="Advanced")
    assert ssm.put_parameter(Name="/a", Value="x", Type="String")["Tier"] == "Advanced"
    assert ssm.get_service_setting(SettingId=found["ARN"])["ServiceSetting"]["Status"] == "Customized"
    assert ssm.reset_service_setting(SettingId=setting)["ServiceSetting"]["SettingValue"] == "Standard"
    assert ssm.put_parameter(Name="/b", Value="x", Type="String")["Tier"] == "Standard"


def test_a_setting_that_is_none_is_refused(ssm, refused):
    with refused("ServiceSettingNotFound"):
        ssm.get_service_setting(SettingId="/ssm/nothing")
    with refused("ValidationException"):
        ssm.update_service_setting(SettingId="/ssm/parameter-store/default-parameter-tier", SettingValue="Gold")
    with refused("NotImplemented"):
        ssm.get_service_setting(SettingId="/ssm/managed-instance/activation-tier")


# -- data types


@pytest.mark.parametrize(
    ("data_type", "good", "bad"),
    [
        ("boolean", "true", "yes"),
        ("integer", "-443", "4.5"),
        ("float", "1.5e3", "one"),
        ("binary", "aGVsbG8=", "***"),
        ("hostname", "db.example.com", "-db-"),
        ("email", "me@example.com", "me"),
        ("ipv4-address", "10.0.0.1", "10.0.0.256"),
        ("ipv6-address", "::1", "10.0.0.1"),
        ("aws:region", "eu-west-1", "Europe"),
        ("aws:account:id", "111122223333", "1111"),
        ("url", "https://example.com/a?b=c", "example"),
        ("json", '{"a": [1]}', "{a: 1}"),
        ("jsonc", '{"a": "//1" /* one */} // two', "{a: 1}"),
    ],
)
def test_a_value_is_of_its_data_type(put, get, refused, data_type, good, bad):
    put(value=good, DataType=data_type, Tier="Advanced")
    found = get()
    assert (found["Value"], found["DataType"]) == (good, data_type)
    with refused("ValidationException"):
        put(value=bad, DataType=data_type, Tier="Advanced")


def test_documents_need_the_advanced_tier(put, refused):
    with refused("ValidationException", "advanced-parameter tier"):
        put(value="{}", DataType="json", Tier="Standard")


def test_an_unknown_data_type_is_refused(put, refused):
    with refused("ValidationException", "The following data type is not supported: number"):
        put(DataType="number")


def test_an_image_is_looked_at_after_the_answer(put, get, clock, refused):
    put(value="ami-0123456789abcdef0", DataType="aws:ec2:image")
    put("/bad", "no image", DataType="aws:ec2:image")
    clock.advance(seconds=1)
    assert get()["DataType"] == "aws:ec2:image"
    with refused("ParameterNotFound"):
        get("/bad")


# -- tags


def test_tags_are_added_replaced_and_removed(ssm, put):
    put(Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    on = {"ResourceType": "Parameter", "ResourceId": "/app/db"}
    ssm.add_tags_to_resource(**on, Tags=[{"Key": "b", "Value": "3"}])
    ssm.remove_tags_from_resource(**on, TagKeys=["a", "absent"])
    assert ssm.list_tags_for_resource(**on)["TagList"] == [{"Key": "b", "Value": "3"}]


def test_what_is_no_parameter_is_not_tagged(ssm, put, refused):
    with refused("InvalidResourceId"):
        ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="/nothing")
    with refused("NotImplemented"):
        ssm.list_tags_for_resource(ResourceType="Document", ResourceId="doc")


def test_a_parameter_has_fifty_tags(ssm, put, refused):
    put()
    with refused("TooManyTagsError"):
        ssm.add_tags_to_resource(
            ResourceType="Parameter",
            ResourceId="/app/db",
            Tags=[{"Key": f"k{number}", "Value": ""} for number in range(51)],
        )

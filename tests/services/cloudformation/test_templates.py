"""What the functions of a template answer, and what is no template."""

import json

import pytest

from tests.services.cloudformation.conftest import refused, template

QUEUE = {"Type": "AWS::SQS::Queue"}


@pytest.fixture
def value_of(stack):
    """What a value of a template becomes, told as an output."""

    def value_of(node, options=None, **sections):
        stack.create({"Queue": QUEUE}, options, Outputs={"Value": {"Value": node}}, **sections)
        return stack.outputs["Value"]

    return value_of


@pytest.mark.parametrize(
    ("node", "value"),
    [
        ({"Ref": "AWS::Region"}, "us-east-1"),
        ({"Ref": "AWS::Partition"}, "aws"),
        ({"Ref": "AWS::URLSuffix"}, "amazonaws.com"),
        ({"Fn::Join": ["-", ["a", {"Ref": "AWS::Region"}, "b"]]}, "a-us-east-1-b"),
        ({"Fn::Sub": "in ${AWS::Region}, ${!literally}"}, "in us-east-1, ${literally}"),
        ({"Fn::Sub": ["${x} and ${AWS::Region}", {"x": {"Fn::Select": [1, ["a", "b"]]}}]}, "b and us-east-1"),
        ({"Fn::Select": ["0", {"Fn::Split": ["|", "a|b"]}]}, "a"),
        ({"Fn::Join": [",", {"Fn::GetAZs": ""}]}, "us-east-1a,us-east-1b,us-east-1c"),
        ({"Fn::Join": [",", {"Fn::Cidr": ["10.0.0.0/16", 2, 8]}]}, "10.0.0.0/24,10.0.1.0/24"),
        ({"Fn::Base64": "text"}, "dGV4dA=="),
        ({"Fn::FindInMap": ["Map", {"Ref": "AWS::Region"}, "Key"]}, "found"),
        ({"Fn::If": ["Yes", "then", "else"]}, "then"),
        ({"Fn::If": ["No", "then", "else"]}, "else"),
        ({"Fn::If": ["Both", "then", "else"]}, "else"),
        ({"Fn::Join": ["", ["a", {"Ref": "AWS::NoValue"}]]}, "a"),
    ],
)
def test_function_answers(value_of, node, value):
    sections = {
        "Mappings": {"Map": {"us-east-1": {"Key": "found"}}},
        "Conditions": {
            "Yes": {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]},
            "No": {"Fn::Not": [{"Condition": "Yes"}]},
            "Both": {"Fn::And": [{"Condition": "Yes"}, {"Fn::Or": [{"Condition": "No"}, {"Condition": "No"}]}]},
        },
    }
    assert value_of(node, **sections) == value


def test_yaml_has_short_forms(cloudformation, stack, settle):
    text = """
    Parameters:
      Names: {Type: CommaDelimitedList, Default: 'a, b'}
    Resources:
      Queue:
        Type: AWS::SQS::Queue
        Properties:
          QueueName: !Sub
            - '${AWS::StackName}-${name}'
            - name: !Select [1, !Ref Names]
    Outputs:
      Name: {Value: !GetAtt Queue.QueueName}
    """
    stack.id = cloudformation.create_stack(StackName=stack.name, TemplateBody=text)["StackId"]
    settle()
    assert stack.outputs == {"Name": f"{stack.name}-b"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "Template format error: "),
        ("a: b: c", "Template format error: YAML not well-formed. (line 1, column 5)"),
        ("[]", "Template format error: unsupported structure."),
        ("{}", "Template format error: At least one Resources member must be defined."),
        ('{"Resource": {}}', "Template format error: Invalid template property or properties [Resource]"),
        ('{"Resources": {"A-B": {"Type": "T"}}}', "Template format error: Resource name A-B is non alphanumeric."),
        ('{"Resources": {"A": {}}}', "[/Resources/A] Every Resources object must contain a Type member."),
        ('{"Resources": {"A": {"Type": "T", "Prop": 1}}}', "Invalid template resource property 'Prop'"),
        ('{"AWSTemplateFormatVersion": "2011-01-01", "Resources": {"A": {"Type": "T"}}}', "unsupported value"),
    ],
)
def test_text_that_is_no_template_is_refused(cloudformation, text, message):
    with refused("ValidationError", message):
        cloudformation.validate_template(TemplateBody=text)


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"QueueName": {"Ref": "B"}}, "Unresolved resource dependencies [B] in the Resources block of the template"),
        ({"QueueName": {"Fn::Sub": "${B.C}"}}, "Unresolved resource dependencies [B] in the Resources block"),
        ({"QueueName": {"Fn::GetAtt": "Other.QueueName"}}, "Circular dependency between resources: ["),
        ({"QueueName": {"Fn::Select": [2, ["a"]]}}, "Fn::Select cannot select nonexistent value at index 2"),
        ({"QueueName": {"Fn::FindInMap": ["M", "a", "b"]}}, "Mapping named 'M' is not present"),
        ({"QueueName": {"Fn::ImportValue": "none"}}, "No export named none found."),
        ({"QueueName": {"Fn::Nothing": "none"}}, "Encountered unsupported function: Fn::Nothing"),
        ({"QueueName": None}, "[/Resources/A/Properties/QueueName] 'null' values are not allowed in templates"),
    ],
)
def test_function_that_has_no_answer_is_refused(stack, properties, message):
    needing = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::GetAtt": "A.QueueName"}}}
    with refused("ValidationError", message):
        stack.create({"A": {"Type": "AWS::SQS::Queue", "Properties": properties}, "Other": needing})


def test_attribute_that_a_type_does_not_have_fails_its_resource(stack):
    wrong = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::GetAtt": ["A", "Nothing"]}}}
    stack.create({"A": QUEUE, "B": wrong})
    assert stack.status == "ROLLBACK_COMPLETE"
    assert "does not support attribute type Nothing in Fn::GetAtt" in stack.reason("B", "CREATE_FAILED")


# -- parameters


@pytest.mark.parametrize(
    ("declared", "given", "message"),
    [
        ({"Type": "String"}, [], "Parameters: [P] must have values"),
        ({"Type": "String"}, ["x", "Q"], "Parameters: [Q] do not exist in the template"),
        ({"Type": "String", "AllowedValues": ["a"]}, ["b"], "Parameter 'P' must be one of AllowedValues"),
        ({"Type": "String", "AllowedPattern": "[a-z]+"}, ["1"], "Parameter 'P' must match pattern [a-z]+"),
        ({"Type": "String", "MinLength": 2}, ["1"], "Parameter 'P' must contain at least 2 characters"),
        ({"Type": "Number"}, ["x"], "Parameter 'P' must be a number"),
        ({"Type": "Number", "MaxValue": 3}, ["4"], "Parameter 'P' must be a number not greater than 3"),
        (
            {"Type": "Number", "MaxValue": 3, "ConstraintDescription": "at most three"},
            ["4"],
            "Parameter 'P' failed to satisfy constraint: at most three",
        ),
        ({"Type": "Sting"}, ["x"], "Template format error: Unrecognized parameter type: Sting"),
    ],
)
def test_value_that_a_parameter_does_not_take_is_refused(stack, declared, given, message):
    names = ["P", *given[1:]]
    values = [{"ParameterKey": name, "ParameterValue": given[0]} for name in names] if given else []
    with refused("ValidationError", message):
        stack.create({"A": QUEUE}, {"Parameters": values}, Parameters={"P": declared})


def rule(function, *arguments):
    return {"Rules": {"R": {"Assertions": [{"Assert": {function: list(arguments)}, "AssertDescription": "as told"}]}}}


@pytest.mark.parametrize(
    ("function", "good", "bad"),
    [
        ("Fn::Contains", (["a", "b"], "b"), (["a", "b"], "c")),
        ("Fn::EachMemberEquals", (["a", "a"], "a"), (["a", "b"], "a")),
        ("Fn::EachMemberIn", (["a"], ["a", "b"]), (["a", "c"], ["a", "b"])),
    ],
)
def test_rule_has_to_hold(stack, function, good, bad):
    with refused("ValidationError", "Template constraint validation failed: Rule R: as told"):
        stack.create({"A": QUEUE}, **rule(function, *bad))
    assert stack.create({"A": QUEUE}, **rule(function, *good)).status == "CREATE_COMPLETE"


def test_hidden_parameter_is_not_told(stack):
    given = {"Parameters": [{"ParameterKey": "P", "ParameterValue": "secret"}]}
    stack.create({"A": QUEUE}, given, Parameters={"P": {"Type": "String", "NoEcho": True}})
    assert stack.found["Parameters"] == [{"ParameterKey": "P", "ParameterValue": "****"}]


def test_parameter_keeps_its_value_over_an_update(stack):
    declared = {"P": {"Type": "String"}}
    stack.create({"A": QUEUE}, {"Parameters": [{"ParameterKey": "P", "ParameterValue": "x"}]}, Parameters=declared)
    again = {"Parameters": [{"ParameterKey": "P", "UsePreviousValue": True}]}
    stack.update({"A": QUEUE, "B": QUEUE}, again, Parameters=declared)
    assert stack.found["Parameters"] == [{"ParameterKey": "P", "ParameterValue": "x"}]


def test_parameter_of_parameter_store_has_the_value_that_is_kept_there(aws, value_of, stack):
    aws("ssm").put_parameter(Name="/name", Value="kept", Type="String")
    declared = {"P": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/name"}}
    assert value_of({"Ref": "P"}, Parameters=declared) == "kept"
    assert stack.found["Parameters"] == [
        {"ParameterKey": "P", "ParameterValue": "/name", "ResolvedValue": "kept"},
    ]


def test_dynamic_references_are_looked_up(aws, stack):
    aws("ssm").put_parameter(Name="delay", Value="7", Type="String")
    aws("secretsmanager").create_secret(Name="names", SecretString=json.dumps({"queue": "secret-name"}))
    properties = {
        "DelaySeconds": "{{resolve:ssm:delay}}",
        "QueueName": "{{resolve:secretsmanager:names:SecretString:queue}}",
    }
    stack.create({"A": {"Type": "AWS::SQS::Queue", "Properties": properties}})
    assert stack.resources["A"]["PhysicalResourceId"].endswith("/secret-name")
    url = stack.resources["A"]["PhysicalResourceId"]
    attributes = aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["DelaySeconds"])["Attributes"]
    assert attributes == {"DelaySeconds": "7"}


def test_resource_whose_condition_does_not_hold_is_not_made(stack):
    conditions = {"Never": {"Fn::Equals": ["a", "b"]}}
    stack.create({"A": QUEUE, "B": {**QUEUE, "Condition": "Never"}}, Conditions=conditions)
    assert list(stack.resources) == ["A"]


def test_loop_stands_for_several_resources(stack):
    loop = ["Name", ["One", "Two"], {"Queue${Name}": {**QUEUE, "Properties": {"QueueName": {"Ref": "Name"}}}}]
    stack.create({"Fn::ForEach::Queues": loop}, Transform="AWS::LanguageExtensions")
    assert sorted(stack.resources) == ["QueueOne", "QueueTwo"]


def test_template_is_fetched_from_a_bucket(aws, cloudformation, stack, settle):
    aws("s3").create_bucket(Bucket=f"templates-{aws.account}")
    aws("s3").put_object(Bucket=f"templates-{aws.account}", Key="a/t.json", Body=template({"A": QUEUE}))
    url = f"https://templates-{aws.account}.s3.us-east-1.amazonaws.com/a/t.json"
    stack.id = cloudformation.create_stack(StackName=stack.name, TemplateURL=url)["StackId"]
    settle()
    assert stack.status == "CREATE_COMPLETE"
    with refused("ValidationError", "S3 error: "):
        cloudformation.validate_template(TemplateURL=url + "x")


def test_template_is_told_as_it_was_given(cloudformation, stack):
    stack.create({"A": QUEUE})
    assert cloudformation.get_template(StackName=stack.name)["TemplateBody"] == {"Resources": {"A": QUEUE}}


def test_summary_tells_what_a_template_takes(cloudformation):
    found = cloudformation.get_template_summary(
        TemplateBody=template(
            {"A": QUEUE, "U": {"Type": "AWS::IAM::User"}},
            Description="d",
            Parameters={"P": {"Type": "String", "Default": "x", "AllowedValues": ["x", "y"]}},
        )
    )
    assert found["Parameters"] == [
        {
            "ParameterKey": "P",
            "DefaultValue": "x",
            "ParameterType": "String",
            "NoEcho": False,
            "ParameterConstraints": {"AllowedValues": ["x", "y"]},
        }
    ]
    assert found["ResourceTypes"] == ["AWS::SQS::Queue", "AWS::IAM::User"]
    assert found["Capabilities"] == ["CAPABILITY_IAM"]


# -- between stacks


@pytest.fixture
def another(cloudformation, settle, new_name):
    from tests.services.cloudformation.conftest import Stack

    return Stack(cloudformation, settle, new_name())


EXPORT = {"Name": {"Value": {"Fn::GetAtt": "A.QueueName"}, "Export": {"Name": "the-name"}}}
IMPORTING = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Fn::ImportValue": "the-name"}}}


def test_export_is_imported_by_another_stack(cloudformation, stack, another):
    stack.create({"A": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q"}}}, Outputs=EXPORT)
    another.create({"Topic": IMPORTING})
    assert another.status == "CREATE_COMPLETE"
    (export,) = cloudformation.list_exports()["Exports"]
    assert export == {"ExportingStackId": stack.id, "Name": "the-name", "Value": "q"}
    assert cloudformation.list_imports(ExportName="the-name")["Imports"] == [another.name]


def test_export_in_use_keeps_its_stack(cloudformation, stack, another):
    stack.create({"A": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q"}}}, Outputs=EXPORT)
    another.create({"Topic": IMPORTING})
    with refused("ValidationError", f"Export the-name cannot be deleted as it is in use by {another.name}"):
        stack.delete()
    another.delete()
    assert stack.delete().status == "DELETE_COMPLETE"


def test_export_in_use_cannot_change(stack, another):
    stack.create({"A": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q"}}}, Outputs=EXPORT)
    another.create({"Topic": IMPORTING})
    stack.update({"A": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "r"}}}, Outputs=EXPORT)
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert "in use by" in stack.reason(stack.name, "UPDATE_ROLLBACK_IN_PROGRESS")


def test_name_of_an_export_is_taken_once(stack, another):
    stack.create({"A": QUEUE}, Outputs=EXPORT)
    another.create({"A": QUEUE}, Outputs=EXPORT)
    assert another.status == "ROLLBACK_COMPLETE"


def test_nested_stack_gives_its_outputs(aws, stack):
    aws("s3").create_bucket(Bucket=f"nested-{aws.account}")
    inner = template(
        {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "Name"}}}},
        Parameters={"Name": {"Type": "String"}},
        Outputs={"Arn": {"Value": {"Fn::GetAtt": "Queue.Arn"}}},
    )
    aws("s3").put_object(Bucket=f"nested-{aws.account}", Key="t", Body=inner)

    def outer(name):
        url = f"https://s3.amazonaws.com/nested-{aws.account}/t"
        return {
            "Inner": {
                "Type": "AWS::CloudFormation::Stack",
                "Properties": {"TemplateURL": url, "Parameters": {"Name": name}},
            }
        }

    outputs = {"Arn": {"Value": {"Fn::GetAtt": "Inner.Outputs.Arn"}}}
    stack.create(outer("one"), Outputs=outputs)
    assert stack.outputs["Arn"].endswith(":one")
    inner_id = stack.resources["Inner"]["PhysicalResourceId"]
    (found,) = stack.client.describe_stacks(StackName=inner_id)["Stacks"]
    assert (found["ParentId"], found["RootId"]) == (stack.id, stack.id)
    stack.update(outer("two"), Outputs=outputs)
    assert stack.outputs["Arn"].endswith(":two")
    stack.delete()
    assert stack.client.describe_stacks(StackName=inner_id)["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE"
    assert aws("sqs").list_queues().get("QueueUrls") is None


def test_failed_nested_stack_fails_its_parent(aws, stack):
    aws("s3").create_bucket(Bucket=f"nested-{aws.account}")
    inner = template({"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": 999999}}})
    aws("s3").put_object(Bucket=f"nested-{aws.account}", Key="t", Body=inner)
    url = f"https://s3.amazonaws.com/nested-{aws.account}/t"
    stack.create({"Inner": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}})
    assert stack.status == "ROLLBACK_COMPLETE"
    assert "was not successfully created" in stack.reason("Inner", "CREATE_FAILED")

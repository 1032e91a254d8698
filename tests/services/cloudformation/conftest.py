import json
from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def cloudformation(aws):
    return aws("cloudformation")


@pytest.fixture
def settle(clock):
    """Lets whatever is under way come to its end."""

    def settle():
        for _ in range(3):
            clock.advance(seconds=60)

    return settle


@pytest.fixture
def stack(cloudformation, settle, new_name):
    """A stack: `stack.create(resources, ...)`, `stack.update(...)`, and what it is."""
    return Stack(cloudformation, settle, new_name())


@contextmanager
def refused(code, message=""):
    """What is inside is refused with that code and with that sentence, or a part of it."""
    with pytest.raises(ClientError) as raised:
        yield
    error = raised.value.response["Error"]
    assert error["Code"] == code
    assert message in error["Message"]


@pytest.fixture
def new_name(request):
    numbers = iter(range(1000))
    return lambda: f"stack-{next(numbers)}"


class Stack:
    def __init__(self, client, settle, name):
        self.client = client
        self.settle = settle
        self.name = name
        self.id = name

    def create(self, resources, options=None, **sections):
        answer = self.client.create_stack(
            StackName=self.name, TemplateBody=template(resources, **sections), **(options or {})
        )
        self.id = answer["StackId"]
        self.settle()
        return self

    def update(self, resources, options=None, **sections):
        self.client.update_stack(StackName=self.name, TemplateBody=template(resources, **sections), **(options or {}))
        self.settle()
        return self

    def delete(self, **options):
        self.client.delete_stack(StackName=self.name, **options)
        self.settle()
        return self

    @property
    def found(self):
        (found,) = self.client.describe_stacks(StackName=self.id)["Stacks"]
        return found

    @property
    def status(self):
        return self.found["StackStatus"]

    @property
    def outputs(self):
        return {each["OutputKey"]: each["OutputValue"] for each in self.found.get("Outputs", [])}

    @property
    def resources(self):
        found = self.client.list_stack_resources(StackName=self.id)["StackResourceSummaries"]
        return {each["LogicalResourceId"]: each for each in found}

    @property
    def events(self):
        """(logical id, status) from the first to the last."""
        found = self.client.describe_stack_events(StackName=self.id)["StackEvents"]
        return [(each["LogicalResourceId"], each["ResourceStatus"]) for each in reversed(found)]

    def reason(self, logical, status):
        found = self.client.describe_stack_events(StackName=self.id)["StackEvents"]
        return next(
            each.get("ResourceStatusReason", "")
            for each in found
            if (each["LogicalResourceId"], each["ResourceStatus"]) == (logical, status)
        )


def template(resources, **sections):
    return json.dumps({"Resources": resources, **sections})

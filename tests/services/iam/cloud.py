"""Resources of AWS::IAM::* types, by way of Cloud Control."""

from __future__ import annotations

import json


class Cloud:
    """The verbs on resources of a type: `cloud.create("Role", RoleName=...)` -> identifier."""

    def __init__(self, client, clock):
        self.client = client
        self.clock = clock

    def _done(self, answer):
        token = answer["ProgressEvent"]["RequestToken"]
        for _ in range(20):
            event = self.client.get_resource_request_status(RequestToken=token)["ProgressEvent"]
            if event["OperationStatus"] not in ("PENDING", "IN_PROGRESS"):
                assert event["OperationStatus"] == "SUCCESS", event
                return event
            self.clock.advance(seconds=1)
        raise AssertionError(event)

    def create(self, noun, **properties):
        request = {"TypeName": f"AWS::IAM::{noun}", "DesiredState": json.dumps(properties)}
        return self._done(self.client.create_resource(**request))["Identifier"]

    def read(self, noun, identifier):
        found = self.client.get_resource(TypeName=f"AWS::IAM::{noun}", Identifier=identifier)
        return json.loads(found["ResourceDescription"]["Properties"])

    def update(self, noun, identifier, **properties):
        patch = [{"op": "add", "path": f"/{name}", "value": value} for name, value in properties.items()]
        request = {"TypeName": f"AWS::IAM::{noun}", "Identifier": identifier, "PatchDocument": json.dumps(patch)}
        self._done(self.client.update_resource(**request))

    def delete(self, noun, identifier):
        self._done(self.client.delete_resource(TypeName=f"AWS::IAM::{noun}", Identifier=identifier))

    def list(self, noun):
        found = self.client.list_resources(TypeName=f"AWS::IAM::{noun}")["ResourceDescriptions"]
        return [each["Identifier"] for each in found]

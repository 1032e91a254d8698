"""Resources of any type, by way of Cloud Control, as the tests of services use it."""

from __future__ import annotations

import json
import time


class Cloud:
    """The verbs on resources: `cloud.create("AWS::SSM::Parameter", Name=...)` -> identifier."""

    def __init__(self, client, clock):
        self.client = client
        self.clock = clock

    def create(self, kind, **properties):
        answer = self.client.create_resource(TypeName=kind, DesiredState=json.dumps(properties))
        return self._done(answer)["Identifier"]

    def read(self, kind, identifier):
        found = self.client.get_resource(TypeName=kind, Identifier=identifier)
        return json.loads(found["ResourceDescription"]["Properties"])

    def update(self, kind, identifier, *patch):
        document = json.dumps(list(patch))
        self._done(self.client.update_resource(TypeName=kind, Identifier=identifier, PatchDocument=document))

    def delete(self, kind, identifier):
        self._done(self.client.delete_resource(TypeName=kind, Identifier=identifier))

    def _done(self, answer):
        """The event of a request that has succeeded. What is made beside the clock (keys) gets a moment, too."""
        token = answer["ProgressEvent"]["RequestToken"]
        for _ in range(100):
            event = self.client.get_resource_request_status(RequestToken=token)["ProgressEvent"]
            if event["OperationStatus"] not in ("PENDING", "IN_PROGRESS"):
                assert event["OperationStatus"] == "SUCCESS", event
                return event
            self.clock.advance(seconds=1)
            time.sleep(0.005)
        raise AssertionError(event)

import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import pytest


class Zone:
    """A hosted zone, and questions to the server about its names."""

    def __init__(self, client, port, name):
        self.client = client
        self.port = port
        self.name = name
        self.id = client.create_hosted_zone(Name=name, CallerReference=name)["HostedZone"]["Id"].rpartition("/")[2]

    def change(self, action, *records):
        batch = {"Changes": [{"Action": action, "ResourceRecordSet": each} for each in records]}
        return self.client.change_resource_record_sets(HostedZoneId=self.id, ChangeBatch=batch)["ChangeInfo"]

    def create(self, *records):
        return self.change("CREATE", *records)

    def record(self, name, *values, kind="A", **more):
        """A record set; `name` is that before the zone's, empty for the zone's own."""
        full = f"{name}.{self.name}" if name else self.name
        return {"Name": full, "Type": kind, "TTL": 60, "ResourceRecords": [{"Value": each} for each in values], **more}

    def records(self):
        return self.client.list_resource_record_sets(HostedZoneId=self.id)["ResourceRecordSets"]

    def response(self, name, kind="A"):
        full = f"{name}.{self.name}" if name else self.name
        return dns.query.udp(dns.message.make_query(full, kind), "127.0.0.1", port=self.port, timeout=10)

    def ask(self, name, kind="A"):
        """The values that are answered."""
        wanted = dns.rdatatype.from_text(kind)
        return sorted(
            each.to_text() for rows in self.response(name, kind).answer if rows.rdtype == wanted for each in rows
        )

    def code(self, name, kind="A"):
        return dns.rcode.to_text(self.response(name, kind).rcode())


@pytest.fixture
def route53(aws):
    return aws("route53")


@pytest.fixture
def zone(aws, route53, fogbank_server):
    return Zone(route53, fogbank_server.port, f"z{aws.account}.example.com")

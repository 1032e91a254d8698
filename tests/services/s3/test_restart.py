"""Objects of all kinds after `kill -9`."""

import os

from fogbank.testing import Clients, ServerProcess

BODIES = {"empty": b"", "small": b"s" * 1000, "medium": b"m" * 5000, "large": b"L" * 500_000}


def blobs_below(path):
    return sorted(os.path.join(where, name) for where, _, names in os.walk(path) for name in names if name.isdigit())


def test_everything_survives_but_what_was_half_done(tmp_path):
    with ServerProcess(tmp_path / "state") as server:
        s3 = Clients(server.endpoint, "111122223333")("s3")
        s3.create_bucket(Bucket="kept")
        s3.put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Enabled"})
        versions = {
            (key, s3.put_object(Bucket="kept", Key=key, Body=body + round_)["VersionId"]): body + round_
            for round_ in (b"1", b"2")
            for key, body in BODIES.items()
        }
        begun = s3.create_multipart_upload(Bucket="kept", Key="parts")["UploadId"]
        where = {"Bucket": "kept", "Key": "parts", "UploadId": begun}
        etag = s3.upload_part(PartNumber=1, Body=b"p" * 100_000, **where)["ETag"]
        marker = s3.delete_object(Bucket="kept", Key="small")["VersionId"]
        blobs = os.path.join(server.data_dir, "blobs")
        before = blobs_below(blobs)
        shelf = os.path.dirname(before[0])
        with open(os.path.join(shelf, "999"), "wb") as half:
            half.write(b"x" * 1000)
        server.kill()
        server.restart()
        s3 = Clients(server.endpoint, "111122223333")("s3")
        for (key, version), body in versions.items():
            assert s3.get_object(Bucket="kept", Key=key, VersionId=version)["Body"].read() == body
        assert s3.list_object_versions(Bucket="kept")["DeleteMarkers"][0]["VersionId"] == marker
        assert blobs_below(blobs) == before
        where = {"Bucket": "kept", "Key": "parts", "UploadId": begun}
        s3.complete_multipart_upload(MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]}, **where)
        assert s3.get_object(Bucket="kept", Key="parts")["Body"].read() == b"p" * 100_000

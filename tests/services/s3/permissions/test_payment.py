"""Who pays for requests."""


def test_owner_pays_by_default(s3, bucket):
    answer = s3.get_bucket_request_payment(Bucket=bucket)
    assert answer["Payer"] == "BucketOwner"
    assert "x-fogbank-fidelity" not in answer["ResponseMetadata"]["HTTPHeaders"]


def test_payer_is_kept(s3, bucket):
    for payer in ("Requester", "BucketOwner"):
        s3.put_bucket_request_payment(Bucket=bucket, RequestPaymentConfiguration={"Payer": payer})
        assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == payer


def test_nobody_else_pays(refused, s3, bucket):
    with refused("MalformedXML", 400):
        s3.put_bucket_request_payment(Bucket=bucket, RequestPaymentConfiguration={"Payer": "Nobody"})


def test_strangers_do_not_say_who_pays(refused, aws, bucket):
    stranger = aws("s3", account="111122223333")
    with refused("AccessDenied", 403):
        stranger.put_bucket_request_payment(Bucket=bucket, RequestPaymentConfiguration={"Payer": "Requester"})

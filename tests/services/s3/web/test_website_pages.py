"""Websites as their visitors see them."""

import json

import pytest

PAGES = {"index.html": b"home", "docs/index.html": b"docs", "about.html": b"about", "error.html": b"sorry"}


@pytest.fixture
def publish(s3, make_bucket):
    """Creates a public bucket with some pages; `website` is its configuration besides the index document."""

    def publish(listable=True, pages=PAGES, **website):
        bucket = make_bucket()
        s3.delete_public_access_block(Bucket=bucket)
        arn = f"arn:aws:s3:::{bucket}"
        statements = [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"{arn}/*"}]
        if listable:
            statements.append({"Effect": "Allow", "Principal": "*", "Action": "s3:ListBucket", "Resource": arn})
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))
        for key, body in pages.items():
            s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="text/html")
        if "RedirectAllRequestsTo" not in website:
            website["IndexDocument"] = {"Suffix": "index.html"}
        s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration=website)
        return bucket

    return publish


@pytest.fixture
def visit(raw):
    def visit(bucket, path="/", method="GET", headers=None, label="s3-website.localhost:4566", **options):
        return raw(method, path, headers=headers, signed=False, host=f"{bucket}.{label}", **options)

    return visit


def rule(condition=None, **redirect):
    return {"Redirect": redirect} if condition is None else {"Condition": condition, "Redirect": redirect}


# -- pages


@pytest.mark.parametrize(
    "label",
    [
        "s3-website-us-east-1.amazonaws.com",
        "s3-website.us-east-1.amazonaws.com",
        "s3-website.localhost:4566",
        "s3-website.localhost.localstack.cloud:4566",
        "s3-website.us-east-1.localhost:4566",
    ],
)
def test_website_is_at_its_hosts(publish, visit, label):
    answer = visit(publish(), label=label)
    assert (answer.status, answer.body, answer.headers["content-type"]) == (200, b"home", "text/html")


@pytest.mark.parametrize(
    ("path", "body"), [("/", b"home"), ("/docs/", b"docs"), ("/about.html", b"about"), ("/about.html?x=1", b"about")]
)
def test_folder_is_its_index_document(publish, visit, path, body):
    assert visit(publish(), path).body == body


def test_folder_without_slash_is_redirected(publish, visit):
    answer = visit(publish(), "/docs")
    assert (answer.status, answer.headers["location"]) == (302, "/docs/")


def test_folder_is_redirected_where_nobody_may_list(publish, visit):
    assert visit(publish(listable=False), "/docs").status == 302


def test_object_comes_before_a_folder_of_its_name(s3, publish, visit):
    bucket = publish()
    s3.put_object(Bucket=bucket, Key="docs", Body=b"no folder")
    assert visit(bucket, "/docs").body == b"no folder"


def test_keys_are_unescaped(publish, visit):
    bucket = publish(pages={"a b/ü.html": b"odd"})
    assert visit(bucket, "/a%20b/%C3%BC.html").body == b"odd"


def test_head_has_the_headers_of_get(publish, visit):
    bucket = publish()
    get, head = visit(bucket, "/about.html"), visit(bucket, "/about.html", "HEAD")
    assert (head.status, head.body) == (200, b"")
    for name in ("content-length", "content-type", "etag", "last-modified"):
        assert head.headers[name] == get.headers[name]


def test_page_that_the_browser_has_is_not_sent_again(publish, visit):
    bucket = publish()
    etag = visit(bucket).headers["etag"]
    answer = visit(bucket, headers={"if-none-match": etag})
    assert (answer.status, answer.body) == (304, b"")


def test_part_of_a_page_can_be_read(publish, visit):
    answer = visit(publish(), "/about.html", headers={"range": "bytes=1-2"})
    assert (answer.status, answer.body) == (206, b"bo")


def test_page_of_another_account_is_read_with_nobodys_rights(s3, bucket, put, visit):
    put(bucket, "index.html")
    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}})
    assert visit(bucket).status == 403


def test_bucket_may_be_called_like_a_service(s3, aws, visit):
    assert visit("sqs", "/?Action=ListQueues").headers["content-type"].startswith("text/html")


# -- errors


def test_missing_page_is_told_in_html(publish, visit):
    answer = visit(publish(), "/no<where>")
    assert answer.status == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["x-amz-error-code"] == "NoSuchKey"
    assert answer.headers["x-amz-error-message"] == "The specified key does not exist."
    ids = answer.headers["x-amz-request-id"], answer.headers["x-amz-id-2"]
    assert answer.body.decode() == (
        "<html>\n<head><title>404 Not Found</title></head>\n<body>\n<h1>404 Not Found</h1>\n<ul>\n"
        "<li>Code: NoSuchKey</li>\n<li>Message: The specified key does not exist.</li>\n<li>Key: no&lt;where&gt;</li>\n"
        f"<li>RequestId: {ids[0]}</li>\n<li>HostId: {ids[1]}</li>\n</ul>\n<hr/>\n</body>\n</html>\n"
    )


def test_missing_index_document_is_named(publish, visit):
    answer = visit(publish(), "/none/")
    assert answer.status == 404
    assert b"<li>Key: none/index.html</li>" in answer.body


def test_who_may_not_list_is_not_told_what_is_missing(publish, visit):
    answer = visit(publish(listable=False), "/nowhere")
    assert (answer.status, answer.headers["x-amz-error-code"]) == (403, "AccessDenied")


def test_error_document_has_the_status_of_the_error(publish, visit):
    answer = visit(publish(ErrorDocument={"Key": "error.html"}), "/nowhere")
    assert (answer.status, answer.body, answer.headers["x-amz-error-code"]) == (404, b"sorry", "NoSuchKey")


def test_error_document_may_be_missing_itself(publish, visit):
    answer = visit(publish(ErrorDocument={"Key": "gone.html"}), "/nowhere")
    assert answer.status == 404
    assert b"An Error Occurred While Attempting to Retrieve a Custom Error Document" in answer.body
    assert b"<li>Key: nowhere</li>" in answer.body and b"<li>Key: gone.html</li>" in answer.body


def test_bucket_without_website_is_told(bucket, visit):
    answer = visit(bucket)
    assert (answer.status, answer.headers["x-amz-error-code"]) == (404, "NoSuchWebsiteConfiguration")
    assert f"<li>BucketName: {bucket}</li>" in answer.body.decode()


def test_missing_bucket_is_told(new_name, visit):
    answer = visit(new_name())
    assert (answer.status, answer.headers["x-amz-error-code"]) == (404, "NoSuchBucket")


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
def test_websites_are_only_read(publish, visit, method):
    answer = visit(publish(), "/about.html", method)
    assert (answer.status, answer.headers["x-amz-error-code"]) == (405, "MethodNotAllowed")


def test_website_of_another_region_is_elsewhere(publish, visit):
    bucket = publish()
    answer = visit(bucket, label="s3-website-eu-west-1.amazonaws.com")
    assert (answer.status, answer.headers["x-amz-error-code"]) == (400, "IncorrectEndpoint")
    assert f"<li>Endpoint: {bucket}.s3-website.us-east-1.amazonaws.com</li>" in answer.body.decode()


# -- redirects


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ({"HostName": "example.com"}, "http://example.com/a/b?c=d"),
        ({"HostName": "example.com", "Protocol": "https"}, "https://example.com/a/b?c=d"),
    ],
)
def test_everything_can_be_redirected(publish, visit, target, location):
    answer = visit(publish(RedirectAllRequestsTo=target), "/a/b?c=d")
    assert (answer.status, answer.headers["location"]) == (301, location)


@pytest.mark.parametrize(
    ("redirect", "status", "location"),
    [
        ({"ReplaceKeyPrefixWith": "new/"}, 301, "http://{host}/new/x/y.html"),
        ({"ReplaceKeyWith": "moved.html"}, 301, "http://{host}/moved.html"),
        ({"HostName": "example.com", "Protocol": "https"}, 301, "https://example.com/old/x/y.html"),
        ({"ReplaceKeyPrefixWith": "", "HttpRedirectCode": "307"}, 307, "http://{host}/x/y.html"),
        ({"ReplaceKeyPrefixWith": "#!/"}, 301, "http://{host}/#!/x/y.html"),
    ],
)
def test_prefix_is_redirected(publish, visit, redirect, status, location):
    bucket = publish(RoutingRules=[rule({"KeyPrefixEquals": "old/"}, **redirect)])
    answer = visit(bucket, "/old/x/y.html")
    host = f"{bucket}.s3-website.localhost:4566"
    assert (answer.status, answer.headers["location"]) == (status, location.format(host=host))
    assert visit(bucket, "/about.html").status == 200


def test_error_is_redirected(publish, visit):
    wanted = rule({"HttpErrorCodeReturnedEquals": "404"}, HostName="example.com", ReplaceKeyPrefixWith="report-404/")
    bucket = publish(RoutingRules=[wanted], ErrorDocument={"Key": "error.html"})
    answer = visit(bucket, "/page.html")
    assert (answer.status, answer.headers["location"]) == (301, "http://example.com/report-404/page.html")
    assert visit(bucket, "/about.html").status == 200


def test_error_and_prefix_both_have_to_fit(publish, visit):
    condition = {"HttpErrorCodeReturnedEquals": "404", "KeyPrefixEquals": "shop/"}
    bucket = publish(RoutingRules=[rule(condition, ReplaceKeyWith="sold-out.html")])
    assert visit(bucket, "/shop/x").status == 301
    assert visit(bucket, "/x").status == 404


def test_first_rule_that_fits_counts(publish, visit):
    rules = [rule({"KeyPrefixEquals": f"{prefix}"}, ReplaceKeyWith=f"{prefix}1") for prefix in ("x", "a", "ab")]
    assert visit(publish(RoutingRules=rules), "/abc").headers["location"].endswith("/a1")


def test_rule_without_condition_is_for_everything(publish, visit):
    assert visit(publish(RoutingRules=[rule(HostName="example.com")]), "/").status == 301


@pytest.mark.parametrize("target", ["/about.html", "https://example.com/x"])
def test_object_leads_elsewhere(s3, publish, visit, raw, target):
    bucket = publish()
    s3.put_object(Bucket=bucket, Key="old.html", Body=b"still here", WebsiteRedirectLocation=target)
    answer = visit(bucket, "/old.html")
    assert (answer.status, answer.headers["location"], answer.body) == (301, target, b"")
    assert raw("GET", f"/{bucket}/old.html", signed=False).body == b"still here"


def test_pages_of_other_sites_may_read_where_cors_allows(s3, publish, visit):
    bucket = publish()
    allowed = {"AllowedMethods": ["GET"], "AllowedOrigins": ["https://shop.example"]}
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [allowed]})
    answer = visit(bucket, headers={"origin": "https://shop.example"})
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"


@pytest.mark.parametrize(
    ("location", "words"), [("page.html", "must have a prefix"), ("/" + "a" * 2048, "cannot exceed 2,048 characters")]
)
def test_redirect_of_an_object_that_leads_nowhere_is_refused(s3, bucket, location, words):
    with pytest.raises(s3.exceptions.ClientError, match=words) as caught:
        s3.put_object(Bucket=bucket, Key="k", WebsiteRedirectLocation=location)
    assert caught.value.response["Error"]["Code"] == "InvalidRedirectLocation"

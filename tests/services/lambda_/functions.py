"""What the tests of Lambda have in common."""

import io
import json
import sys
import zipfile

RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}
ECHO = """
def handler(event, context):
    return {"event": event, "name": context.function_name}
"""

# What a function sends with its role's keys when it need not be boto3, which takes a second to import.
SIGNING = """
import datetime, hashlib, hmac, os, urllib.parse, urllib.request
def send(service, path, body, **headers):
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    scope = [now[:8], os.environ["AWS_REGION"], service, "aws4_request"]
    url = urllib.parse.urlsplit(os.environ["AWS_ENDPOINT_URL"])
    headers |= {"Host": url.netloc, "X-Amz-Date": now, "X-Amz-Security-Token": os.environ["AWS_SESSION_TOKEN"]}
    signed = sorted((name.lower(), value) for name, value in headers.items())
    names = ";".join(name for name, _ in signed)
    lines = [f"{name}:{value}" for name, value in signed]
    canonical = "\\n".join(
        ["POST", urllib.parse.quote(path), "", *lines, "", names, hashlib.sha256(body).hexdigest()]
    )
    text = "\\n".join(["AWS4-HMAC-SHA256", now, "/".join(scope), hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + os.environ["AWS_SECRET_ACCESS_KEY"]).encode()
    for part in (*scope, text):
        key = hmac.new(key, part.encode(), "sha256").digest()
    credential = "/".join([os.environ["AWS_ACCESS_KEY_ID"], *scope])
    authorization = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={key.hex()}"
    headers["Authorization"] = authorization
    with urllib.request.urlopen(urllib.request.Request(url.geturl() + path, body, headers)) as answer:
        return answer.read()
"""


def code(error):
    return error.value.response["Error"]["Code"]


def package(files):
    """A ZIP of files by name; a text alone is index.py."""
    files = {"index.py": files} if isinstance(files, str) else files
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o755 << 16
            archive.writestr(info, content)
    return data.getvalue()


class Functions:
    def __init__(self, aws):
        self.aws = aws
        self.client = aws("lambda")
        self._role = None

    @property
    def role(self):
        """An execution role that may do nothing."""
        if self._role is None:
            iam = self.aws("iam")
            made = iam.create_role(RoleName="function", AssumeRolePolicyDocument=json.dumps(TRUST))
            self._role = made["Role"]["Arn"]
        return self._role

    def allow(self, *actions):
        """Let the execution role do these."""
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]}
        self.aws("iam").put_role_policy(
            RoleName=self.role.rpartition("/")[2], PolicyName="allowed", PolicyDocument=json.dumps(policy)
        )

    def make(self, source=ECHO, name="f", **options):
        """Make a function of index.handler. Returns its configuration when it was made."""
        options = {"Runtime": RUNTIME, "Handler": "index.handler", "Timeout": 10, **options}
        made = self.client.create_function(
            FunctionName=name, Role=self.role, Code={"ZipFile": package(source)}, **options
        )
        self.settle(name)
        return made

    def settle(self, name="f"):
        self.client.get_waiter("function_active_v2").wait(
            FunctionName=name, WaiterConfig={"Delay": 0.005, "MaxAttempts": 6000}
        )
        self.client.get_waiter("function_updated_v2").wait(
            FunctionName=name, WaiterConfig={"Delay": 0.005, "MaxAttempts": 6000}
        )

    def call(self, event=None, name="f", **options):
        """Invoke it. Returns (what it returned, the kind of error or None)."""
        answer = self.client.invoke(FunctionName=name, Payload=json.dumps(event or {}), **options)
        return json.loads(answer["Payload"].read() or b"null"), answer.get("FunctionError")

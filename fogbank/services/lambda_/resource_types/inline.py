"""Functions whose source stands in the template: it becomes a package, with AWS's module for answering CloudFormation beside it.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-lambda-function-code.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-lambda-function-code-cfnresponsemodule.html
"""

from __future__ import annotations

import io
import zipfile

from fogbank.services.lambda_ import errors

_PYTHON_RESPONSE = """\
import json
import urllib.request

SUCCESS = "SUCCESS"
FAILED = "FAILED"


def send(event, context, responseStatus, responseData, physicalResourceId=None, noEcho=False, reason=None):
    body = json.dumps(
        {
            "Status": responseStatus,
            "Reason": reason or "See the details in CloudWatch Log Stream: " + context.log_stream_name,
            "PhysicalResourceId": physicalResourceId or context.log_stream_name,
            "StackId": event["StackId"],
            "RequestId": event["RequestId"],
            "LogicalResourceId": event["LogicalResourceId"],
            "NoEcho": noEcho,
            "Data": responseData,
        }
    )
    print("Response body:")
    print(body)
    request = urllib.request.Request(
        event["ResponseURL"], data=body.encode(), headers={"content-type": ""}, method="PUT"
    )
    try:
        with urllib.request.urlopen(request) as response:
            print("Status code:", response.status)
    except Exception as error:
        print("send(..) failed executing http.request(..):", error)
"""

_NODEJS_RESPONSE = """\
exports.SUCCESS = "SUCCESS";
exports.FAILED = "FAILED";

exports.send = function (event, context, responseStatus, responseData, physicalResourceId, noEcho) {
  return new Promise((resolve, reject) => {
    const body = JSON.stringify({
      Status: responseStatus,
      Reason: "See the details in CloudWatch Log Stream: " + context.logStreamName,
      PhysicalResourceId: physicalResourceId || context.logStreamName,
      StackId: event.StackId,
      RequestId: event.RequestId,
      LogicalResourceId: event.LogicalResourceId,
      NoEcho: noEcho || false,
      Data: responseData,
    });
    console.log("Response body:\\n", body);
    const url = new URL(event.ResponseURL);
    const options = { method: "PUT", headers: { "content-type": "", "content-length": Buffer.byteLength(body) } };
    const request = require(url.protocol.slice(0, -1)).request(url, options, (response) => {
      response.resume();
      console.log("Status code: " + response.statusCode);
      resolve(context.done());
    });
    request.on("error", (error) => {
      console.log("send(..) failed executing https.request(..): " + error);
      reject(context.done(error));
    });
    request.end(body);
  });
};
"""

_LANGUAGES = {
    "python": ("index.py", "cfnresponse.py", _PYTHON_RESPONSE),
    "nodejs": ("index.js", "cfn-response.js", _NODEJS_RESPONSE),
}


def package(source: str, runtime: str) -> bytes:
    """A ZIP of the source as `index`; the same for the same source. Raises InvalidParameterValueException."""
    language = next((each for each in _LANGUAGES if runtime.startswith(each)), None)
    if language is None:
        raise errors.invalid_parameter("ZipFile can only be used when Runtime is set to one of nodejs or python.")
    index, module, response = _LANGUAGES[language]
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in ((index, source), (module, response)):
            archive.writestr(_member(name), text)
    return data.getvalue()


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)
    member.external_attr = 0o644 << 16
    member.compress_type = zipfile.ZIP_DEFLATED
    return member

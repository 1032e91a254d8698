import os

from chalice import BadRequestError, Chalice

app = Chalice(app_name="orders")


@app.route("/")
def index():
    return {"hello": "chalice", "stage": os.environ["STAGE"]}


@app.route("/orders/{number}", methods=["PUT"])
def put_order(number):
    body = app.current_request.json_body
    if "count" not in body:
        raise BadRequestError("count is missing")
    return {"number": number, **body}


@app.lambda_function()
def add(event, context):
    return event["a"] + event["b"]


@app.on_sqs_message(queue="orders", batch_size=5)
def consume(event):
    for record in event:
        print("consumed", record.body)

// The document client of the AWS SDK for JavaScript with the table of test_dynamodb_clients.py.

const assert = require("node:assert/strict");
const { DynamoDBClient } = require("@aws-sdk/client-dynamodb");
const lib = require("@aws-sdk/lib-dynamodb");

const TableName = "songs";
const client = lib.DynamoDBDocumentClient.from(new DynamoDBClient({}), { marshallOptions: { removeUndefinedValues: true } });

async function main() {
  const item = { artist: "Fog", number: 1, tags: new Set(["a", "b"]), about: { bytes: new Uint8Array([0, 255]), list: [1, null, true] } };
  await client.send(new lib.PutCommand({ TableName, Item: item }));
  const got = await client.send(new lib.GetCommand({ TableName, Key: { artist: "Fog", number: 1 } }));
  assert.deepEqual(got.Item, item);

  const updated = await client.send(
    new lib.UpdateCommand({
      TableName,
      Key: { artist: "Fog", number: 1 },
      UpdateExpression: "SET plays = if_not_exists(plays, :zero) + :one",
      ExpressionAttributeValues: { ":zero": 0, ":one": 1 },
      ReturnValues: "UPDATED_NEW",
    }),
  );
  assert.deepEqual(updated.Attributes, { plays: 1 });

  const puts = Array.from({ length: 25 }, (_, number) => ({ PutRequest: { Item: { artist: "Mist", number } } }));
  await client.send(new lib.BatchWriteCommand({ RequestItems: { [TableName]: puts } }));
  const query = { TableName, KeyConditionExpression: "artist = :a", ExpressionAttributeValues: { ":a": "Mist" } };
  let count = 0;
  for await (const page of lib.paginateQuery({ client, pageSize: 10 }, query)) count += page.Items.length;
  assert.equal(count, 25);

  const put = { TableName, Item: { artist: "Fog", number: 1 }, ConditionExpression: "attribute_not_exists(artist)" };
  const cancelled = client.send(new lib.TransactWriteCommand({ TransactItems: [{ Put: put }] }));
  await assert.rejects(cancelled, { name: "TransactionCanceledException" });

  const statement = { Statement: 'SELECT plays FROM "songs" WHERE artist = ? AND number = ?', Parameters: ["Fog", 1] };
  assert.deepEqual((await client.send(new lib.ExecuteStatementCommand(statement))).Items, [{ plays: 1 }]);
  console.log("all is well");
}

main();

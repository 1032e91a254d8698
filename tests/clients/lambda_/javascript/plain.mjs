// Without a bundler: modules come from the SDK that runtimes have, as in AWS's guide.
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";

const table = DynamoDBDocumentClient.from(new DynamoDBClient({}));

export const handler = async (event) => {
  await table.send(new PutCommand({ TableName: process.env.TABLE, Item: { id: event.id, at: event.at } }));
  return (await table.send(new GetCommand({ TableName: process.env.TABLE, Key: { id: event.id } }))).Item;
};

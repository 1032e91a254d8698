// Libraries that model DynamoDB's tables: ElectroDB, DynamoDB-Toolbox, Dynamoose; and indexes whose keys have several attributes.

const assert = require("node:assert/strict");
const dynamodb = require("@aws-sdk/client-dynamodb");
const { DynamoDBDocumentClient, QueryCommand } = require("@aws-sdk/lib-dynamodb");

const client = new dynamodb.DynamoDBClient({});
const documents = DynamoDBDocumentClient.from(client);

async function create(TableName, keys, indexes = {}) {
  const names = new Set([...keys, ...Object.values(indexes).flat()]);
  const schema = (names) => names.map((name, place) => ({ AttributeName: name, KeyType: place ? "RANGE" : "HASH" }));
  const described = Object.entries(indexes).map(([IndexName, names]) => ({
    IndexName,
    KeySchema: schema(names),
    Projection: { ProjectionType: "ALL" },
  }));
  await client.send(
    new dynamodb.CreateTableCommand({
      TableName,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [...names].map((name) => ({ AttributeName: name, AttributeType: "S" })),
      KeySchema: schema(keys),
      GlobalSecondaryIndexes: described.length ? described : undefined,
    }),
  );
  await dynamodb.waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1 }, { TableName });
}

exports.electroDb = async () => {
  const { Entity, Service } = require("electrodb");
  await create("electro", ["pk", "sk"], { gsi1: ["gsi1pk", "gsi1sk"] });
  const key = (index, pk, sk) => ({
    ...(index ? { index } : {}),
    pk: { field: `${index ?? ""}pk`, composite: pk },
    sk: { field: `${index ?? ""}sk`, composite: sk },
  });
  const model = (entity, attributes, indexes) =>
    new Entity({ model: { entity, version: "1", service: "work" }, attributes, indexes }, { client, table: "electro" });
  const employee = model(
    "employee",
    { id: { type: "string" }, team: { type: "string" }, salary: { type: "number", default: 0 }, tags: { type: "set", items: "string" } },
    { byId: key(undefined, ["id"], []), byTeam: { ...key("gsi1", ["team"], ["id"]), collection: "members" } },
  );
  const task = model(
    "task",
    { id: { type: "string" }, team: { type: "string" }, state: { type: ["open", "done"] } },
    { byId: key(undefined, ["id"], []), byTeam: { ...key("gsi1", ["team"], ["id"]), collection: "members" } },
  );
  const work = new Service({ employee, task }, { client, table: "electro" });

  await employee.put([..."abcde"].map((id) => ({ id, team: "fog", tags: ["new"] }))).go();
  await task.create({ id: "t", team: "fog", state: "open" }).go();
  await assert.rejects(task.create({ id: "t", team: "fog", state: "open" }).go(), /conditional request failed/);

  const changed = await employee
    .patch({ id: "a" })
    .set({ salary: 5 })
    .add({ tags: ["senior"] })
    .where(({ salary }, { lt }) => lt(salary, 1))
    .go({ response: "all_new" });
  assert.equal(changed.data.salary, 5);
  assert.deepEqual([...changed.data.tags].sort(), ["new", "senior"]);

  const paid = await employee.query.byTeam({ team: "fog" }).where(({ salary }, { gt }) => gt(salary, 0)).go({ pages: "all", limit: 2 });
  assert.deepEqual(paid.data.map((each) => each.id), ["a"]);
  const { data } = await work.collections.members({ team: "fog" }).go();
  assert.deepEqual([data.employee.length, data.task.length], [5, 1]);

  const refused = await work.transaction
    .write(({ employee, task }) => [
      employee.remove({ id: "b" }).commit(),
      task.check({ id: "t" }).where(({ state }, { eq }) => eq(state, "done")).commit(),
    ])
    .go();
  assert.deepEqual([refused.canceled, refused.data[1].code], [true, "ConditionalCheckFailed"]);
};

exports.dynamoDbToolbox = async () => {
  const toolbox = require("dynamodb-toolbox");
  await create("toolbox", ["pk", "sk"]);
  const table = new toolbox.Table({
    name: "toolbox",
    documentClient: documents,
    partitionKey: { name: "pk", type: "string" },
    sortKey: { name: "sk", type: "string" },
  });
  const Song = new toolbox.Entity({
    name: "Song",
    table,
    schema: toolbox.item({
      pk: toolbox.string().key(),
      sk: toolbox.string().key(),
      plays: toolbox.number().default(0),
      about: toolbox.map({ tags: toolbox.set(toolbox.string()).optional(), titles: toolbox.list(toolbox.string()) }).optional(),
    }),
  });
  const about = { tags: new Set(["a"]), titles: ["first"] };
  await Song.build(toolbox.PutItemCommand).item({ pk: "fog", sk: "1", about }).options({ condition: { attr: "pk", exists: false } }).send();
  const { Item } = await Song.build(toolbox.GetItemCommand).key({ pk: "fog", sk: "1" }).send();
  assert.deepEqual([Item.plays, Item.about], [0, about]);

  const update = { pk: "fog", sk: "1", plays: toolbox.$add(2), about: { titles: toolbox.$append(["second"]) } };
  const { Attributes } = await Song.build(toolbox.UpdateItemCommand).item(update).options({ returnValues: "ALL_NEW" }).send();
  assert.deepEqual([Attributes.plays, Attributes.about.titles], [2, ["first", "second"]]);

  const puts = ["2", "3", "4"].map((sk) => Song.build(toolbox.BatchPutRequest).item({ pk: "fog", sk, plays: Number(sk) }));
  await toolbox.executeBatchWrite(table.build(toolbox.BatchWriteCommand).requests(...puts));
  const { Items } = await table
    .build(toolbox.QueryCommand)
    .query({ partition: "fog", range: { gte: "2" } })
    .entities(Song)
    .options({ filters: { Song: { attr: "plays", gt: 2 } }, reverse: true, maxPages: Infinity })
    .send();
  assert.deepEqual(Items.map((each) => each.sk), ["4", "3"]);

  const refused = toolbox.executeTransactWrite(
    Song.build(toolbox.DeleteTransaction).key({ pk: "fog", sk: "2" }),
    Song.build(toolbox.ConditionCheck).key({ pk: "fog", sk: "3" }).condition({ attr: "plays", eq: 0 }),
  );
  await assert.rejects(refused, { name: "TransactionCanceledException" });
};

exports.dynamoose = async () => {
  const dynamoose = require("dynamoose");
  dynamoose.aws.ddb.set(new dynamoose.aws.ddb.DynamoDB({}));
  const schema = new dynamoose.Schema(
    {
      owner: { type: String, hashKey: true },
      name: { type: String, rangeKey: true },
      breed: { type: String, index: { name: "by-breed", type: "global" } },
      age: Number,
      toys: { type: Set, schema: [String] },
    },
    { timestamps: true },
  );
  const Dog = dynamoose.model("Dog", schema);
  // creates the table, and waits for it
  new dynamoose.Table("dogs", [Dog], { throughput: "ON_DEMAND", waitForActive: { enabled: true, check: { frequency: 50 } } });

  await Dog.create({ owner: "ada", name: "rex", breed: "pug", age: 3, toys: new Set(["ball"]) });
  await assert.rejects(Dog.create({ owner: "ada", name: "rex" }), { name: "ConditionalCheckFailedException" });
  await Dog.batchPut([1, 2, 3].map((age) => ({ owner: "bob", name: `dog ${age}`, breed: "pug", age })));
  const found = await Dog.query("breed").eq("pug").filter("age").ge(2).using("by-breed").all().exec();
  assert.deepEqual(found.map((each) => each.name).sort(), ["dog 2", "dog 3", "rex"]);

  const changed = await Dog.update({ owner: "ada", name: "rex" }, { $ADD: { age: 1 }, $SET: { breed: "mops" } });
  assert.deepEqual([changed.age, changed.breed], [4, "mops"]);
  assert.equal((await Dog.scan("owner").beginsWith("b").limit(10).exec()).count, 3);
  await dynamoose.transaction([
    Dog.transaction.delete({ owner: "bob", name: "dog 1" }),
    Dog.transaction.update({ owner: "bob", name: "dog 2" }, { age: 9 }),
  ]);
  assert.equal((await Dog.query("owner").eq("bob").count().exec()).count, 2);
};

exports.keysOfSeveralAttributes = async () => {
  const TableName = "matches";
  const key = (AttributeName, KeyType) => ({ AttributeName, KeyType });
  await client.send(
    new dynamodb.CreateTableCommand({
      TableName,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: ["id", "season", "region", "round"].map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
      KeySchema: [key("id", "HASH")],
      GlobalSecondaryIndexes: [
        {
          IndexName: "by-season",
          KeySchema: [key("season", "HASH"), key("region", "HASH"), key("round", "RANGE"), key("id", "RANGE")],
          Projection: { ProjectionType: "KEYS_ONLY" },
        },
      ],
    }),
  );
  await dynamodb.waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1 }, { TableName });
  for (const [id, round] of [["a", "final"], ["b", "semi"], ["c", "semi"]]) {
    const Item = { id: { S: id }, season: { S: "2026" }, region: { S: "eu" }, round: { S: round } };
    await client.send(new dynamodb.PutItemCommand({ TableName, Item }));
  }
  const { Items } = await documents.send(
    new QueryCommand({
      TableName,
      IndexName: "by-season",
      KeyConditionExpression: "season = :s AND #r = :r AND round = :t AND id > :id",
      ExpressionAttributeNames: { "#r": "region" },
      ExpressionAttributeValues: { ":s": "2026", ":r": "eu", ":t": "semi", ":id": "b" },
    }),
  );
  assert.deepEqual(Items.map((each) => each.id), ["c"]);
};

// MinIO's client for JavaScript.
const assert = require("node:assert/strict");
const { randomBytes } = require("node:crypto");
const { Readable } = require("node:stream");
const { buffer, text } = require("node:stream/consumers");
const minio = require("minio");

const bucket = process.env.BUCKET;
const endpoint = new URL(process.env.AWS_ENDPOINT_URL);
const client = new minio.Client({
  endPoint: endpoint.hostname,
  port: Number(endpoint.port),
  useSSL: false,
  accessKey: process.env.AWS_ACCESS_KEY_ID,
  secretKey: process.env.AWS_SECRET_ACCESS_KEY,
  partSize: 5 * 2 ** 20,
});

exports.streamsTravelInParts = async () => {
  const large = randomBytes(11 * 2 ** 20);
  const { etag } = await client.putObject(bucket, "dir/a b", Readable.from([large]), large.length, { "X-Amz-Meta-Note": "hi" });
  assert.match(etag, /-\d+$/); // it was sent in parts
  const { size, metaData } = await client.statObject(bucket, "dir/a b");
  assert.deepEqual([size, metaData.note], [large.length, "hi"]);
  assert.deepEqual(await buffer(await client.getObject(bucket, "dir/a b")), large);
  assert.deepEqual(await buffer(await client.getPartialObject(bucket, "dir/a b", 5, 10)), large.subarray(5, 15));
};

exports.objectsAreListedTaggedAndRemoved = async () => {
  for (const key of ["a", "d/1", "d/2"]) await client.putObject(bucket, key, key);
  const listed = (await client.listObjectsV2(bucket, "", false).toArray()).map((each) => each.name ?? each.prefix);
  assert.deepEqual(listed, ["a", "d/"]);
  await client.setObjectTagging(bucket, "a", { team: "x y" });
  assert.deepEqual(await client.getObjectTagging(bucket, "a"), [{ Key: "team", Value: "x y" }]);
  await client.removeObjects(bucket, ["a", "d/1", "d/2"]);
  await assert.rejects(client.statObject(bucket, "a"), { code: "NotFound" });
};

exports.versionsAreKept = async () => {
  await client.setBucketVersioning(bucket, { Status: "Enabled" });
  const { versionId } = await client.putObject(bucket, "k", "1");
  await client.putObject(bucket, "k", "2");
  assert.equal(await text(await client.getObject(bucket, "k", { versionId })), "1");
  await client.removeObject(bucket, "k");
  const found = await client.listObjects(bucket, "", true, { IncludeVersion: true }).toArray();
  assert.deepEqual(found.map((each) => each.isDeleteMarker ?? false).sort(), [false, false, true]);
};

exports.formsAndAddressesAreSigned = async () => {
  const put = await client.presignedPutObject(bucket, "a b", 60);
  assert.equal((await fetch(put, { method: "PUT", body: "1" })).status, 200);
  assert.equal(await (await fetch(await client.presignedGetObject(bucket, "a b", 60))).text(), "1");
  const policy = client.newPostPolicy();
  policy.setBucket(bucket);
  policy.setKey("form");
  policy.setExpires(new Date(Date.now() + 60_000));
  policy.setContentLengthRange(1, 10);
  const { postURL, formData } = await client.presignedPostPolicy(policy);
  const form = new FormData();
  for (const [name, value] of Object.entries(formData)) form.append(name, value);
  form.append("file", new Blob(["hello"]));
  assert.equal((await fetch(postURL, { method: "POST", body: form })).status, 204);
  assert.equal(await text(await client.getObject(bucket, "form")), "hello");
};

// The AWS SDK for JavaScript, version 3: S3.
const assert = require("node:assert/strict");
const { createHash, randomBytes } = require("node:crypto");
const { Readable } = require("node:stream");
const { buffer, text } = require("node:stream/consumers");
const s3 = require("@aws-sdk/client-s3");
const { Upload } = require("@aws-sdk/lib-storage");
const { getSignedUrl } = require("@aws-sdk/s3-request-presigner");

const Bucket = process.env.BUCKET;
const LARGE = randomBytes(12 * 2 ** 20);

const client = (options = {}) => new s3.S3Client(options);
const put = (Key, Body, more = {}) => client().send(new s3.PutObjectCommand({ Bucket, Key, Body, ...more }));
const get = (Key, more = {}) => client().send(new s3.GetObjectCommand({ Bucket, Key, ...more }));

exports.anObjectComesBackAsItWasPut = async () => {
  const key = "dir/a b+c ü?&=.txt";
  await put(key, "hello", { ContentType: "text/plain", Metadata: { note: "1" }, CacheControl: "no-cache" });
  const found = await get(key);
  assert.equal(await found.Body.transformToString(), "hello");
  assert.deepEqual([found.ContentType, found.Metadata, found.CacheControl], ["text/plain", { note: "1" }, "no-cache"]);
  assert.ok(Math.abs(found.LastModified - Date.now()) < 60_000);
};

exports.aStreamOfUnknownLengthIsUploadedInParts = async () => {
  const Body = Readable.from([LARGE.subarray(0, 7 * 2 ** 20), LARGE.subarray(7 * 2 ** 20)]);
  const upload = new Upload({ client: client(), params: { Bucket, Key: "large", Body }, partSize: 5 * 2 ** 20 });
  let loaded = 0;
  upload.on("httpUploadProgress", (progress) => (loaded = progress.loaded));
  const done = await upload.done();
  assert.match(done.ETag, /-3"$/);
  assert.equal(loaded, LARGE.length);
  assert.equal(done.Location.includes("large"), true);
  assert.deepEqual(await buffer((await get("large")).Body), LARGE);
};

exports.anAbortedUploadLeavesNothing = async () => {
  const upload = new Upload({ client: client(), params: { Bucket, Key: "large", Body: LARGE }, queueSize: 1 });
  upload.on("httpUploadProgress", () => upload.abort());
  await assert.rejects(upload.done(), { name: "AbortError" });
  const { Uploads } = await client().send(new s3.ListMultipartUploadsCommand({ Bucket }));
  assert.equal(Uploads, undefined);
};

exports.aStreamIsPutWithItsLengthAndATrailingChecksum = async () => {
  const Body = Readable.from([LARGE.subarray(0, 100_000), LARGE.subarray(100_000, 300_000)]);
  await put("stream", Body, { ContentLength: 300_000, ChecksumAlgorithm: "SHA256" });
  const found = await get("stream", { ChecksumMode: "ENABLED" });
  const expected = createHash("sha256").update(LARGE.subarray(0, 300_000)).digest("base64");
  assert.equal(found.ChecksumSHA256, expected);
  assert.deepEqual(await buffer(found.Body), LARGE.subarray(0, 300_000));
};

exports.everyChecksumOfTheSdkIsVerified = async () => {
  for (const algorithm of ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"]) {
    const sent = await put(algorithm, "hello", { ChecksumAlgorithm: algorithm });
    const found = await get(algorithm, { ChecksumMode: "ENABLED" });
    assert.equal(await text(found.Body), "hello");
    assert.ok(found[`Checksum${algorithm}`]);
    assert.equal(found[`Checksum${algorithm}`], sent[`Checksum${algorithm}`]);
  }
  await assert.rejects(put("bad", "hello", { ChecksumSHA256: createHash("sha256").digest("base64") }), { name: "BadDigest" });
};

exports.rangesAndConditionsAreKept = async () => {
  const { ETag } = await put("k", "0123456789");
  const part = await get("k", { Range: "bytes=-3" });
  assert.deepEqual([await text(part.Body), part.ContentRange], ["789", "bytes 7-9/10"]);
  await assert.rejects(get("k", { IfNoneMatch: ETag }), (error) => error.$metadata.httpStatusCode === 304);
  await assert.rejects(put("k", "x", { IfNoneMatch: "*" }), { name: "PreconditionFailed" });
  await assert.rejects(get("none"), (error) => error instanceof s3.NoSuchKey && error.$metadata.httpStatusCode === 404);
  await assert.rejects(client().send(new s3.HeadObjectCommand({ Bucket, Key: "none" })), { name: "NotFound" });
};

exports.presignedAddressesWorkUntilTheyAreChanged = async () => {
  const address = await getSignedUrl(client(), new s3.PutObjectCommand({ Bucket, Key: "a b+c" }), { expiresIn: 60 });
  assert.equal((await fetch(address, { method: "PUT", body: "signed" })).status, 200);
  const reading = await getSignedUrl(client(), new s3.GetObjectCommand({ Bucket, Key: "a b+c" }));
  assert.equal(await (await fetch(reading)).text(), "signed");
  assert.equal((await fetch(reading.replace("a%20b", "a%20c"))).status, 403);
};

exports.regionRedirectsAreFollowed = async () => {
  const Elsewhere = `${Bucket}-eu`;
  const create = { Bucket: Elsewhere, CreateBucketConfiguration: { LocationConstraint: "eu-west-1" } };
  await client({ region: "eu-west-1" }).send(new s3.CreateBucketCommand(create));
  const asked = { Bucket: Elsewhere, Key: "k" };
  await assert.rejects(client().send(new s3.PutObjectCommand({ ...asked, Body: "1" })), { name: "PermanentRedirect" });
  const following = client({ followRegionRedirects: true });
  await following.send(new s3.PutObjectCommand({ ...asked, Body: "1" }));
  assert.equal(await text((await following.send(new s3.GetObjectCommand(asked))).Body), "1");
};

exports.listingsArePaged = async () => {
  for (let n = 0; n < 5; n++) await put(`p/${n}`, "x");
  await put("p/sub/1", "x");
  const keys = [];
  let pages = 0;
  for await (const page of s3.paginateListObjectsV2({ client: client(), pageSize: 2 }, { Bucket, Prefix: "p/", Delimiter: "/" })) {
    pages += 1;
    keys.push(...(page.Contents ?? []).map((each) => each.Key), ...(page.CommonPrefixes ?? []).map((each) => each.Prefix));
  }
  assert.deepEqual([pages, keys], [3, ["p/0", "p/1", "p/2", "p/3", "p/4", "p/sub/"]]);
};

exports.bucketsAreWaitedForAndObjectsDeletedInBatches = async () => {
  const asked = { Bucket: `${Bucket}-waited` };
  await client().send(new s3.CreateBucketCommand(asked));
  await s3.waitUntilBucketExists({ client: client(), maxWaitTime: 10 }, asked);
  await client().send(new s3.PutObjectCommand({ ...asked, Key: "a&<b>", Body: "1" }));
  const Delete = { Objects: [{ Key: "a&<b>" }, { Key: "none" }] };
  const { Deleted } = await client().send(new s3.DeleteObjectsCommand({ ...asked, Delete }));
  assert.deepEqual(Deleted.map((each) => each.Key).sort(), ["a&<b>", "none"]);
  await client().send(new s3.DeleteBucketCommand(asked));
  await s3.waitUntilBucketNotExists({ client: client(), maxWaitTime: 10 }, asked);
};

exports.copiesSayWhatWasCopied = async () => {
  const { ETag } = await put("a b", "hello", { Metadata: { a: "1" } });
  const CopySource = encodeURI(`${Bucket}/a b`);
  const { CopyObjectResult } = await client().send(new s3.CopyObjectCommand({ Bucket, Key: "copy", CopySource }));
  assert.equal(CopyObjectResult.ETag, ETag);
  assert.ok(CopyObjectResult.LastModified instanceof Date);
  assert.deepEqual((await get("copy")).Metadata, { a: "1" });
};

exports.selectedRecordsArriveAsEvents = async () => {
  await put("rows.csv", "id,city\n1,Lisbon\n2,Porto\n");
  const asked = {
    Bucket,
    Key: "rows.csv",
    ExpressionType: "SQL",
    Expression: "SELECT s.city FROM S3Object s WHERE s.id = '2'",
    InputSerialization: { CSV: { FileHeaderInfo: "USE" } },
    OutputSerialization: { CSV: {} },
  };
  const { Payload } = await client().send(new s3.SelectObjectContentCommand(asked));
  let records = "";
  for await (const event of Payload) if (event.Records) records += Buffer.from(event.Records.Payload).toString();
  assert.equal(records, "Porto\n");
};

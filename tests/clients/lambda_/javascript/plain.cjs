const { S3Client, GetObjectCommand, PutObjectCommand } = require("@aws-sdk/client-s3");

const s3 = new S3Client({});

exports.handler = async (event) => {
  await s3.send(new PutObjectCommand({ Bucket: event.bucket, Key: "a b/ü", Body: event.text }));
  const found = await s3.send(new GetObjectCommand({ Bucket: event.bucket, Key: "a b/ü" }));
  return found.Body.transformToString();
};

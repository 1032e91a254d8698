import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import software.amazon.awssdk.core.async.AsyncRequestBody;
import software.amazon.awssdk.core.async.AsyncResponseTransformer;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.ChecksumMode;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.S3Object;
import software.amazon.awssdk.services.s3.presigner.S3Presigner;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.QueueDoesNotExistException;
import software.amazon.awssdk.transfer.s3.S3TransferManager;

/** The AWS SDK for Java, version 2. `Client CLASS NAME` runs one of a class's tests; all of them without the CRT. */
class Client {
  static final String BUCKET = System.getenv("BUCKET");
  static final byte[] LARGE = new byte[12 << 20];

  public static void main(String[] arguments) throws Throwable {
    new Random(7).nextBytes(LARGE);
    Class.forName(arguments[0]).getDeclaredMethod(arguments[1]).invoke(null);
    System.exit(0);
  }

  static void check(boolean holds, Object saw) {
    if (!holds) throw new AssertionError(saw);
  }

  static S3Client s3() {
    return S3Client.builder().httpClient(UrlConnectionHttpClient.create()).build();
  }

  static S3AsyncClient asynchronous() {
    return S3AsyncClient.builder()
        .httpClient(NettyNioAsyncHttpClient.create())
        .multipartEnabled(true)
        .multipartConfiguration(parts -> parts.minimumPartSizeInBytes(5L << 20).thresholdInBytes(5L << 20))
        .build();
  }

  static void objectsArePutListedAndDeleted() {
    S3Client s3 = s3();
    for (int n = 0; n < 5; n++) {
      String key = "p/a b+" + n;
      s3.putObject(put -> put.bucket(BUCKET).key(key).metadata(Map.of("n", "1")), RequestBody.fromString("hello"));
    }
    List<String> keys =
        s3.listObjectsV2Paginator(list -> list.bucket(BUCKET).prefix("p/").maxKeys(2)).contents().stream()
            .map(S3Object::key)
            .toList();
    check(keys.size() == 5 && keys.get(4).equals("p/a b+4"), keys);
    var found = s3.getObjectAsBytes(get -> get.bucket(BUCKET).key("p/a b+0").checksumMode(ChecksumMode.ENABLED));
    check(found.asUtf8String().equals("hello") && found.response().metadata().get("n").equals("1"), found);
    check(found.response().checksumCRC32() != null, found.response());
    s3.deleteObject(delete -> delete.bucket(BUCKET).key("p/a b+0"));
    try {
      s3.getObject(get -> get.bucket(BUCKET).key("p/a b+0"));
      check(false, "there is an object that was deleted");
    } catch (NoSuchKeyException missing) {
      check(missing.statusCode() == 404 && missing.requestId() != null, missing);
    }
  }

  static void bucketsOfOtherRegionsAreFound() {
    String name = BUCKET + "-eu";
    S3Client.builder().region(Region.EU_WEST_1).httpClient(UrlConnectionHttpClient.create()).build()
        .createBucket(create -> create.bucket(name).createBucketConfiguration(where -> where.locationConstraint("eu-west-1")));
    S3Client anywhere =
        S3Client.builder().crossRegionAccessEnabled(true).httpClient(UrlConnectionHttpClient.create()).build();
    anywhere.putObject(put -> put.bucket(name).key("k"), RequestBody.fromString("1"));
    check(anywhere.getObjectAsBytes(get -> get.bucket(name).key("k")).asUtf8String().equals("1"), name);
    anywhere.deleteObject(delete -> delete.bucket(name).key("k"));
    anywhere.deleteBucket(delete -> delete.bucket(name));
    anywhere.waiter().waitUntilBucketNotExists(head -> head.bucket(name));
  }

  static void addressesAreSigned() throws Exception {
    S3Presigner signer = S3Presigner.create();
    s3().putObject(put -> put.bucket(BUCKET).key("a b"), RequestBody.fromString("signed"));
    URI address =
        signer.presignGetObject(p -> p.signatureDuration(Duration.ofMinutes(1)).getObjectRequest(g -> g.bucket(BUCKET).key("a b")))
            .url()
            .toURI();
    check(new String(address.toURL().openStream().readAllBytes()).equals("signed"), address);
    var changed = (HttpURLConnection) URI.create(address + "0").toURL().openConnection();
    check(changed.getResponseCode() == 403, changed);
  }

  static void asynchronousClientsSendParts() {
    S3AsyncClient s3 = asynchronous();
    s3.putObject(put -> put.bucket(BUCKET).key("large"), AsyncRequestBody.fromBytes(LARGE)).join();
    HeadObjectResponse head = s3.headObject(h -> h.bucket(BUCKET).key("large")).join();
    check(head.eTag().endsWith("-3\""), head);
    var found = s3.getObject(get -> get.bucket(BUCKET).key("large"), AsyncResponseTransformer.toBytes()).join();
    check(Arrays.equals(found.asByteArray(), LARGE), found.response());
  }

  static void theTransferManagerCopiesDirectories() throws Exception {
    Path source = Files.createDirectories(Path.of("source/sub dir"));
    Files.write(source.resolve("large"), LARGE);
    Files.writeString(source.resolve("ü.txt"), "hello");
    S3TransferManager manager = S3TransferManager.builder().s3Client(asynchronous()).build();
    var up = manager.uploadDirectory(u -> u.source(Path.of("source")).bucket(BUCKET)).completionFuture().join();
    check(up.failedTransfers().isEmpty(), up);
    var down = manager.downloadDirectory(d -> d.destination(Path.of("target")).bucket(BUCKET)).completionFuture().join();
    check(down.failedTransfers().isEmpty(), down);
    check(Files.readString(Path.of("target/sub dir/ü.txt")).equals("hello"), "text");
    check(Files.mismatch(source.resolve("large"), Path.of("target/sub dir/large")) == -1, "bytes");
  }

  static void messagesAreSentAndReceived() {
    SqsClient sqs = SqsClient.builder().httpClient(UrlConnectionHttpClient.create()).build();
    String url = sqs.createQueue(create -> create.queueName("work")).queueUrl();
    sqs.sendMessage(send -> send.queueUrl(url).messageBody("ü & <b>")); // the SDK compares MD5s
    List<Message> found = sqs.receiveMessage(receive -> receive.queueUrl(url).waitTimeSeconds(10)).messages();
    check(found.size() == 1 && found.get(0).body().equals("ü & <b>"), found);
    sqs.deleteMessage(delete -> delete.queueUrl(url).receiptHandle(found.get(0).receiptHandle()));
    try {
      sqs.getQueueUrl(get -> get.queueName("none"));
      check(false, "there is a queue that nobody made");
    } catch (QueueDoesNotExistException missing) {
      check(missing.awsErrorDetails().errorCode().equals("AWS.SimpleQueueService.NonExistentQueue"), missing.awsErrorDetails());
    }
  }
}

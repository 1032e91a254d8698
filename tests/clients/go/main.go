// The AWS SDK for Go, version 2. `client NAME` runs one of the tests below.
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/feature/s3/manager"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
)

var (
	ctx    = context.Background()
	bucket = aws.String(os.Getenv("BUCKET"))
	tests  = map[string]func(aws.Config){
		"FilesTravelInParts":                filesTravelInParts,
		"ListingsArePaged":                  listingsArePaged,
		"BucketsAreWaitedFor":               bucketsAreWaitedFor,
		"AddressesAreSigned":                addressesAreSigned,
		"StreamsWithoutALengthHaveChecksum": streamsHaveChecksums,
		"ErrorsHaveTheirTypes":              errorsHaveTheirTypes,
		"MessagesTravelFromTopicsToQueues":  messagesTravel,
		"TablesAreWaitedFor":                tablesAreWaitedFor,
		"ExpressionsAreBuilt":               expressionsAreBuilt,
		"StatementsAreExecuted":             statementsAreExecuted,
	}
)

func main() {
	settings := must(config.LoadDefaultConfig(ctx))
	tests[os.Args[1]](settings)
}

func check(holds bool, saw ...any) {
	if !holds {
		panic(fmt.Sprint(saw...))
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func filesTravelInParts(settings aws.Config) {
	client := s3.NewFromConfig(settings)
	large := make([]byte, 12<<20)
	rand.Read(large)
	uploader := manager.NewUploader(client, func(u *manager.Uploader) { u.PartSize = 5 << 20 })
	done := must(uploader.Upload(ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("a b+c"), Body: bytes.NewReader(large)}))
	check(strings.HasSuffix(*done.ETag, `-3"`) && len(done.CompletedParts) == 3, *done.ETag)
	target := manager.NewWriteAtBuffer(nil)
	downloader := manager.NewDownloader(client, func(d *manager.Downloader) { d.PartSize = 5 << 20 })
	size := must(downloader.Download(ctx, target, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("a b+c")}))
	check(size == int64(len(large)) && bytes.Equal(target.Bytes(), large), size)
}

func listingsArePaged(settings aws.Config) {
	client := s3.NewFromConfig(settings)
	for n := range 5 {
		must(client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String(fmt.Sprint("p/", n))}))
	}
	pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: bucket, Prefix: aws.String("p/"), MaxKeys: aws.Int32(2)})
	var keys []string
	for pages.HasMorePages() {
		for _, each := range must(pages.NextPage(ctx)).Contents {
			keys = append(keys, *each.Key)
		}
	}
	check(strings.Join(keys, " ") == "p/0 p/1 p/2 p/3 p/4", keys)
}

func bucketsAreWaitedFor(settings aws.Config) {
	client := s3.NewFromConfig(settings)
	name := aws.String(*bucket + "-waited")
	must(client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: name}))
	check(s3.NewBucketExistsWaiter(client).Wait(ctx, &s3.HeadBucketInput{Bucket: name}, 10*time.Second) == nil)
	must(client.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: name}))
	check(s3.NewBucketNotExistsWaiter(client).Wait(ctx, &s3.HeadBucketInput{Bucket: name}, 10*time.Second) == nil)
}

func addressesAreSigned(settings aws.Config) {
	signer := s3.NewPresignClient(s3.NewFromConfig(settings))
	put := must(signer.PresignPutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("a b")}))
	request := must(http.NewRequest(put.Method, put.URL, strings.NewReader("signed")))
	check(must(http.DefaultClient.Do(request)).StatusCode == 200)
	get := must(signer.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("a b")}))
	body := must(io.ReadAll(must(http.Get(get.URL)).Body))
	check(string(body) == "signed", string(body))
	check(must(http.Get(get.URL+"0")).StatusCode == 403)
}

func streamsHaveChecksums(settings aws.Config) {
	client := s3.NewFromConfig(settings)
	reader, writer := io.Pipe()
	go func() {
		defer writer.Close()
		writer.Write([]byte("hello"))
	}()
	key := aws.String("stream")
	must(manager.NewUploader(client).Upload(ctx, &s3.PutObjectInput{Bucket: bucket, Key: key, Body: reader, ChecksumAlgorithm: types.ChecksumAlgorithmCrc32c}))
	found := must(client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key, ChecksumMode: types.ChecksumModeEnabled}))
	check(string(must(io.ReadAll(found.Body))) == "hello" && *found.ChecksumCRC32C == "mnG7TA==", found.ChecksumCRC32C)
}

func errorsHaveTheirTypes(settings aws.Config) {
	client := s3.NewFromConfig(settings)
	_, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("none")})
	var missing *types.NoSuchKey
	check(errors.As(err, &missing), err)
	_, err = client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: aws.String("none")})
	var notFound *types.NotFound
	check(errors.As(err, &notFound), err)
	elsewhere := aws.Config.Copy(settings)
	elsewhere.Region = "eu-west-1"
	_, err = s3.NewFromConfig(elsewhere).PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("k")})
	var redirect smithy.APIError
	check(errors.As(err, &redirect) && redirect.ErrorCode() == "PermanentRedirect", err)
	_, err = sqs.NewFromConfig(settings).GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String("none")})
	var noQueue *sqstypes.QueueDoesNotExist
	check(errors.As(err, &noQueue), err)
}

func messagesTravel(settings aws.Config) {
	queues, topics := sqs.NewFromConfig(settings), sns.NewFromConfig(settings)
	queue := must(queues.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("inbox")})).QueueUrl
	asked := &sqs.GetQueueAttributesInput{QueueUrl: queue, AttributeNames: []sqstypes.QueueAttributeName{"QueueArn"}}
	arn := must(queues.GetQueueAttributes(ctx, asked)).Attributes["QueueArn"]
	policy := fmt.Sprintf(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Resource": "%s",
		"Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}}`, arn)
	must(queues.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: queue, Attributes: map[string]string{"Policy": policy}}))
	topic := must(topics.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("news")})).TopicArn
	raw := map[string]string{"RawMessageDelivery": "true"}
	must(topics.Subscribe(ctx, &sns.SubscribeInput{TopicArn: topic, Protocol: aws.String("sqs"), Endpoint: &arn, Attributes: raw}))
	must(topics.Publish(ctx, &sns.PublishInput{TopicArn: topic, Message: aws.String("ü & <b>")}))
	found := must(queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: queue, WaitTimeSeconds: 10}))
	check(len(found.Messages) == 1 && *found.Messages[0].Body == "ü & <b>", found.Messages)
	must(queues.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: queue, ReceiptHandle: found.Messages[0].ReceiptHandle}))
}

func tablesAreWaitedFor(settings aws.Config) {
	client := dynamodb.NewFromConfig(settings)
	name, id := aws.String("users"), aws.String("id")
	must(client.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:            name,
		BillingMode:          dynamodbtypes.BillingModePayPerRequest,
		AttributeDefinitions: []dynamodbtypes.AttributeDefinition{{AttributeName: id, AttributeType: "S"}},
		KeySchema:            []dynamodbtypes.KeySchemaElement{{AttributeName: id, KeyType: "HASH"}},
	}))
	waiter := dynamodb.NewTableExistsWaiter(client)
	check(waiter.Wait(ctx, &dynamodb.DescribeTableInput{TableName: name}, 30*time.Second) == nil)
	item := map[string]dynamodbtypes.AttributeValue{"id": &dynamodbtypes.AttributeValueMemberS{Value: "1"}}
	put := &dynamodb.PutItemInput{TableName: name, Item: item, ConditionExpression: aws.String("attribute_not_exists(id)")}
	must(client.PutItem(ctx, put)) // the SDK compares the answer with its CRC-32
	_, err := client.PutItem(ctx, put)
	var failed *dynamodbtypes.ConditionalCheckFailedException
	check(errors.As(err, &failed), err)
}

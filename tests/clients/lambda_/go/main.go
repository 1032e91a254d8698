// A function as aws-lambda-go has them: typed events, errors, panics, the context, a response that is streamed.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type order struct {
	ID    string `json:"id"`
	Count int    `json:"count"`
	Fails string `json:"fails"`
}

type receipt struct {
	Order    string `json:"order"`
	Doubled  int    `json:"doubled"`
	Function string `json:"function"`
	Request  string `json:"request"`
	HasTime  bool   `json:"hasTime"`
}

type shortage struct{ missing int }

func (s *shortage) Error() string { return fmt.Sprintf("%d are missing", s.missing) }

func take(ctx context.Context, wanted order) (receipt, error) {
	fmt.Println("taking", wanted.ID)
	switch wanted.Fails {
	case "error":
		return receipt{}, errors.New("no such order")
	case "typed":
		return receipt{}, &shortage{3}
	case "panic":
		panic("out of stock")
	case "exit":
		os.Exit(4)
	}
	caller, _ := lambdacontext.FromContext(ctx)
	_, hasTime := ctx.Deadline()
	return receipt{wanted.ID, 2 * wanted.Count, lambdacontext.FunctionName, caller.AwsRequestID, hasTime}, nil
}

func consume(_ context.Context, batch events.SQSEvent) (events.SQSEventResponse, error) {
	var failed []events.SQSBatchItemFailure
	for _, message := range batch.Records {
		if strings.HasPrefix(message.Body, "bad") {
			failed = append(failed, events.SQSBatchItemFailure{ItemIdentifier: message.MessageId})
		}
	}
	return events.SQSEventResponse{BatchItemFailures: failed}, nil
}

func stream(_ context.Context, _ *events.LambdaFunctionURLRequest) (*events.LambdaFunctionURLStreamingResponse, error) {
	reader, writer := io.Pipe()
	go func() {
		defer writer.Close()
		for number := range 3 {
			fmt.Fprintf(writer, "part %d\n", number)
		}
	}()
	return &events.LambdaFunctionURLStreamingResponse{
		StatusCode: 201,
		Headers:    map[string]string{"Content-Type": "text/plain", "X-Made-By": "Go"},
		Body:       reader,
	}, nil
}

func main() {
	switch os.Getenv("_HANDLER") {
	case "consume":
		lambda.Start(consume)
	case "stream":
		lambda.Start(stream)
	default:
		lambda.Start(take)
	}
}

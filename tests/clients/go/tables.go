// DynamoDB by the SDK's packages for values (attributevalue) and expressions (expression), its paginators and PartiQL.
package main

import (
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

type movie struct {
	Year   int                     `dynamodbav:"year"`
	Title  string                  `dynamodbav:"title"`
	Rating float64                 `dynamodbav:"rating,omitempty"`
	Actors []string                `dynamodbav:"actors,stringset,omitempty"`
	Info   map[string]any          `dynamodbav:"info,omitempty"`
	Seen   attributevalue.UnixTime `dynamodbav:"seen"`
}

var movies = aws.String("movies")

// filledMovies makes a table of six movies of two years.
func filledMovies(client *dynamodb.Client) {
	year, title := aws.String("year"), aws.String("title")
	must(client.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:            movies,
		BillingMode:          dynamodbtypes.BillingModePayPerRequest,
		AttributeDefinitions: []dynamodbtypes.AttributeDefinition{{AttributeName: year, AttributeType: "N"}, {AttributeName: title, AttributeType: "S"}},
		KeySchema:            []dynamodbtypes.KeySchemaElement{{AttributeName: year, KeyType: "HASH"}, {AttributeName: title, KeyType: "RANGE"}},
	}))
	waiter := dynamodb.NewTableExistsWaiter(client)
	check(waiter.Wait(ctx, &dynamodb.DescribeTableInput{TableName: movies}, 30*time.Second) == nil)
	var writes []dynamodbtypes.WriteRequest
	for place, title := range []string{"Alien", "Brazil", "Casino", "Dune", "Elf", "Fargo"} {
		item := must(attributevalue.MarshalMap(movie{
			Year: 1990 + place%2, Title: title, Rating: 5.5 + float64(place), Actors: []string{"x", title},
			Info: map[string]any{"plot": title, "length": 90 + place}, Seen: attributevalue.UnixTime(time.Unix(1e9, 0)),
		}))
		writes = append(writes, dynamodbtypes.WriteRequest{PutRequest: &dynamodbtypes.PutRequest{Item: item}})
	}
	must(client.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]dynamodbtypes.WriteRequest{*movies: writes}}))
}

func keyOf(year int, title string) map[string]dynamodbtypes.AttributeValue {
	return must(attributevalue.MarshalMap(map[string]any{"year": year, "title": title}))
}

func expressionsAreBuilt(settings aws.Config) {
	client := dynamodb.NewFromConfig(settings)
	filledMovies(client)

	query := must(expression.NewBuilder().
		WithKeyCondition(expression.Key("year").Equal(expression.Value(1990)).And(expression.Key("title").Between(expression.Value("A"), expression.Value("D")))).
		WithFilter(expression.Name("info.length").GreaterThan(expression.Value(90)).And(expression.Name("actors").Contains("x"))).
		WithProjection(expression.NamesList(expression.Name("title"), expression.Name("info.plot"))).
		Build())
	pages := dynamodb.NewQueryPaginator(client, &dynamodb.QueryInput{
		TableName: movies, Limit: aws.Int32(1), KeyConditionExpression: query.KeyCondition(), FilterExpression: query.Filter(),
		ProjectionExpression: query.Projection(), ExpressionAttributeNames: query.Names(), ExpressionAttributeValues: query.Values(),
	})
	var found []movie
	for pages.HasMorePages() {
		var some []movie
		check(attributevalue.UnmarshalListOfMaps(must(pages.NextPage(ctx)).Items, &some) == nil)
		found = append(found, some...)
	}
	check(len(found) == 1 && found[0].Title == "Casino" && found[0].Info["plot"] == "Casino", found)

	update := must(expression.NewBuilder().
		WithUpdate(expression.Set(expression.Name("rating"), expression.Plus(expression.Name("rating"), expression.Value(1))).
			Set(expression.Name("info.watched"), expression.IfNotExists(expression.Name("info.watched"), expression.Value(true))).
			Delete(expression.Name("actors"), expression.Value(&dynamodbtypes.AttributeValueMemberSS{Value: []string{"x"}}))).
		WithCondition(expression.AttributeExists(expression.Name("title")).And(expression.Not(expression.Name("rating").In(expression.Value(1), expression.Value(2))))).
		Build())
	changed := must(client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: movies, Key: keyOf(1990, "Alien"), UpdateExpression: update.Update(), ConditionExpression: update.Condition(),
		ExpressionAttributeNames: update.Names(), ExpressionAttributeValues: update.Values(), ReturnValues: "ALL_NEW",
	}))
	var alien movie
	check(attributevalue.UnmarshalMap(changed.Attributes, &alien) == nil)
	check(alien.Rating == 6.5 && len(alien.Actors) == 1 && alien.Info["watched"] == true, alien)
	check(time.Time(alien.Seen).Unix() == 1e9, alien)
}

func statementsAreExecuted(settings aws.Config) {
	client := dynamodb.NewFromConfig(settings)
	filledMovies(client)
	statement := aws.String(`SELECT title FROM "movies" WHERE "year" IN (?, ?) AND rating > ?`)
	var titles int
	pages := dynamodb.ExecuteStatementInput{Statement: statement, Parameters: must(attributevalue.MarshalList([]any{1990, 1991, 7})), Limit: aws.Int32(2)}
	for {
		answer := must(client.ExecuteStatement(ctx, &pages))
		titles += len(answer.Items)
		if answer.NextToken == nil {
			break
		}
		pages.NextToken = answer.NextToken
	}
	check(titles == 4, titles)

	_, err := client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []dynamodbtypes.TransactWriteItem{
		{Delete: &dynamodbtypes.Delete{TableName: movies, Key: keyOf(1990, "Alien")}},
		{ConditionCheck: &dynamodbtypes.ConditionCheck{TableName: movies, Key: keyOf(1991, "Dune"), ConditionExpression: aws.String("attribute_not_exists(title)")}},
	}})
	var cancelled *dynamodbtypes.TransactionCanceledException
	check(errors.As(err, &cancelled) && *cancelled.CancellationReasons[1].Code == "ConditionalCheckFailed", err)
}

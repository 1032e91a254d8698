import java.util.List;
import java.util.Map;
import java.util.Set;
import software.amazon.awssdk.enhanced.dynamodb.DynamoDbEnhancedClient;
import software.amazon.awssdk.enhanced.dynamodb.DynamoDbTable;
import software.amazon.awssdk.enhanced.dynamodb.Expression;
import software.amazon.awssdk.enhanced.dynamodb.Key;
import software.amazon.awssdk.enhanced.dynamodb.TableSchema;
import software.amazon.awssdk.enhanced.dynamodb.extensions.VersionedRecordExtension;
import software.amazon.awssdk.enhanced.dynamodb.extensions.annotations.DynamoDbVersionAttribute;
import software.amazon.awssdk.enhanced.dynamodb.mapper.annotations.DynamoDbBean;
import software.amazon.awssdk.enhanced.dynamodb.mapper.annotations.DynamoDbPartitionKey;
import software.amazon.awssdk.enhanced.dynamodb.mapper.annotations.DynamoDbSecondaryPartitionKey;
import software.amazon.awssdk.enhanced.dynamodb.mapper.annotations.DynamoDbSecondarySortKey;
import software.amazon.awssdk.enhanced.dynamodb.mapper.annotations.DynamoDbSortKey;
import software.amazon.awssdk.enhanced.dynamodb.model.ConditionCheck;
import software.amazon.awssdk.enhanced.dynamodb.model.QueryConditional;
import software.amazon.awssdk.enhanced.dynamodb.model.WriteBatch;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;
import software.amazon.awssdk.services.dynamodb.model.ProjectionType;
import software.amazon.awssdk.services.dynamodb.model.TransactionCanceledException;

/** DynamoDB by the enhanced client of the AWS SDK for Java, version 2. */
class Tables {
  static final DynamoDbClient CLIENT = DynamoDbClient.builder().httpClient(UrlConnectionHttpClient.create()).build();
  static final DynamoDbEnhancedClient ENHANCED =
      DynamoDbEnhancedClient.builder().dynamoDbClient(CLIENT).extensions(VersionedRecordExtension.builder().build()).build();

  @DynamoDbBean
  public static class Order {
    private String customer;
    private Integer number;
    private String state;
    private Set<String> tags;
    private Map<String, List<Double>> prices;
    private Long version;

    @DynamoDbPartitionKey
    public String getCustomer() { return customer; }
    public void setCustomer(String value) { customer = value; }

    @DynamoDbSortKey
    @DynamoDbSecondarySortKey(indexNames = "by-state")
    public Integer getNumber() { return number; }
    public void setNumber(Integer value) { number = value; }

    @DynamoDbSecondaryPartitionKey(indexNames = "by-state")
    public String getState() { return state; }
    public void setState(String value) { state = value; }

    public Set<String> getTags() { return tags; }
    public void setTags(Set<String> value) { tags = value; }

    public Map<String, List<Double>> getPrices() { return prices; }
    public void setPrices(Map<String, List<Double>> value) { prices = value; }

    @DynamoDbVersionAttribute
    public Long getVersion() { return version; }
    public void setVersion(Long value) { version = value; }
  }

  static Order order(int number, String state) {
    Order made = new Order();
    made.setCustomer("ada");
    made.setNumber(number);
    made.setState(state);
    made.setTags(Set.of("new", "n" + number));
    made.setPrices(Map.of("eur", List.of(1.5, number * 1.0)));
    return made;
  }

  static Key key(int number) {
    return Key.builder().partitionValue("ada").sortValue(number).build();
  }

  static DynamoDbTable<Order> orders() {
    DynamoDbTable<Order> table = ENHANCED.table("orders", TableSchema.fromBean(Order.class));
    table.createTable(
        made -> made.globalSecondaryIndices(
            index -> index.indexName("by-state").projection(of -> of.projectionType(ProjectionType.ALL))));
    CLIENT.waiter().waitUntilTableExists(wanted -> wanted.tableName("orders"));
    return table;
  }

  static void beansAreWrittenAndFound() {
    DynamoDbTable<Order> orders = orders();
    for (int n = 1; n < 12; n++) orders.putItem(order(n, n % 2 == 0 ? "done" : "open"));
    var batch = WriteBatch.builder(Order.class).mappedTableResource(orders).addDeleteItem(key(10)).addDeleteItem(key(11));
    var written = ENHANCED.batchWriteItem(batches -> batches.writeBatches(batch.build()));
    Client.check(written.unprocessedDeleteItemsForTable(orders).isEmpty(), written);

    Order found = orders.getItem(get -> get.key(key(3)).consistentRead(true));
    Client.check(found.getTags().contains("n3") && found.getPrices().get("eur").get(1) == 3.0, found);
    var some = orders.query(query -> query.limit(2).scanIndexForward(false).queryConditional(
        QueryConditional.sortBetween(key(2), key(6))));
    List<Integer> numbers = some.items().stream().map(Order::getNumber).toList();
    Client.check(numbers.equals(List.of(6, 5, 4, 3, 2)), numbers);
    var open = orders.index("by-state").query(query -> query.queryConditional(
        QueryConditional.sortGreaterThan(Key.builder().partitionValue("open").sortValue(4).build())));
    numbers = open.stream().flatMap(page -> page.items().stream()).map(Order::getNumber).toList();
    Client.check(numbers.equals(List.of(5, 7, 9)), numbers);
  }

  static void versionsKeepOldBeansOut() {
    DynamoDbTable<Order> orders = orders();
    orders.putItem(order(1, "open"));
    Order mine = orders.getItem(key(1)), other = orders.getItem(key(1));
    mine.setState("done");
    Client.check(orders.updateItem(mine).getVersion() == other.getVersion() + 1, mine);
    try {
      orders.updateItem(other);
      Client.check(false, "an old bean was written");
    } catch (ConditionalCheckFailedException expected) {
      Client.check(orders.getItem(key(1)).getState().equals("done"), other);
    }
  }

  static void transactionsAreCancelledWithReasons() {
    DynamoDbTable<Order> orders = orders();
    orders.putItem(order(1, "open"));
    Expression done = Expression.builder().expression("#s = :s").expressionNames(Map.of("#s", "state"))
        .expressionValues(Map.of(":s", AttributeValue.fromS("done"))).build();
    try {
      ENHANCED.transactWriteItems(transaction -> transaction
          .addPutItem(orders, order(2, "open"))
          .addConditionCheck(orders, ConditionCheck.builder().key(key(1)).conditionExpression(done).build()));
      Client.check(false, "a transaction took place against its condition");
    } catch (TransactionCanceledException cancelled) {
      Client.check(cancelled.cancellationReasons().get(1).code().equals("ConditionalCheckFailed"), cancelled);
    }
    Client.check(orders.getItem(key(2)) == null, "there is an order of a cancelled transaction");
  }
}

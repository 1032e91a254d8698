package example;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import com.amazonaws.services.lambda.runtime.events.SQSBatchResponse;
import com.amazonaws.services.lambda.runtime.events.SQSEvent;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Handlers of every form that Java has for them. */
public class Orders {

  /** An event as an object with setters. */
  public static class Order {
    private String id;
    private int count;

    public String getId() {
      return id;
    }

    public void setId(String id) {
      this.id = id;
    }

    public int getCount() {
      return count;
    }

    public void setCount(int count) {
      this.count = count;
    }
  }

  /** A receipt as an object with getters. */
  public static class Bill {
    private final String order;
    private final int doubled;

    Bill(String order, int doubled) {
      this.order = order;
      this.doubled = doubled;
    }

    public String getOrder() {
      return order;
    }

    public int getDoubled() {
      return doubled;
    }
  }

  /** A handler that is a method like any other. */
  public Bill take(Order order, Context context) {
    context.getLogger().log("taking " + order.getId() + "\n");
    if (order.getCount() < 0) {
      throw new IllegalArgumentException("count is " + order.getCount());
    }
    if (order.getCount() > 1000) {
      System.exit(4);
    }
    return new Bill(order.getId(), 2 * order.getCount());
  }

  public static class Mapped implements RequestHandler<Map<String, Object>, Map<String, Object>> {
    @Override
    public Map<String, Object> handleRequest(Map<String, Object> event, Context context) {
      return Map.of(
          "event", event,
          "function", context.getFunctionName(),
          "request", context.getAwsRequestId(),
          "memory", context.getMemoryLimitInMB(),
          "hasTime", context.getRemainingTimeInMillis() > 0);
    }
  }

  public static class Streamed implements RequestStreamHandler {
    @Override
    public void handleRequest(InputStream input, OutputStream output, Context context) throws IOException {
      String text = new String(input.readAllBytes(), StandardCharsets.UTF_8);
      output.write(("{\"length\": " + text.length() + "}").getBytes(StandardCharsets.UTF_8));
    }
  }

  public static class Batch implements RequestHandler<SQSEvent, SQSBatchResponse> {
    @Override
    public SQSBatchResponse handleRequest(SQSEvent event, Context context) {
      return new SQSBatchResponse(
          event.getRecords().stream()
              .filter(each -> each.getBody().startsWith("bad"))
              .map(each -> new SQSBatchResponse.BatchItemFailure(each.getMessageId()))
              .toList());
    }
  }
}

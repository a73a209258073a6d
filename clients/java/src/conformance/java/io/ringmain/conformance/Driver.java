package io.ringmain.conformance;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.protobuf.MessageLite;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.MetadataUtils;
import io.ringmain.Answer;
import io.ringmain.RingmainClient;
import io.ringmain.RingmainClientBuilder;
import io.ringmain.RingmainException;
import io.ringmain.Violation;
import io.ringmain.v1.ProviderToolCall;
import io.ringmain.v1.ToolCall;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The conformance driver of the Java client: answers each line of standard input by a call through
 * {@link RingmainClient}, all at once. tests/conformance/README.md says what is asked and answered.
 */
public final class Driver {
  private static final Gson GSON =
      new GsonBuilder().serializeNulls().disableHtmlEscaping().create();

  private final Map<List<String>, RingmainClient> clients = new ConcurrentHashMap<>();
  private final PrintStream out;

  Driver(PrintStream out) {
    this.out = out;
  }

  /** Answers until standard input ends. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    System.setOut(System.err);
    new Driver(out)
        .run(new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)));
  }

  void run(BufferedReader in) throws IOException, InterruptedException {
    ExecutorService calls = Executors.newCachedThreadPool();
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      JsonObject asked = JsonParser.parseString(line).getAsJsonObject();
      calls.execute(() -> print(answer(asked)));
    }
    calls.shutdown();
    calls.awaitTermination(1, TimeUnit.DAYS);
    clients.values().forEach(RingmainClient::close);
  }

  private synchronized void print(Map<String, Object> answer) {
    out.println(GSON.toJson(answer));
  }

  private Map<String, Object> answer(JsonObject asked) {
    AtomicReference<Metadata> headers = new AtomicReference<>();
    AtomicReference<Metadata> trailers = new AtomicReference<>();
    List<MessageLite> responses = new ArrayList<>();
    AtomicReference<Answer> chat = new AtomicReference<>();
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("id", asked.get("id").getAsString());
    RingmainClient client =
        client(asked)
            .withInterceptors(MetadataUtils.newCaptureMetadataInterceptor(headers, trailers));
    try {
      boolean cancelled = Methods.call(client, asked, responses, chat);
      answer.putAll(told(cancelled ? Status.Code.CANCELLED : Status.Code.OK));
    } catch (RingmainException error) {
      answer.putAll(told(error));
    }
    answer.put("responses", responses.stream().map(Driver::base64).toList());
    boolean streamed = asked.get("method").getAsString().startsWith("Stream");
    answer.put("folded", streamed && chat.get() != null ? base64(chat.get().proto()) : "");
    answer.put("read", chat.get() == null ? null : read(chat.get()));
    answer.put("metadata", printable(headers.get(), trailers.get()));
    return answer;
  }

  /** The client of a target, token and limit of size, with the call's metadata and deadline. */
  private RingmainClient client(JsonObject asked) {
    String target = asked.get("target").getAsString();
    String token = asked.has("token") ? asked.get("token").getAsString() : "";
    String limit =
        asked.has("max_message_bytes") ? asked.get("max_message_bytes").getAsString() : "";
    RingmainClient client =
        clients.computeIfAbsent(
            List.of(target, token, limit), key -> connect(target, token, limit));
    if (asked.has("metadata")) {
      for (var entry : asked.getAsJsonObject("metadata").entrySet()) {
        client = client.withMetadata(entry.getKey(), entry.getValue().getAsString());
      }
    }
    if (asked.has("deadline_ms")) {
      client = client.withTimeout(Duration.ofMillis(asked.get("deadline_ms").getAsLong()));
    }
    return client;
  }

  private static RingmainClient connect(String target, String token, String limit) {
    RingmainClientBuilder builder = RingmainClient.builder().target(target);
    if (!token.isEmpty()) {
      builder.token(token);
    }
    if (!limit.isEmpty()) {
      builder.maxMessageBytes(Integer.parseInt(limit));
    }
    return builder.build();
  }

  private static Map<String, Object> told(Status.Code code) {
    Map<String, Object> told = new LinkedHashMap<>();
    told.put("status", code.name());
    told.put("message", "");
    told.put("kind", "");
    told.put("reason", "");
    told.put("retry_delay_ms", null);
    told.put("violations", List.of());
    return told;
  }

  private static Map<String, Object> told(RingmainException error) {
    Map<String, Object> told = told(error.code());
    told.put("message", error.description());
    told.put("kind", error.kind().name().toLowerCase(Locale.ROOT));
    told.put("reason", error.reason());
    told.put("retry_delay_ms", error.retryDelay().map(Duration::toMillis).orElse(null));
    told.put("violations", error.violations().stream().map(Violation::field).toList());
    return told;
  }

  /** What the client reads from a chat's answer. */
  private static Map<String, Object> read(Answer chat) {
    Map<String, Object> read = new LinkedHashMap<>();
    read.put("text", chat.text());
    read.put(
        "sources",
        chat.sources().stream()
            .map(source -> source.getUri().isEmpty() ? source.getFilename() : source.getUri())
            .toList());
    read.put("tool_calls", chat.toolCalls().stream().map(ToolCall::getToolCallId).toList());
    read.put(
        "provider_tool_calls",
        chat.providerToolCalls().stream().map(ProviderToolCall::getToolCallId).toList());
    read.put("must_continue", chat.mustContinue());
    return read;
  }

  private static Map<String, String> printable(Metadata... received) {
    Map<String, String> found = new TreeMap<>();
    for (Metadata metadata : received) {
      for (String key : metadata == null ? List.<String>of() : metadata.keys()) {
        if (!key.endsWith(Metadata.BINARY_HEADER_SUFFIX)) {
          found.put(key, metadata.get(Metadata.Key.of(key, Metadata.ASCII_STRING_MARSHALLER)));
        }
      }
    }
    return found;
  }

  private static String base64(MessageLite message) {
    return Base64.getEncoder().encodeToString(message.toByteArray());
  }
}

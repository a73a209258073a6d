package io.ringmain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.rpc.ErrorInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.ringmain.v1.ChatRequest;
import io.ringmain.v1.ChatResponse;
import io.ringmain.v1.ChatServiceGrpc;
import io.ringmain.v1.ErrorReason;
import io.ringmain.v1.FinishReason;
import io.ringmain.v1.Message;
import io.ringmain.v1.Part;
import io.ringmain.v1.ProviderToolCall;
import io.ringmain.v1.Role;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whole answers: retries, deadlines, cancellation, metadata and errors. */
@Timeout(30)
class ChatTest {
  private final Chatter chatter = new Chatter();
  private FakeGateway gateway;

  @BeforeEach
  void open() throws Exception {
    gateway = new FakeGateway(chatter);
  }

  @AfterEach
  void close() {
    gateway.close();
  }

  /** An answer has its text, usage, price and names; the request has the client's model. */
  @Test
  void answers() {
    try (RingmainClient client = gateway.client().build()) {
      Answer answer = client.chat("Hi");
      assertEquals("Hello", answer.text());
      assertEquals("Hello", answer.toString());
      assertEquals(FinishReason.FINISH_REASON_STOP, answer.finishReason());
      assertEquals(0.002, answer.costUsd().getAsDouble(), 1e-12);
      assertEquals("resp_1", answer.responseId());
      assertEquals("test/model", chatter.requests.remove().getModel());
    }
  }

  /**
   * A turn that the provider paused goes on when its message is sent back, and nothing after it.
   */
  @Test
  void pauses() {
    ProviderToolCall search =
        ProviderToolCall.newBuilder().setToolCallId("s").setName("web_search").build();
    Part part =
        Part.newBuilder()
            .setProviderToolCall(search)
            .setSignature(ByteString.copyFromUtf8("sig"))
            .setProviderId("p")
            .build();
    ChatResponse paused =
        ChatResponse.newBuilder()
            .setMessage(Message.newBuilder().setRole(Role.ROLE_ASSISTANT).addParts(part))
            .setFinishReason(FinishReason.FINISH_REASON_PAUSED)
            .build();
    chatter.answers.add(paused);
    ChatRequest.Builder conversation = Messages.chat(Messages.user("Hi")).toBuilder();
    try (RingmainClient client = gateway.client().build()) {
      Answer answer = client.chat(conversation.build());
      while (answer.mustContinue()) {
        conversation.addMessages(answer.message());
        answer = client.chat(conversation.build());
      }
      assertEquals("Hello", answer.text());
    }
    assertEquals(1, chatter.requests.remove().getMessagesCount());
    assertEquals(paused.getMessage(), chatter.requests.remove().getMessages(1));
  }

  /** A view has another model, and closing it leaves the client open. */
  @Test
  void views() {
    try (RingmainClient client = gateway.client().build()) {
      client.withModel("other").close();
      assertEquals("Hello", client.withModel("other").chat("Hi").text());
      assertEquals("other", chatter.requests.remove().getModel());
    }
  }

  /** Letters of every length arrive whole, both ways. */
  @Test
  void unicode() {
    chatter.text = "Grüße aus 東京 🚀 👨‍👩‍👧 مرحبا \0\u2028";
    try (RingmainClient client = gateway.client().build()) {
      assertEquals(chatter.text, client.chat(chatter.text).text());
      assertEquals(chatter.text, chatter.requests.remove().getMessages(0).getParts(0).getText());
    }
  }

  /** Requests and answers of more than 4 MiB pass. */
  @Test
  void largeMessages() {
    chatter.text = "x".repeat(6 << 20);
    try (RingmainClient client = gateway.client().build()) {
      assertEquals(6 << 20, client.chat(chatter.text).text().length());
    }
  }

  /** A request beyond the limit is not sent, whichever way it is to be answered. */
  @Test
  void limitedRequests() {
    ChatRequest request =
        Messages.chat(Messages.user("x".repeat(1000))).toBuilder().setModel("m").build();
    int size = request.getSerializedSize();
    ChatRequest larger = request.toBuilder().setRequestId("b").build();
    try (RingmainClient client = gateway.client().maxMessageBytes(size).build()) {
      assertEquals("Hello", client.chat(request).text());
      String told =
          "the request has " + (size + 3) + " bytes, more than maxMessageBytes, which is " + size;
      assertTooLarge(told, assertThrows(RingmainException.class, () -> client.chat(larger)));
      try (ChatStream stream = client.streamChat(larger)) {
        assertTooLarge(told, assertThrows(RingmainException.class, stream::answer));
      }
      CompletionException failed =
          assertThrows(CompletionException.class, () -> client.chatAsync(larger).join());
      assertTooLarge(told, failed.getCause());
      var stub = ChatServiceGrpc.newBlockingStub(client.channel());
      assertTooLarge(
          told,
          RingmainException.of(
              assertThrows(StatusRuntimeException.class, () -> stub.chat(larger))));
    }
    assertEquals(1, chatter.requests.size());
    assertThrows(IllegalArgumentException.class, () -> RingmainClient.builder().maxMessageBytes(0));
  }

  private static void assertTooLarge(String told, Throwable thrown) {
    RingmainException error = (RingmainException) thrown;
    assertEquals(ErrorKind.INVALID_REQUEST, error.kind());
    assertEquals(told, error.description());
  }

  /** A call that ends UNAVAILABLE is repeated, also with a large request. */
  @Test
  void repeats() {
    chatter.refusals.add(new StatusRuntimeException(Status.UNAVAILABLE));
    chatter.refusals.add(new StatusRuntimeException(Status.UNAVAILABLE));
    try (RingmainClient client = gateway.client().build()) {
      assertEquals("Hello", client.chat("x".repeat(5 << 20)).text());
    }
    assertEquals(3, gateway.calls.size());
  }

  /** Repeats come to an end. */
  @Test
  void repeatsEnd() {
    for (int i = 0; i < 9; i++) {
      chatter.refusals.add(
          FakeGateway.refusal(
              Status.Code.UNAVAILABLE, "stopping", FakeGateway.info("SHUTTING_DOWN")));
    }
    try (RingmainClient client = gateway.client().maxAttempts(2).build()) {
      RingmainException error = assertThrows(RingmainException.class, () -> client.chat("Hi"));
      assertEquals("SHUTTING_DOWN", error.reason());
    }
    assertEquals(2, gateway.calls.size());
  }

  /** With one attempt nothing is repeated. */
  @Test
  void repeatsCanBeOff() {
    chatter.refusals.add(new StatusRuntimeException(Status.UNAVAILABLE));
    try (RingmainClient client = gateway.client().maxAttempts(1).build()) {
      assertThrows(RingmainException.class, () -> client.chat("Hi"));
    }
    assertEquals(1, gateway.calls.size());
  }

  /**
   * A server that says not to come back is not asked again; one that names a delay is, after it.
   */
  @Test
  void pushback() {
    StatusRuntimeException unavailable =
        FakeGateway.refusal(
            Status.Code.UNAVAILABLE, "all failed", FakeGateway.info("PROVIDERS_UNAVAILABLE"));
    chatter.refusals.add(FakeGateway.pushback(unavailable, "-1"));
    try (RingmainClient client = gateway.client().build()) {
      assertThrows(RingmainException.class, () -> client.chat("Hi"));
      assertEquals(1, gateway.calls.size());
      chatter.refusals.add(
          FakeGateway.pushback(FakeGateway.refusal(Status.Code.UNAVAILABLE, "wait"), "300"));
      long began = System.nanoTime();
      assertEquals("Hello", client.chat("Hi").text());
      assertTrue(System.nanoTime() - began >= 250_000_000L);
    }
  }

  /** What is not UNAVAILABLE is not repeated, and tells reason, delay, fields and response. */
  @Test
  void errors() {
    chatter.refusals.add(
        FakeGateway.refusal(
            Status.Code.INVALID_ARGUMENT,
            "bad request",
            FakeGateway.info("INVALID_FIELD"),
            FakeGateway.retry(1250),
            FakeGateway.bad("messages[0].role", "model")));
    try (RingmainClient client = gateway.client().build()) {
      RingmainException error = assertThrows(RingmainException.class, () -> client.chat("Hi"));
      assertEquals(Status.Code.INVALID_ARGUMENT, error.code());
      assertEquals("INVALID_FIELD", error.reason());
      assertEquals(Duration.ofMillis(1250), error.retryDelay().orElseThrow());
      assertEquals(new Violation("messages[0].role", "is wrong"), error.violations().get(0));
      assertEquals("model", error.violations().get(1).field());
      assertEquals("resp_1", error.responseId());
      assertEquals(
          "INVALID_FIELD: bad request; messages[0].role: is wrong; model: is wrong (retry in 1.25"
              + " s)",
          error.getMessage());
    }
    assertEquals(1, gateway.calls.size());
  }

  /** A deadline reaches the server, ends the call, and is seen there. */
  @Test
  void deadline() throws Exception {
    chatter.hangs = true;
    try (RingmainClient client = gateway.client().timeout(Duration.ofMillis(400)).build()) {
      RingmainException error = assertThrows(RingmainException.class, () -> client.chat("Hi"));
      assertEquals(Status.Code.DEADLINE_EXCEEDED, error.code());
      assertTrue(gateway.deadlines.get(0).toMillis() <= 400);
      assertTrue(chatter.cancellations.take().await(5, TimeUnit.SECONDS));
      chatter.hangs = false;
      assertEquals("Hello", client.withTimeout(Duration.ofSeconds(20)).chat("Hi").text());
      assertTrue(gateway.deadlines.get(1).toMillis() > 10_000);
    }
  }

  /** Interrupting the thread that waits cancels the call, and leaves it interrupted. */
  @Test
  void interruption() throws Exception {
    chatter.hangs = true;
    try (RingmainClient client = gateway.client().build()) {
      Thread caller = Thread.currentThread();
      Thread interrupter =
          new Thread(
              () -> {
                try {
                  chatter.requests.take();
                } catch (InterruptedException unexpected) {
                  throw new AssertionError(unexpected);
                }
                caller.interrupt();
              });
      interrupter.start();
      RingmainException error = assertThrows(RingmainException.class, () -> client.chat("Hi"));
      assertEquals(Status.Code.CANCELLED, error.code());
      assertTrue(Thread.interrupted());
      assertTrue(chatter.cancellations.take().await(5, TimeUnit.SECONDS));
    }
  }

  /** A future has the answer or the error, and cancelling it cancels the call. */
  @Test
  void futures() throws Exception {
    try (RingmainClient client = gateway.client().build()) {
      var request = Messages.chat(Messages.user("Hi"));
      assertEquals("Hello", client.chatAsync(request).join().text());
      assertFalse(chatter.cancellations.take().await(300, TimeUnit.MILLISECONDS));
      chatter.refusals.add(FakeGateway.refusal(Status.Code.NOT_FOUND, "no such model"));
      CompletionException failed =
          assertThrows(CompletionException.class, () -> client.chatAsync(request).join());
      assertEquals(Status.Code.NOT_FOUND, ((RingmainException) failed.getCause()).code());
      chatter.cancellations.take();
      chatter.hangs = true;
      var future = client.chatAsync(request);
      var cancellation = chatter.cancellations.take();
      future.cancel(true);
      assertTrue(cancellation.await(5, TimeUnit.SECONDS));
    }
  }

  /** Token and metadata are sent with every call; stubs of gRPC's own send them too. */
  @Test
  void metadata() {
    try (RingmainClient client =
        gateway.client().token("s3cret").metadata("x-team", "search").build()) {
      client.withMetadata("x-call", "7").chat("Hi");
      assertEquals("Bearer s3cret", gateway.header(0, "authorization"));
      assertEquals("search", gateway.header(0, "x-team"));
      assertEquals("7", gateway.header(0, "x-call"));
      assertTrue(gateway.header(0, "user-agent").startsWith("ringmain-java"));
      ChatServiceGrpc.newBlockingStub(client.channel()).chat(Messages.chat(Messages.user("Hi")));
      assertEquals("Bearer s3cret", gateway.header(1, "authorization"));
    }
  }

  /** Errors of gRPC's own stubs can be told as the client's. */
  @Test
  void errorsOfStubs() {
    chatter.refusals.add(
        FakeGateway.refusal(
            Status.Code.RESOURCE_EXHAUSTED, "slow down", FakeGateway.info("RATE_LIMITED")));
    try (RingmainClient client = gateway.client().build()) {
      var stub = ChatServiceGrpc.newBlockingStub(client.channel());
      var request = Messages.chat(Messages.user("Hi"));
      RingmainException error =
          RingmainException.of(
              assertThrows(StatusRuntimeException.class, () -> stub.chat(request)));
      assertEquals("RATE_LIMITED", error.reason());
    }
  }

  /** Every reason of the contract has its kind. */
  @Test
  void reasons() {
    Map<ErrorReason, ErrorKind> kinds =
        Map.of(
            ErrorReason.ERROR_REASON_CONTEXT_TOO_LONG, ErrorKind.INVALID_REQUEST,
            ErrorReason.ERROR_REASON_RESOURCE_NOT_FOUND, ErrorKind.NOT_FOUND,
            ErrorReason.ERROR_REASON_METHOD_NOT_SERVED, ErrorKind.CAPABILITY_MISSING,
            ErrorReason.ERROR_REASON_LIMITS_UNAVAILABLE, ErrorKind.UNAVAILABLE,
            ErrorReason.ERROR_REASON_ISSUER_UNAVAILABLE, ErrorKind.UNAVAILABLE,
            ErrorReason.ERROR_REASON_OVERLOADED, ErrorKind.RATE_LIMITED,
            ErrorReason.ERROR_REASON_PROVIDERS_RATE_LIMITED, ErrorKind.RATE_LIMITED,
            ErrorReason.ERROR_REASON_MODEL_OUTPUT_INVALID, ErrorKind.MODEL_OUTPUT_INVALID);
    try (RingmainClient client = gateway.client().build()) {
      for (ErrorReason reason : ErrorReason.values()) {
        if (reason != ErrorReason.UNRECOGNIZED && reason.getNumber() != 0) {
          String name = reason.name().substring("ERROR_REASON_".length());
          chatter.refusals.add(
              FakeGateway.refusal(Status.Code.UNKNOWN, "no", FakeGateway.info(name)));
          RingmainException error = assertThrows(RingmainException.class, () -> client.chat("Hi"));
          assertEquals(reason, error.errorReason());
          assertTrue(error.kind().is(kinds.getOrDefault(reason, error.kind())), name);
          assertNotEquals(ErrorKind.OTHER, error.kind(), name);
        }
      }
    }
  }

  /** A code without a reason has its kind, and RESOURCE_EXHAUSTED is no rate limit then. */
  @Test
  void codes() {
    Map<Status.Code, ErrorKind> kinds =
        Map.of(
            Status.Code.INVALID_ARGUMENT, ErrorKind.INVALID_REQUEST,
            Status.Code.RESOURCE_EXHAUSTED, ErrorKind.INVALID_REQUEST,
            Status.Code.UNIMPLEMENTED, ErrorKind.CAPABILITY_MISSING,
            Status.Code.NOT_FOUND, ErrorKind.NOT_FOUND,
            Status.Code.UNAUTHENTICATED, ErrorKind.UNAUTHENTICATED,
            Status.Code.PERMISSION_DENIED, ErrorKind.PERMISSION_DENIED,
            Status.Code.UNAVAILABLE, ErrorKind.UNAVAILABLE,
            Status.Code.DATA_LOSS, ErrorKind.STREAM_INTERRUPTED,
            Status.Code.INTERNAL, ErrorKind.INTERNAL,
            Status.Code.ALREADY_EXISTS, ErrorKind.OTHER);
    try (RingmainClient client = gateway.client().maxAttempts(1).build()) {
      kinds.forEach(
          (code, kind) -> {
            chatter.refusals.add(new StatusRuntimeException(code.toStatus()));
            RingmainException error =
                assertThrows(RingmainException.class, () -> client.chat("Hi"));
            assertEquals(kind, error.kind(), code.name());
            assertEquals("", error.reason());
          });
      ErrorInfo foreign = ErrorInfo.newBuilder().setDomain("proxy.example").build();
      chatter.refusals.add(
          FakeGateway.refusal(Status.Code.RESOURCE_EXHAUSTED, "slow down", foreign));
      RingmainException error = assertThrows(RingmainException.class, () -> client.chat("Hi"));
      assertEquals(ErrorKind.RATE_LIMITED, error.kind());
    }
  }

  /** A gateway that is not there is told as UNAVAILABLE, and can be waited for. */
  @Test
  void absence() {
    RingmainClientBuilder builder = gateway.client();
    gateway.close();
    try (RingmainClient client = builder.timeout(Duration.ofSeconds(10)).build()) {
      RingmainException error = assertThrows(RingmainException.class, () -> client.chat("Hi"));
      assertEquals(Status.Code.UNAVAILABLE, error.code());
    }
    try (RingmainClient client =
        builder.waitForReady(true).timeout(Duration.ofMillis(300)).build()) {
      RingmainException error = assertThrows(RingmainException.class, () -> client.chat("Hi"));
      assertEquals(Status.Code.DEADLINE_EXCEEDED, error.code());
    }
  }
}

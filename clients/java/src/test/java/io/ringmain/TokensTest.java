package io.ringmain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.ringmain.v1.ChatServiceGrpc;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tokens from a source: kept, replaced before they end, and when the gateway refuses one. */
@Timeout(30)
class TokensTest {
  private static final Map<String, Function<RingmainClient, String>> WAYS =
      Map.of(
          "whole", client -> client.chat("Hi").text(),
          "later", client -> client.chatAsync(Messages.chat(Messages.user("Hi"))).join().text(),
          "streamed", TokensTest::streamed);

  private final Chatter chatter = new Chatter();
  private final AtomicInteger count = new AtomicInteger();
  private FakeGateway gateway;

  @BeforeEach
  void open() throws Exception {
    gateway = new FakeGateway(chatter);
  }

  @AfterEach
  void close() {
    gateway.close();
  }

  private static String streamed(RingmainClient client) {
    try (ChatStream stream = client.streamChat("Hi")) {
      stream.forEach(delta -> {});
      return stream.answer().text();
    }
  }

  /** Gives the tokens t1, t2 and so on. */
  private Token next() {
    return new Token("t" + count.incrementAndGet());
  }

  private static StatusRuntimeException refusal() {
    return FakeGateway.refusal(
        Status.Code.UNAUTHENTICATED, "no", FakeGateway.info("CREDENTIALS_INVALID"));
  }

  private List<String> sent() {
    return IntStream.range(0, gateway.calls.size())
        .mapToObj(call -> gateway.header(call, "authorization"))
        .toList();
  }

  /** The error of a call, whichever way it was made. */
  private static RingmainException failure(Runnable call) {
    Throwable thrown = assertThrows(RuntimeException.class, call::run);
    return assertInstanceOf(
        RingmainException.class, thrown instanceof RingmainException ? thrown : thrown.getCause());
  }

  /** Calls of every kind share a token, those of gRPC's stubs too. */
  @Test
  void askedForOnce() {
    try (RingmainClient client = gateway.client().tokenSource(this::next).build()) {
      WAYS.forEach((name, way) -> assertEquals("Hello", way.apply(client), name));
      ChatServiceGrpc.newBlockingStub(client.channel()).chat(Messages.chat(Messages.user("Hi")));
    }
    assertEquals(List.of("Bearer t1", "Bearer t1", "Bearer t1", "Bearer t1"), sent());
    assertEquals(1, count.get());
  }

  /** Calls that wait for a token at the same time share one question. */
  @Test
  void shared() {
    TokenSource slow =
        () -> {
          Thread.sleep(20);
          return next();
        };
    try (RingmainClient client = gateway.client().tokenSource(slow).build()) {
      List<CompletableFuture<Answer>> answers = new ArrayList<>();
      for (int call = 0; call < 10; call++) {
        answers.add(client.chatAsync(Messages.chat(Messages.user("Hi"))));
      }
      answers.forEach(CompletableFuture::join);
    }
    assertEquals(1, count.get());
  }

  /** A refused call is made once more with another token, and tracing sees one call. */
  @Test
  void refusedOnce() throws Exception {
    for (Map.Entry<String, Function<RingmainClient, String>> way : WAYS.entrySet()) {
      close();
      open();
      count.set(0);
      chatter.refusals.add(refusal());
      try (RingmainClient client = gateway.client().tokenSource(this::next).build()) {
        assertEquals("Hello", way.getValue().apply(client), way.getKey());
      }
      assertEquals(List.of("Bearer t1", "Bearer t2"), sent(), way.getKey());
    }
  }

  /** A large request is sent again whole. */
  @Test
  void largeRequest() {
    chatter.refusals.add(refusal());
    String question = "a".repeat(8 << 20);
    try (RingmainClient client = gateway.client().tokenSource(this::next).build()) {
      assertEquals("Hello", client.chat(question).text());
    }
    chatter.requests.remove();
    assertEquals(question, chatter.requests.remove().getMessages(0).getParts(0).getText());
  }

  /** When the other token is refused too, the caller is told, and the source is not asked again. */
  @Test
  void refusedForGood() {
    try (RingmainClient client = gateway.client().tokenSource(this::next).build()) {
      for (int refusals = 0; refusals < 2; refusals++) {
        chatter.refusals.add(refusal());
      }
      RingmainException error = failure(() -> client.chat("Hi"));
      assertEquals(ErrorKind.UNAUTHENTICATED, error.kind());
      assertEquals("CREDENTIALS_INVALID", error.reason());
      for (Function<RingmainClient, String> way : WAYS.values()) {
        chatter.refusals.add(refusal());
        assertEquals(ErrorKind.UNAUTHENTICATED, failure(() -> way.apply(client)).kind());
      }
    }
    assertEquals(2, count.get());
    assertEquals("Bearer t2", sent().get(4));
  }

  /** A source that has no other token ends the matter. */
  @Test
  void sameAgain() {
    chatter.refusals.add(refusal());
    try (RingmainClient client = gateway.client().tokenSource(() -> new Token("fixed")).build()) {
      assertEquals(ErrorKind.UNAUTHENTICATED, failure(() -> client.chat("Hi")).kind());
    }
    assertEquals(1, gateway.calls.size());
  }

  /** A stream that has begun is not begun again. */
  @Test
  void begun() {
    chatter.breaks = refusal();
    try (RingmainClient client = gateway.client().tokenSource(this::next).build()) {
      assertEquals(ErrorKind.UNAUTHENTICATED, failure(() -> streamed(client)).kind());
    }
    assertEquals(1, count.get());
  }

  /** A source that fails fails the call, and its exception is the cause. */
  @Test
  void failing() {
    IllegalStateException vault = new IllegalStateException("the vault is closed");
    TokenSource source =
        () -> {
          throw vault;
        };
    try (RingmainClient client = gateway.client().tokenSource(source).build()) {
      for (Function<RingmainClient, String> way : WAYS.values()) {
        RingmainException error = failure(() -> way.apply(client));
        assertEquals(ErrorKind.UNAUTHENTICATED, error.kind());
        Throwable deepest = error;
        while (deepest.getCause() != null) {
          deepest = deepest.getCause();
        }
        assertSame(vault, deepest);
      }
    }
    assertEquals(0, gateway.calls.size());
  }

  /** The deadline of a call bounds its wait for a token, and cancelling ends it. */
  @Test
  void waiting() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    TokenSource source =
        () -> {
          release.await();
          return next();
        };
    try (RingmainClient client = gateway.client().tokenSource(source).build()) {
      RingmainClient hasty = client.withTimeout(Duration.ofMillis(50));
      CompletableFuture<Answer> late = hasty.chatAsync(Messages.chat(Messages.user("Hi")));
      ExecutionException failed = assertThrows(ExecutionException.class, late::get);
      assertEquals(
          ErrorKind.DEADLINE_EXCEEDED,
          assertInstanceOf(RingmainException.class, failed.getCause()).kind());
      CompletableFuture<Answer> left = client.chatAsync(Messages.chat(Messages.user("Hi")));
      left.cancel(true);
      release.countDown();
    }
  }

  // --- the kept token, over clocks that stand still

  private final AtomicLong nanos = new AtomicLong(-5);

  private Tokens tokens(TokenSource source) {
    return new Tokens(source, nanos::get, () -> Instant.ofEpochSecond(1_800_000_000));
  }

  private void pass(Duration time) {
    nanos.addAndGet(time.toNanos());
  }

  private static String jwt(String claims) {
    byte[] bytes = claims.getBytes(StandardCharsets.UTF_8);
    return "e30." + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes) + ".c2ln";
  }

  /** A token is replaced a quarter of its life before its end, and at most half a minute. */
  @Test
  void replacedBeforeItsEnd() throws Exception {
    Map<Token, Integer> seconds =
        Map.of(
            new Token("t", Duration.ofHours(1)), 3570,
            new Token("t", Duration.ofMinutes(1)), 45,
            new Token("t", Duration.ofSeconds(-5)), 0,
            new Token(jwt("{\"exp\": 1800003600}")), 3570,
            new Token(jwt("{\"exp\": 1800003600}"), Duration.ofMinutes(1)), 45,
            new Token(jwt("{\"exp\": 7}")), 0);
    for (Map.Entry<Token, Integer> one : seconds.entrySet()) {
      count.set(0);
      Tokens tokens =
          tokens(
              () -> {
                count.incrementAndGet();
                return one.getKey();
              });
      tokens.get();
      if (one.getValue() > 0) {
        pass(Duration.ofSeconds(one.getValue()).minusNanos(1));
        tokens.get();
        assertEquals(1, count.get(), one.toString());
      }
      pass(Duration.ofNanos(1));
      tokens.get();
      assertEquals(2, count.get(), one.toString());
    }
  }

  /** A token whose end is unknown is kept. */
  @Test
  void kept() throws Exception {
    for (String text :
        List.of(
            "opaque",
            "a.b",
            "a.b.c",
            "a.b.c.d",
            jwt("{}"),
            jwt("{\"exp\": \"1\"}"),
            jwt("{\"a\": {\"exp\": 1}, \"b\": \"exp\"}"),
            jwt("{\"exp\": 1e300}"),
            jwt("{\"exp"))) {
      count.set(0);
      Tokens tokens =
          tokens(
              () -> {
                count.incrementAndGet();
                return new Token(text);
              });
      tokens.get();
      pass(Duration.ofDays(365));
      tokens.get();
      assertEquals(1, count.get(), text);
    }
  }

  /** The end is found among other claims, whatever is in them. */
  @Test
  void jwtTellsItsEnd() {
    String claims = "{\"a\\\"{\": [{\"exp\": 1}], \"n\": \"\\\\\", \"exp\" : 1060.5, \"z\": 1}";
    assertEquals(
        Duration.ofMillis(60_500), Tokens.lifetimeOf(jwt(claims), Instant.ofEpochSecond(1000)));
  }

  /** A token that is about to end is sent as long as no other can be had. */
  @Test
  void outage() throws Exception {
    Tokens tokens =
        tokens(
            () -> {
              if (count.incrementAndGet() > 1) {
                throw new IllegalStateException("away");
              }
              return new Token("t", Duration.ofMinutes(10));
            });
    tokens.get();
    pass(Duration.ofSeconds(599));
    assertEquals("t", tokens.get());
    pass(Duration.ofSeconds(1));
    assertThrows(Tokens.Failed.class, tokens::get);
  }

  /** A gateway that refuses every token cannot make the client ask without end. */
  @Test
  void refusals() throws Exception {
    Tokens tokens = tokens(this::next);
    tokens.get();
    assertEquals(Optional.of("t2"), tokens.another("t1"));
    assertEquals(Optional.of("t2"), tokens.another("t1"), "it has been replaced already");
    assertEquals(Optional.empty(), tokens.another("t2"));
    pass(Tokens.BETWEEN_REFUSALS);
    assertEquals(Optional.of("t3"), tokens.another("t2"));
  }

  /** No text of a token is ever shown. */
  @Test
  void secret() {
    assertFalse(new Token("secret").toString().contains("secret"));
  }
}

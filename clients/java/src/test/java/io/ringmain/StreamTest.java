package io.ringmain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.ringmain.v1.ChatEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Streamed answers: reading, cancelling, breaking, and how far a slow reader lets the gateway run
 * ahead.
 */
@Timeout(30)
class StreamTest {
  private final Chatter chatter = new Chatter();
  private FakeGateway gateway;
  private RingmainClient client;

  @BeforeEach
  void open() throws Exception {
    gateway = new FakeGateway(chatter);
    client = gateway.client().build();
    chatter.text = "ab";
    chatter.pieces = 3;
  }

  @AfterEach
  void close() {
    client.close();
    gateway.close();
  }

  /** Deltas come in order, and the whole answer is there at the end. */
  @Test
  void deltas() {
    List<String> read = new ArrayList<>();
    try (ChatStream stream = client.streamChat("Hi")) {
      stream.forEach(delta -> read.add(delta.toString()));
      assertEquals(List.of("ab", "ab", "ab"), read);
      assertEquals("ababab", stream.answer().text());
      assertEquals(3, stream.answer().usage().getOutputTokenCount());
      assertEquals("fake", stream.answer().provider());
    }
  }

  /** A stream is Java's stream of text too, and an answer without a loop. */
  @Test
  void texts() {
    try (Stream<String> text = client.streamChat("Hi").text()) {
      assertEquals("ababab", text.collect(Collectors.joining()));
    }
    try (ChatStream stream = client.streamChat("Hi")) {
      assertEquals("ababab", stream.answer().text());
    }
  }

  /** Closing a stream cancels the call, and the server sees it. */
  @Test
  void closing() throws Exception {
    chatter.hangs = true;
    try (ChatStream stream = client.streamChat("Hi")) {
      Iterator<ChatEvent> events = stream.events();
      for (int i = 0; i < 4; i++) {
        events.next();
      }
      assertEquals("abab", stream.partial().text());
    }
    assertTrue(chatter.cancellations.take().await(5, TimeUnit.SECONDS));
  }

  /** Closing from another thread wakes the reader. */
  @Test
  void closingFromElsewhere() throws Exception {
    chatter.hangs = true;
    chatter.pieces = 0;
    ChatStream stream = client.streamChat("Hi");
    CompletableFuture<Answer> reader = CompletableFuture.supplyAsync(stream::answer);
    CountDownLatch cancellation = chatter.cancellations.take();
    stream.close();
    Throwable error = assertThrows(Exception.class, reader::get).getCause();
    assertEquals(Status.Code.CANCELLED, assertInstanceOf(RingmainException.class, error).code());
    assertTrue(cancellation.await(5, TimeUnit.SECONDS));
  }

  /** Interrupting the reader cancels the call. */
  @Test
  void interruption() throws Exception {
    chatter.hangs = true;
    try (ChatStream stream = client.streamChat("Hi")) {
      CountDownLatch cancellation = chatter.cancellations.take();
      Thread.currentThread().interrupt();
      RingmainException error = assertThrows(RingmainException.class, stream::answer);
      assertEquals(Status.Code.CANCELLED, error.code());
      assertTrue(Thread.interrupted());
      assertTrue(cancellation.await(5, TimeUnit.SECONDS));
    }
  }

  /** A stream that was dropped unread is cancelled once it is garbage. */
  @Test
  void dropping() throws Exception {
    chatter.hangs = true;
    client.streamChat("Hi");
    CountDownLatch cancellation = chatter.cancellations.take();
    boolean seen = false;
    for (int i = 0; i < 50 && !seen; i++) {
      System.gc();
      seen = cancellation.await(200, TimeUnit.MILLISECONDS);
    }
    assertTrue(seen);
  }

  /** A stream that breaks tells why, after what came. */
  @Test
  void breaking() {
    chatter.breaks =
        FakeGateway.refusal(Status.Code.ABORTED, "broke", FakeGateway.info("STREAM_INTERRUPTED"));
    try (ChatStream stream = client.streamChat("Hi")) {
      RingmainException error = assertThrows(RingmainException.class, stream::answer);
      assertEquals("STREAM_INTERRUPTED", error.reason());
      assertEquals("ababab", stream.partial().text());
      assertEquals(
          "STREAM_INTERRUPTED", assertThrows(RingmainException.class, stream::answer).reason());
    }
    assertEquals(1, gateway.calls.size());
  }

  /** A stream that ends without its last event is an error, not a short answer. */
  @Test
  void endingEarly() {
    chatter.ends = false;
    try (ChatStream stream = client.streamChat("Hi")) {
      assertEquals(
          Status.Code.DATA_LOSS, assertThrows(RingmainException.class, stream::answer).code());
    }
  }

  /** A stream that is refused before its first event is repeated. */
  @Test
  void repeats() {
    chatter.refusals.add(new StatusRuntimeException(Status.UNAVAILABLE));
    try (ChatStream stream = client.streamChat("Hi")) {
      assertEquals("ababab", stream.answer().text());
    }
    assertEquals(2, gateway.calls.size());
  }

  /** The deadline is for all of a stream. */
  @Test
  void deadline() {
    chatter.hangs = true;
    try (ChatStream stream = client.withTimeout(Duration.ofMillis(500)).streamChat("Hi")) {
      RingmainException error = assertThrows(RingmainException.class, stream::answer);
      assertEquals(Status.Code.DEADLINE_EXCEEDED, error.code());
      assertEquals("ababab", stream.partial().text());
    }
  }

  /** A reader that stands still stops the gateway within a megabyte. */
  @Test
  void slowReader() throws Exception {
    chatter.text = "x".repeat(10_000);
    chatter.pieces = 1000;
    try (ChatStream stream = client.streamChat("Hi")) {
      stream.iterator().next();
      int before = -1;
      while (before != chatter.sent.get()) {
        before = chatter.sent.get();
        TimeUnit.MILLISECONDS.sleep(300);
      }
      assertTrue(before < 100, "the gateway ran " + before + " pieces ahead");
      assertEquals(10_000_000, stream.answer().text().length());
    }
  }

  /** A publisher gives what its subscriber asks for, to the end. */
  @Test
  void publishing() throws Exception {
    Subscriber subscriber = new Subscriber(Long.MAX_VALUE);
    client.publishChat(Messages.chat(Messages.user("Hi"))).subscribe(subscriber);
    assertTrue(subscriber.done.await(10, TimeUnit.SECONDS));
    assertEquals("ababab", subscriber.fold.answer().text());
    assertTrue(subscriber.errors.isEmpty());
  }

  /** A publisher's subscriber gets no more than it asked for, and cancelling cancels the call. */
  @Test
  void publishingOnDemand() throws Exception {
    chatter.hangs = true;
    Subscriber subscriber = new Subscriber(2);
    client.publishChat(Messages.chat(Messages.user("Hi"))).subscribe(subscriber);
    CountDownLatch cancellation = chatter.cancellations.take();
    assertFalse(subscriber.done.await(300, TimeUnit.MILLISECONDS));
    assertEquals(2, subscriber.count);
    subscriber.subscription.request(1);
    subscriber.subscription.cancel();
    assertTrue(cancellation.await(5, TimeUnit.SECONDS));
    assertFalse(subscriber.done.await(300, TimeUnit.MILLISECONDS));
  }

  /** A publisher tells errors, its own subscriber's among them. */
  @Test
  void publishingErrors() throws Exception {
    chatter.refusals.add(FakeGateway.refusal(Status.Code.NOT_FOUND, "no such model"));
    Subscriber failed = new Subscriber(1);
    client.publishChat(Messages.chat(Messages.user("Hi"))).subscribe(failed);
    assertTrue(failed.done.await(10, TimeUnit.SECONDS));
    assertInstanceOf(RingmainException.class, failed.errors.get(0));
    Subscriber broken = new Subscriber(0);
    client.publishChat(Messages.chat(Messages.user("Hi"))).subscribe(broken);
    assertTrue(broken.done.await(10, TimeUnit.SECONDS));
    assertInstanceOf(IllegalArgumentException.class, broken.errors.get(0));
    chatter.ends = false;
    Subscriber cut = new Subscriber(Long.MAX_VALUE);
    client.publishChat(Messages.chat(Messages.user("Hi"))).subscribe(cut);
    assertTrue(cut.done.await(10, TimeUnit.SECONDS));
    assertEquals(
        Status.Code.DATA_LOSS, assertInstanceOf(RingmainException.class, cut.errors.get(0)).code());
  }

  private static final class Subscriber implements Flow.Subscriber<ChatEvent> {
    final CountDownLatch done = new CountDownLatch(1);
    final List<Throwable> errors = Collections.synchronizedList(new ArrayList<>());
    final AnswerFold fold = new AnswerFold();
    private final long demand;
    volatile Flow.Subscription subscription;
    volatile int count;

    Subscriber(long demand) {
      this.demand = demand;
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
      subscription = given;
      given.request(demand);
    }

    @Override
    public void onNext(ChatEvent event) {
      fold.add(event);
      count = count + 1;
    }

    @Override
    public void onError(Throwable error) {
      errors.add(error);
      done.countDown();
    }

    @Override
    public void onComplete() {
      done.countDown();
    }
  }
}

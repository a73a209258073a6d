package io.ringmain;

import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.lang.ref.Cleaner;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * The events of a running call, to be read once, by one thread at a time. A slow reader slows the
 * provider down: no more than a few events wait here.
 *
 * <p>{@link #close} cancels the call, from any thread, unless it has ended: the gateway closes the
 * provider's connection, and you pay for what was written. So does interrupting the thread that
 * reads. A stream that ends without its last event throws, so that a broken answer never passes for
 * a whole one.
 *
 * @param <E> the kind of event
 */
public final class EventStream<E> implements Iterator<E>, Iterable<E>, AutoCloseable {
  static final Status BROKEN =
      Status.DATA_LOSS.withDescription("the stream ended without its last event");

  private static final Cleaner CLEANER = Cleaner.create();
  private static final int AHEAD = 2;

  private final Reader<E> reader;
  private final Predicate<E> isLast;
  private E next;
  private boolean sawLast;

  private EventStream(Reader<E> reader, Predicate<E> isLast) {
    this.reader = reader;
    this.isLast = isLast;
    CLEANER.register(this, reader::cancel);
  }

  static <Q, E> EventStream<E> start(ClientCall<Q, E> call, Q request, Predicate<E> isLast) {
    Reader<E> reader = new Reader<>(call);
    EventStream<E> stream = new EventStream<>(reader, isLast);
    Calls.send(call, reader, request, AHEAD);
    return stream;
  }

  /**
   * Waits for the next event.
   *
   * @throws RingmainException the call failed
   */
  @Override
  public boolean hasNext() {
    if (next == null) {
      next = reader.take();
      sawLast |= next != null && isLast.test(next);
    }
    if (next == null && !sawLast) {
      throw RingmainException.of(BROKEN, null);
    }
    return next != null;
  }

  @Override
  public E next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    E event = next;
    next = null;
    return event;
  }

  /**
   * Returns this, for a {@code for} loop. Leaving the loop does not end the call: closing the
   * stream does.
   */
  @Override
  public Iterator<E> iterator() {
    return this;
  }

  /** The events as Java's stream, whose {@code close} cancels the call. */
  public Stream<E> stream() {
    int kind = Spliterator.ORDERED | Spliterator.NONNULL;
    return StreamSupport.stream(Spliterators.spliteratorUnknownSize(this, kind), false)
        .onClose(this::close);
  }

  /** Cancels the call, unless it has ended. */
  @Override
  public void close() {
    reader.cancel();
  }

  /**
   * What gRPC tells. It does not know the stream, so that a stream that was dropped can be cleaned
   * up.
   */
  private static final class Reader<E> extends ClientCall.Listener<E> {
    private record Item<E>(E event, Status status, Metadata trailers) {}

    private final ClientCall<?, E> call;
    private final BlockingQueue<Item<E>> queue =
        new LinkedBlockingQueue<>(); // of AHEAD and the end
    private Item<E> end;

    Reader(ClientCall<?, E> call) {
      this.call = call;
    }

    @Override
    public void onMessage(E event) {
      queue.add(new Item<>(event, null, null));
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      queue.add(new Item<>(null, status, trailers));
    }

    /** Returns the next event; null at the end. */
    E take() {
      if (end == null) {
        Item<E> item = await();
        if (item.status() == null) {
          call.request(1);
          return item.event();
        }
        end = item;
      }
      if (!end.status().isOk()) {
        throw RingmainException.of(end.status(), end.trailers());
      }
      return null;
    }

    void cancel() {
      call.cancel("the stream was closed", null);
    }

    private Item<E> await() {
      try {
        return queue.take();
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
        call.cancel("the thread was interrupted", interrupted);
        Status status =
            Status.CANCELLED.withDescription("the thread was interrupted").withCause(interrupted);
        return new Item<>(null, status, null);
      }
    }
  }
}

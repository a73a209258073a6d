package io.ringmain;

import io.ringmain.v1.ChatEvent;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * An answer as it is written. Read it once, as deltas or as {@link #events}, and close it: that
 * cancels the call unless it has ended. See {@link EventStream} for what else ends it.
 */
public final class ChatStream implements Iterable<Delta>, AutoCloseable {
  private final EventStream<ChatEvent> events;
  private final AnswerFold fold = new AnswerFold();

  ChatStream(EventStream<ChatEvent> events) {
    this.events = events;
  }

  /**
   * What the answer grows by. The iterator's methods throw {@link RingmainException} when the call
   * fails; {@link #partial} is what came before.
   */
  @Override
  public Iterator<Delta> iterator() {
    return new Deltas();
  }

  /** The pieces of text as Java's stream, whose {@code close} cancels the call. */
  public Stream<String> text() {
    int kind = Spliterator.ORDERED | Spliterator.NONNULL;
    return StreamSupport.stream(Spliterators.spliteratorUnknownSize(iterator(), kind), false)
        .map(Delta::text)
        .filter(text -> !text.isEmpty())
        .onClose(this::close);
  }

  /** The events of the contract. */
  public Iterator<ChatEvent> events() {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return events.hasNext();
      }

      @Override
      public ChatEvent next() {
        ChatEvent event = events.next();
        fold.add(event);
        return event;
      }
    };
  }

  /**
   * The whole answer. Reads what is left of it.
   *
   * @throws RingmainException the call failed
   */
  public Answer answer() {
    while (events.hasNext()) {
      fold.add(events.next());
    }
    return partial();
  }

  /** The answer so far, for streams that broke or were left. */
  public Answer partial() {
    return fold.answer();
  }

  /** Cancels the call, unless it has ended. */
  @Override
  public void close() {
    events.close();
  }

  private final class Deltas implements Iterator<Delta> {
    private Optional<Delta> next = Optional.empty();

    @Override
    public boolean hasNext() {
      while (next.isEmpty() && events.hasNext()) {
        next = fold.add(events.next());
      }
      return next.isPresent();
    }

    @Override
    public Delta next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      Delta delta = next.get();
      next = Optional.empty();
      return delta;
    }
  }
}

package io.ringmain;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The token that a client keeps. Calls that need another one at the same time share a question. */
final class Tokens {
  /**
   * The longest time before its end at which a token is replaced; a quarter of its life if that is
   * less.
   */
  static final Duration MARGIN = Duration.ofSeconds(30);

  /**
   * Between two replacements of tokens that the gateway refused, so that a gateway that refuses
   * every token does not make the client flood whoever gives them.
   */
  static final Duration BETWEEN_REFUSALS = Duration.ofSeconds(10);

  /** As long as nobody measures; nanoseconds of twice as much fit into a long. */
  private static final Duration FOREVER = Duration.ofDays(100 * 365);

  private static final Pattern NUMBER =
      Pattern.compile("\\s*:\\s*(-?\\d+(?:\\.\\d+)?(?:[eE][+-]?\\d+)?)");

  private final TokenSource source;
  private final LongSupplier nanos;
  private final InstantSource wall;
  private final ReentrantLock oneAtATime = new ReentrantLock();
  private volatile Kept kept;
  private long refusalsFrom;
  private boolean refusedBefore;

  private record Kept(String text, long renewAt, long endsAt) {}

  /** The source has failed. */
  static final class Failed extends Exception {
    private static final long serialVersionUID = 1L;

    Failed(Throwable cause) {
      super("the token source failed: " + cause, cause);
    }
  }

  Tokens(TokenSource source) {
    this(source, System::nanoTime, InstantSource.system());
  }

  Tokens(TokenSource source, LongSupplier nanos, InstantSource wall) {
    this.source = source;
    this.nanos = nanos;
    this.wall = wall;
  }

  /** Returns the token to send. */
  String get() throws Failed {
    Kept known = kept;
    if (known != null && nanos.getAsLong() - known.renewAt() < 0) {
      return known.text();
    }
    oneAtATime.lock();
    try {
      known = kept;
      long now = nanos.getAsLong();
      return known != null && now - known.renewAt() < 0 ? known.text() : ask(known);
    } finally {
      oneAtATime.unlock();
    }
  }

  /** Returns the token to send in place of one that the gateway refused, if there is another. */
  Optional<String> another(String refused) {
    try {
      return replaceable(refused)
          ? Optional.of(get()).filter(text -> !text.equals(refused))
          : Optional.empty();
    } catch (Failed failed) {
      return Optional.empty(); // The refusal is what the caller is told.
    }
  }

  private String ask(Kept known) throws Failed {
    try {
      Token token = source.get();
      Duration lifetime =
          token.lifetime() == null ? lifetimeOf(token.text(), wall.instant()) : token.lifetime();
      long life = shorter(lifetime, FOREVER).toNanos();
      long endsAt = nanos.getAsLong() + life;
      kept =
          new Kept(
              token.text(), endsAt - Math.max(0, Math.min(MARGIN.toNanos(), life / 4)), endsAt);
      return token.text();
    } catch (Exception error) {
      if (error instanceof InterruptedException) {
        Thread.currentThread().interrupt();
      }
      // It is asked before the token ends, so that a short outage of whoever gives tokens does no
      // harm.
      if (known != null && nanos.getAsLong() - known.endsAt() < 0) {
        return known.text();
      }
      throw new Failed(error);
    }
  }

  private boolean replaceable(String refused) {
    oneAtATime.lock();
    try {
      if (kept == null || !kept.text().equals(refused)) {
        return true; // Another call has replaced it already.
      }
      long now = nanos.getAsLong();
      if (refusedBefore && now - refusalsFrom < 0) {
        return false;
      }
      refusedBefore = true;
      refusalsFrom = now + BETWEEN_REFUSALS.toNanos();
      kept = null;
      return true;
    } finally {
      oneAtATime.unlock();
    }
  }

  /**
   * Returns how long a JWT is valid by its claim {@code exp}. It is not verified: the gateway
   * decides.
   */
  static Duration lifetimeOf(String text, Instant now) {
    String[] parts = text.split("\\.", -1);
    if (parts.length != 3) {
      return FOREVER;
    }
    try {
      byte[] claims = Base64.getUrlDecoder().decode(parts[1].replaceFirst("=+$", ""));
      double end = exp(new String(claims, StandardCharsets.UTF_8));
      double left = end - now.toEpochMilli() / 1000.0;
      return left > FOREVER.toSeconds()
          ? FOREVER
          : Duration.ofMillis(Math.max(0, (long) (left * 1000)));
    } catch (IllegalArgumentException none) {
      return FOREVER;
    }
  }

  /** Returns the member {@code exp} of an object, and not that of an object within it. */
  private static double exp(String json) {
    int depth = 0;
    for (int at = 0; at < json.length(); at++) {
      switch (json.charAt(at)) {
        case '{', '[' -> depth++;
        case '}', ']' -> depth--;
        case '"' -> {
          int end = endOfText(json, at);
          Matcher number = NUMBER.matcher(json).region(end, json.length());
          if (depth == 1 && json.substring(at, end).equals("\"exp\"") && number.lookingAt()) {
            return Double.parseDouble(number.group(1));
          }
          at = end - 1;
        }
        default -> {}
      }
    }
    throw new IllegalArgumentException("has no exp");
  }

  private static int endOfText(String json, int start) {
    for (int at = start + 1; at < json.length(); at++) {
      switch (json.charAt(at)) {
        case '\\' -> at++;
        case '"' -> {
          return at + 1;
        }
        default -> {}
      }
    }
    throw new IllegalArgumentException("has a text without end");
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }
}

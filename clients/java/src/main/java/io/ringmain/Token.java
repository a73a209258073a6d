package io.ringmain;

import java.time.Duration;
import java.util.Objects;

/**
 * A token, and how long it is valid.
 *
 * @param text the token
 * @param lifetime how long it is valid from now on, such as {@code expires_in} of OAuth 2. Null
 *     means that the token says so itself, as a JWT does, or that nobody knows: then it is kept
 *     until the gateway refuses it
 */
public record Token(String text, Duration lifetime) {
  /** Checks that there is a text. */
  public Token {
    Objects.requireNonNull(text, "text");
  }

  /** A token that says itself when it ends, or whose end nobody knows. */
  public Token(String text) {
    this(text, null);
  }

  /** Shows the lifetime alone. */
  @Override
  public String toString() {
    return "Token[lifetime=" + lifetime + "]";
  }
}

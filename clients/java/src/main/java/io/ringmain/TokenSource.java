package io.ringmain;

/**
 * Gives the tokens of a client. It is asked before the first call, again shortly before the token
 * ends, and once more if the gateway refuses it; calls that wait at the same time share it.
 */
@FunctionalInterface
public interface TokenSource {
  /**
   * Returns a token. It may block, and should take less time than a call may.
   *
   * @throws Exception there is none; the call fails with {@link ErrorKind#UNAUTHENTICATED}, and
   *     this is its cause
   */
  Token get() throws Exception;
}

package io.ringmain;

import io.grpc.Status;
import io.ringmain.v1.ErrorReason;

/**
 * What kind of failure a {@link RingmainException} tells of. The gateway's reason decides where it
 * gave one, else the code, so that answers of proxies are sorted too.
 */
public enum ErrorKind {
  /** The request breaks a rule, or is too large. A repeat fails again. */
  INVALID_REQUEST,
  /** The input is longer than every candidate's context. Also an invalid request. */
  CONTEXT_TOO_LONG(INVALID_REQUEST),
  /** Media cannot be read, or are not taken. Also an invalid request. */
  MEDIA_INVALID(INVALID_REQUEST),
  /** No such model, nothing serves it, or no such thing. */
  NOT_FOUND,
  /** The model, or the gateway, cannot do what the request needs, or does not serve the method. */
  CAPABILITY_MISSING,
  /** The provider's safety system refused the request. */
  CONTENT_FILTERED,
  /** The token is missing or wrong. */
  UNAUTHENTICATED,
  /** The token is good, but not for this model or method. */
  PERMISSION_DENIED,
  /** Over a limit; {@link RingmainException#retryDelay} says when to come back. */
  RATE_LIMITED,
  /** The budget is spent. Also over a limit. */
  BUDGET_EXCEEDED(RATE_LIMITED),
  /** The gateway itself is at capacity. Also over a limit. */
  OVERLOADED(RATE_LIMITED),
  /** The gateway cannot be reached, or every candidate failed. */
  UNAVAILABLE,
  /** The stream broke after content was sent; {@link ChatStream#partial} has what came before. */
  STREAM_INTERRUPTED,
  /** The model wrote what cannot be used, such as a malformed tool call. Asking again may help. */
  MODEL_OUTPUT_INVALID,
  /** The call took longer than its deadline. */
  DEADLINE_EXCEEDED,
  /** The call was cancelled. */
  CANCELLED,
  /** A fault of the gateway, whose log has the rest under the response id. */
  INTERNAL,
  /** None of these. */
  OTHER;

  private final ErrorKind parent;

  ErrorKind() {
    this(null);
  }

  ErrorKind(ErrorKind parent) {
    this.parent = parent;
  }

  /** Whether this is that kind, or one of its kinds: an overload is a rate limit, too. */
  public boolean is(ErrorKind kind) {
    return this == kind || parent == kind;
  }

  /**
   * The kind of an error.
   *
   * @param informed whether the status has an ErrorInfo, of any domain
   */
  static ErrorKind of(Status.Code code, ErrorReason reason, boolean informed) {
    return switch (reason) {
      case ERROR_REASON_INVALID_FIELD, ERROR_REASON_PROVIDER_REJECTED -> INVALID_REQUEST;
      case ERROR_REASON_CONTEXT_TOO_LONG -> CONTEXT_TOO_LONG;
      case ERROR_REASON_MEDIA_INVALID -> MEDIA_INVALID;
      case ERROR_REASON_MODEL_NOT_FOUND, ERROR_REASON_RESOURCE_NOT_FOUND -> NOT_FOUND;
      case ERROR_REASON_CAPABILITY_MISSING, ERROR_REASON_METHOD_NOT_SERVED -> CAPABILITY_MISSING;
      case ERROR_REASON_CONTENT_FILTERED -> CONTENT_FILTERED;
      case ERROR_REASON_CREDENTIALS_INVALID -> UNAUTHENTICATED;
      case ERROR_REASON_NOT_ALLOWED -> PERMISSION_DENIED;
      case ERROR_REASON_RATE_LIMITED, ERROR_REASON_PROVIDERS_RATE_LIMITED -> RATE_LIMITED;
      case ERROR_REASON_BUDGET_EXCEEDED -> BUDGET_EXCEEDED;
      case ERROR_REASON_OVERLOADED -> OVERLOADED;
      case ERROR_REASON_PROVIDERS_UNAVAILABLE,
          ERROR_REASON_LIMITS_UNAVAILABLE,
          ERROR_REASON_ISSUER_UNAVAILABLE,
          ERROR_REASON_STORE_UNAVAILABLE,
          ERROR_REASON_SHUTTING_DOWN ->
          UNAVAILABLE;
      case ERROR_REASON_STREAM_INTERRUPTED -> STREAM_INTERRUPTED;
      case ERROR_REASON_MODEL_OUTPUT_INVALID -> MODEL_OUTPUT_INVALID;
      case ERROR_REASON_DEADLINE_EXCEEDED -> DEADLINE_EXCEEDED;
      case ERROR_REASON_INTERNAL -> INTERNAL;
      case ERROR_REASON_UNSPECIFIED, UNRECOGNIZED -> of(code, informed);
    };
  }

  /**
   * The kind of a code. Without an ErrorInfo, RESOURCE_EXHAUSTED is gRPC's own: a message is larger
   * than the gateway or this client takes.
   */
  private static ErrorKind of(Status.Code code, boolean informed) {
    return switch (code) {
      case INVALID_ARGUMENT, OUT_OF_RANGE -> INVALID_REQUEST;
      case NOT_FOUND -> NOT_FOUND;
      case UNIMPLEMENTED -> CAPABILITY_MISSING;
      case UNAUTHENTICATED -> UNAUTHENTICATED;
      case PERMISSION_DENIED -> PERMISSION_DENIED;
      case RESOURCE_EXHAUSTED -> informed ? RATE_LIMITED : INVALID_REQUEST;
      case UNAVAILABLE -> UNAVAILABLE;
      case ABORTED, DATA_LOSS -> STREAM_INTERRUPTED;
      case DEADLINE_EXCEEDED -> DEADLINE_EXCEEDED;
      case CANCELLED -> CANCELLED;
      case INTERNAL -> INTERNAL;
      case OK, UNKNOWN, ALREADY_EXISTS, FAILED_PRECONDITION -> OTHER;
    };
  }
}

package io.ringmain;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import io.ringmain.v1.ErrorReason;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A failed call. The client throws nothing else for one. */
public final class RingmainException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private static final String DOMAIN = "ringmain.v1";

  /** The code of gRPC. */
  private final Status.Code code;

  /** What happened, for people, without the rest that {@link #getMessage} has. */
  private final String description;

  /** What the reason and the code are of. */
  private final ErrorKind kind;

  /** Whether the gateway gave a delay, and which. */
  private final Duration retryDelay;

  /** As the gateway gave it. */
  private final transient ErrorInfo info;

  /** The fields that break a rule. */
  private final transient List<Violation> violations;

  private RingmainException(Status status, com.google.rpc.Status details, Throwable cause) {
    this(
        status,
        info(details),
        detail(details, ErrorInfo.class).isPresent(),
        retryDelay(details),
        violations(details),
        cause);
  }

  private RingmainException(
      Status status,
      ErrorInfo info,
      boolean informed,
      Duration retryDelay,
      List<Violation> violations,
      Throwable cause) {
    super(line(status, info, retryDelay, violations), cause);
    this.code = status.getCode();
    this.description = status.getDescription() == null ? "" : status.getDescription();
    this.info = info;
    this.retryDelay = retryDelay;
    this.violations = violations;
    this.kind = ErrorKind.of(code, errorReason(), informed);
  }

  /**
   * Returns what a failed call of gRPC's own stubs would have thrown here.
   *
   * @param error what gRPC threw; any other error becomes one of the code UNKNOWN
   */
  public static RingmainException of(Throwable error) {
    if (error instanceof RingmainException known) {
      return known;
    }
    return new RingmainException(Status.fromThrowable(error), details(trailers(error)), error);
  }

  static RingmainException of(Status status, Metadata trailers) {
    return of(status.asRuntimeException(trailers));
  }

  /** The code of gRPC. */
  public Status.Code code() {
    return code;
  }

  /** What kind of failure it is, for a {@code switch}. */
  public ErrorKind kind() {
    return kind;
  }

  /** What happened, for people: the status message. {@link #getMessage} has the rest, too. */
  public String description() {
    return description;
  }

  /**
   * The gateway's reason, such as {@code PROVIDERS_UNAVAILABLE}. Empty if the status came from
   * elsewhere: gRPC itself, or a proxy.
   */
  public String reason() {
    return info().getReason();
  }

  /**
   * {@link #reason} as the contract's, for a {@code switch}; UNSPECIFIED if empty or newer than
   * this client.
   */
  public ErrorReason errorReason() {
    try {
      return ErrorReason.valueOf("ERROR_REASON_" + reason());
    } catch (IllegalArgumentException newer) {
      return ErrorReason.ERROR_REASON_UNSPECIFIED;
    }
  }

  /** What the reason is about, such as the model. */
  public Map<String, String> metadata() {
    return info().getMetadataMap();
  }

  /** The gateway's name for the call, to be found in its log. Empty if it gave none. */
  public String responseId() {
    return metadata().getOrDefault("response_id", "");
  }

  /** How long to wait before a repeat has a chance, if the gateway said so. */
  public Optional<Duration> retryDelay() {
    return Optional.ofNullable(retryDelay);
  }

  /** The fields that break a rule. */
  public List<Violation> violations() {
    return violations == null ? List.of() : violations;
  }

  private ErrorInfo info() {
    return info == null ? ErrorInfo.getDefaultInstance() : info;
  }

  private static Metadata trailers(Throwable error) {
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      if (cause instanceof StatusRuntimeException status) {
        return status.getTrailers();
      }
      if (cause instanceof StatusException status) {
        return status.getTrailers();
      }
    }
    return null;
  }

  /**
   * The rich status of the trailers; an empty one if absent or garbled, such as a proxy's own idea
   * of it.
   */
  private static com.google.rpc.Status details(Metadata trailers) {
    Metadata.Key<byte[]> key =
        Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);
    byte[] found = trailers == null ? null : trailers.get(key);
    try {
      return com.google.rpc.Status.parseFrom(found == null ? new byte[0] : found);
    } catch (InvalidProtocolBufferException garbled) {
      return com.google.rpc.Status.getDefaultInstance();
    }
  }

  private static <M extends Message> Optional<M> detail(
      com.google.rpc.Status details, Class<M> kind) {
    for (Any any : details.getDetailsList()) {
      try {
        if (any.is(kind)) {
          return Optional.of(any.unpack(kind));
        }
      } catch (InvalidProtocolBufferException garbled) {
        return Optional.empty();
      }
    }
    return Optional.empty();
  }

  private static ErrorInfo info(com.google.rpc.Status details) {
    return detail(details, ErrorInfo.class)
        .filter(info -> info.getDomain().equals(DOMAIN))
        .orElse(ErrorInfo.getDefaultInstance());
  }

  private static Duration retryDelay(com.google.rpc.Status details) {
    return detail(details, RetryInfo.class)
        .filter(RetryInfo::hasRetryDelay)
        .map(RetryInfo::getRetryDelay)
        .map(delay -> Duration.ofSeconds(delay.getSeconds(), delay.getNanos()))
        .orElse(null);
  }

  private static List<Violation> violations(com.google.rpc.Status details) {
    return detail(details, BadRequest.class).stream()
        .flatMap(bad -> bad.getFieldViolationsList().stream())
        .map(one -> new Violation(one.getField(), one.getDescription()))
        .toList();
  }

  private static String line(
      Status status, ErrorInfo info, Duration retryDelay, List<Violation> violations) {
    StringBuilder line = new StringBuilder();
    line.append(info.getReason().isEmpty() ? status.getCode().name() : info.getReason());
    line.append(": ")
        .append(status.getDescription() == null ? "no details" : status.getDescription());
    violations.forEach(
        one -> line.append("; ").append(one.field()).append(": ").append(one.description()));
    if (retryDelay != null) {
      line.append(" (retry in ").append(retryDelay.toMillis() / 1000.0).append(" s)");
    }
    return line.toString();
  }
}

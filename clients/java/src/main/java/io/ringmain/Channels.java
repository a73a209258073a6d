package io.ringmain;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** How the client connects. */
final class Channels {
  static final int RESPONSE_LIMIT = 64 << 20;

  /**
   * Bytes that gRPC reads ahead of a slow reader; a given size switches off the estimate that would
   * grow it.
   */
  private static final int STREAM_WINDOW = 256 << 10;

  private static final Duration KEEPALIVE_TIME = Duration.ofSeconds(60);
  private static final Duration KEEPALIVE_TIMEOUT = Duration.ofSeconds(20);

  /** Whose calls may be repeated. AdminService is not among them. */
  private static final List<String> SERVICES =
      List.of(
          "ringmain.v1.AudioService",
          "ringmain.v1.ChatService",
          "ringmain.v1.EmbeddingService",
          "ringmain.v1.ImageService",
          "ringmain.v1.ModelService",
          "ringmain.v1.UsageService",
          "ringmain.v1.VisionService",
          "grpc.health.v1.Health");

  private Channels() {}

  static ManagedChannel connect(RingmainClientBuilder settings) {
    return NettyChannelBuilder.forTarget(settings.target, settings.credentials())
        .userAgent("ringmain-java")
        .defaultServiceConfig(serviceConfig(settings.maxAttempts, settings.waitForReady))
        .enableRetry()
        // What is kept for a repeat: a request with images is more than the 1 MiB that gRPC keeps
        // of one call.
        .perRpcBufferLimit(settings.maxMessageBytes)
        .retryBufferSize(4L * settings.maxMessageBytes)
        .maxInboundMessageSize(RESPONSE_LIMIT)
        .keepAliveTime(KEEPALIVE_TIME.toSeconds(), TimeUnit.SECONDS)
        .keepAliveTimeout(KEEPALIVE_TIMEOUT.toSeconds(), TimeUnit.SECONDS)
        .keepAliveWithoutCalls(false)
        .flowControlWindow(STREAM_WINDOW)
        .build();
  }

  /**
   * Returns the service config: balancing over all addresses, and retries while it is safe.
   *
   * <p>gRPC repeats a call only as long as nothing of an answer has arrived. {@code
   * retryThrottling} stops repeats when most calls fail, so that an outage is not multiplied.
   * Numbers must be of the type Double.
   *
   * @see <a href="https://github.com/grpc/proposal/blob/master/A6-client-retries.md">gRFC A6</a>
   */
  static Map<String, Object> serviceConfig(int maxAttempts, boolean waitForReady) {
    Map<String, Object> method = new HashMap<>();
    method.put("name", SERVICES.stream().map(service -> Map.of("service", service)).toList());
    method.put("waitForReady", waitForReady);
    if (maxAttempts > 1) {
      method.put(
          "retryPolicy",
          Map.of(
              "maxAttempts",
              (double) maxAttempts,
              "initialBackoff",
              "0.1s",
              "maxBackoff",
              "2s",
              "backoffMultiplier",
              2.0,
              "retryableStatusCodes",
              List.of("UNAVAILABLE")));
    }
    return Map.of(
        "loadBalancingConfig", List.of(Map.of("round_robin", Map.of())),
        "methodConfig", List.of(method),
        "retryThrottling", Map.of("maxTokens", 10.0, "tokenRatio", 0.1));
  }

  /** Gives a call a deadline unless it has one. */
  static ClientInterceptor timeout(Duration timeout) {
    return new ClientInterceptor() {
      @Override
      public <Q, R> ClientCall<Q, R> interceptCall(
          MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
        boolean given = options.getDeadline() != null;
        return next.newCall(
            method,
            given ? options : options.withDeadlineAfter(timeout.toNanos(), TimeUnit.NANOSECONDS));
      }
    };
  }

  /** The address: that given, else the environment's, else this machine's. */
  static String target(String given) {
    return Stream.of(given, System.getenv("RINGMAIN_TARGET"))
        .filter(target -> target != null && !target.isEmpty())
        .findFirst()
        .orElse("127.0.0.1:50051");
  }
}

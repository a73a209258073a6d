package io.ringmain;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.BindableService;
import io.grpc.Context;
import io.grpc.InsecureServerCredentials;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerCredentials;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.StatusProto;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A scripted gateway on a loopback address: a server of gRPC's that notes what it is asked. */
final class FakeGateway implements AutoCloseable {
  final List<Metadata> calls = new CopyOnWriteArrayList<>();
  final List<Duration> deadlines = new CopyOnWriteArrayList<>();
  private final Server server;

  FakeGateway(ServerCredentials credentials, String host, BindableService... services)
      throws IOException {
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(
                new InetSocketAddress(InetAddress.getByName(host), 0), credentials)
            .maxInboundMessageSize(Channels.RESPONSE_LIMIT)
            .intercept(new Notes());
    Arrays.stream(services).forEach(builder::addService);
    server = builder.build().start();
  }

  FakeGateway(BindableService... services) throws IOException {
    this(InsecureServerCredentials.create(), "127.0.0.1", services);
  }

  String target() {
    return "127.0.0.1:" + server.getPort();
  }

  /** Begins a client of this gateway. */
  RingmainClientBuilder client() {
    return RingmainClient.builder().target(target()).model("test/model");
  }

  String header(int call, String key) {
    return calls.get(call).get(Metadata.Key.of(key, Metadata.ASCII_STRING_MARSHALLER));
  }

  /** Takes no new calls, and waits until the running ones have ended. */
  void drain() {
    server.shutdown();
    await();
  }

  @Override
  public void close() {
    server.shutdownNow();
    await();
  }

  private void await() {
    try {
      server.awaitTermination(5, TimeUnit.SECONDS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** The status of a refusal, with the details that the gateway gives. */
  static StatusRuntimeException refusal(Status.Code code, String message, Message... details) {
    com.google.rpc.Status.Builder status =
        com.google.rpc.Status.newBuilder().setCode(code.value()).setMessage(message);
    Arrays.stream(details).map(Any::pack).forEach(status::addDetails);
    return StatusProto.toStatusRuntimeException(status.build());
  }

  static StatusRuntimeException pushback(StatusRuntimeException refusal, String milliseconds) {
    refusal
        .getTrailers()
        .put(
            Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER),
            milliseconds);
    return refusal;
  }

  static ErrorInfo info(String reason) {
    return ErrorInfo.newBuilder()
        .setDomain("ringmain.v1")
        .setReason(reason)
        .putMetadata("response_id", "resp_1")
        .build();
  }

  static RetryInfo retry(long milliseconds) {
    return RetryInfo.newBuilder()
        .setRetryDelay(
            com.google.protobuf.Duration.newBuilder()
                .setSeconds(milliseconds / 1000)
                .setNanos((int) (milliseconds % 1000) * 1_000_000))
        .build();
  }

  static BadRequest bad(String... fields) {
    BadRequest.Builder bad = BadRequest.newBuilder();
    Arrays.stream(fields)
        .forEach(
            field -> bad.addFieldViolationsBuilder().setField(field).setDescription("is wrong"));
    return bad.build();
  }

  /** Opened once the call that the current thread serves has been cancelled. */
  static CountDownLatch cancelled() {
    CountDownLatch seen = new CountDownLatch(1);
    Context.current().addListener(context -> note(context, seen), Runnable::run);
    return seen;
  }

  /** A call that came to its end cancels its context too, but without a cause. */
  private static void note(Context context, CountDownLatch seen) {
    if (context.cancellationCause() != null) {
      seen.countDown();
    }
  }

  private final class Notes implements ServerInterceptor {
    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
      calls.add(headers);
      if (Context.current().getDeadline() != null) {
        deadlines.add(
            Duration.ofMillis(
                Context.current().getDeadline().timeRemaining(TimeUnit.MILLISECONDS)));
      }
      return next.startCall(call, headers);
    }
  }
}

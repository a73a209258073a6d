package io.ringmain;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** Calls that have one request, in the ways that Java waits. */
final class Calls {
  private Calls() {}

  /** Waits for the answer. Interrupting the thread cancels the call. */
  static <Q, R> R whole(Channel channel, MethodDescriptor<Q, R> method, Q request) {
    try {
      return ClientCalls.blockingUnaryCall(channel, method, CallOptions.DEFAULT, request);
    } catch (StatusRuntimeException error) {
      throw RingmainException.of(error);
    }
  }

  /**
   * Returns the answer to come. Cancelling the future, or completing it in another way, cancels the
   * call.
   */
  static <Q, R, T> CompletableFuture<T> later(
      Channel channel, MethodDescriptor<Q, R> method, Q request, Function<R, T> shown) {
    ClientCall<Q, R> call = channel.newCall(method, CallOptions.DEFAULT);
    CompletableFuture<T> future = new CompletableFuture<>();
    ClientCalls.asyncUnaryCall(call, request, new Completing<>(future, shown));
    // A call that has ended is not disturbed.
    future.whenComplete((answer, error) -> call.cancel("nobody waits for the answer", error));
    return future;
  }

  /** Begins a call and sends its only request. */
  static <Q, R> void send(
      ClientCall<Q, R> call, ClientCall.Listener<R> listener, Q request, int wanted) {
    call.start(listener, new Metadata());
    call.request(wanted);
    try {
      call.sendMessage(request);
      call.halfClose();
    } catch (RuntimeException | Error broken) {
      call.cancel("the request could not be sent", broken);
      throw broken;
    }
  }

  /** Completes once the status has come, for an answer before an error is none. */
  private static final class Completing<R, T> implements StreamObserver<R> {
    private final CompletableFuture<T> future;
    private final Function<R, T> shown;
    private R response;

    Completing(CompletableFuture<T> future, Function<R, T> shown) {
      this.future = future;
      this.shown = shown;
    }

    @Override
    public void onNext(R received) {
      response = received;
    }

    @Override
    public void onError(Throwable error) {
      future.completeExceptionally(RingmainException.of(error));
    }

    @Override
    public void onCompleted() {
      future.complete(shown.apply(response));
    }
  }
}

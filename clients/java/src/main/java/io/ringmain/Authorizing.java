package io.ringmain;

import io.grpc.CallCredentials;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.Optional;
import java.util.concurrent.Executor;

/**
 * Sends the client's token with each call, and makes a call once more with another one if the
 * gateway refuses it before it answers. A call that sends a stream is not repeated, because the
 * part that was sent cannot be had again.
 */
record Authorizing(Tokens tokens) implements ClientInterceptor {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  @Override
  public <Q, R> ClientCall<Q, R> interceptCall(
      MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
    if (!method.getType().clientSendsOneMessage()) {
      return next.newCall(method, options.withCallCredentials(new Bearer(tokens)));
    }
    return new Renewing<>(method, options, next);
  }

  /** Has gRPC wait for the token, in another thread than the transport's, until the deadline. */
  private static final class Bearer extends CallCredentials {
    private final Tokens tokens;
    private volatile String sent;

    Bearer(Tokens tokens) {
      this.tokens = tokens;
    }

    @Override
    public void applyRequestMetadata(RequestInfo info, Executor executor, MetadataApplier applier) {
      executor.execute(() -> apply(applier));
    }

    private void apply(MetadataApplier applier) {
      try {
        String text = tokens.get();
        Metadata metadata = new Metadata();
        metadata.put(AUTHORIZATION, "Bearer " + text);
        sent = text;
        applier.apply(metadata);
      } catch (Tokens.Failed failed) {
        applier.fail(
            Status.UNAUTHENTICATED
                .withDescription(failed.getMessage())
                .withCause(failed.getCause()));
      }
    }

    /** Returns a token to send in place of the one that was sent, if there is another. */
    Optional<String> another() {
      String text = sent;
      return text == null ? Optional.empty() : tokens.another(text);
    }
  }

  /** A call with one request, which is kept until something of the answer has come. */
  private final class Renewing<Q, R> extends ClientCall<Q, R> {
    private final MethodDescriptor<Q, R> method;
    private final CallOptions options;
    private final Channel next;
    private final Bearer bearer = new Bearer(tokens);

    // Guarded by this, for the reader asks for messages while gRPC tells of the end.
    private ClientCall<Q, R> call;
    private boolean mayRenew = true;
    private Listener<R> listener;
    private Metadata headers;
    private Q message;
    private boolean closed;
    private boolean deferred; // refused before the whole request was given
    private int requested;
    private boolean cancelled;

    Renewing(MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
      this.method = method;
      this.options = options;
      this.next = next;
      this.call = next.newCall(method, options.withCallCredentials(bearer));
    }

    @Override
    public void start(Listener<R> listener, Metadata headers) {
      this.listener = listener;
      this.headers = new Metadata();
      this.headers.merge(headers);
      call.start(new First(listener), headers);
    }

    @Override
    public synchronized void request(int count) {
      requested += mayRenew ? count : 0;
      call.request(count);
    }

    @Override
    public synchronized void sendMessage(Q message) {
      this.message = mayRenew ? message : null;
      call.sendMessage(message);
    }

    @Override
    public synchronized void halfClose() {
      closed = true;
      if (deferred) {
        begin();
      } else {
        call.halfClose();
      }
    }

    @Override
    public synchronized void cancel(String reason, Throwable cause) {
      cancelled = true;
      call.cancel(reason, cause);
      if (deferred && !closed) {
        listener.onClose(Status.CANCELLED.withDescription(reason).withCause(cause), new Metadata());
      }
    }

    @Override
    public synchronized boolean isReady() {
      return call.isReady();
    }

    private synchronized boolean unanswered() {
      return mayRenew && !cancelled;
    }

    private synchronized void answered() {
      mayRenew = false;
      message = null;
    }

    /** Begins again once the request is whole, unless nobody waits any more. */
    private synchronized boolean renewed() {
      if (!unanswered()) {
        return false;
      }
      if (closed) {
        begin();
      } else {
        deferred = true;
      }
      return true;
    }

    private void begin() {
      Q again = message;
      answered();
      // gRPC asks for the token anew, and finds the other one.
      call = next.newCall(method, options.withCallCredentials(new Bearer(tokens)));
      call.start(listener, headers);
      call.request(requested);
      call.sendMessage(again);
      call.halfClose();
    }

    /** Tells the caller of everything but a refusal that another token may put right. */
    private final class First extends SimpleForwardingClientCallListener<R> {
      First(Listener<R> listener) {
        super(listener);
      }

      @Override
      public void onMessage(R event) {
        answered();
        super.onMessage(event);
      }

      @Override
      public void onClose(Status status, Metadata trailers) {
        boolean refused = status.getCode() == Status.Code.UNAUTHENTICATED && unanswered();
        if (!refused || bearer.another().isEmpty() || !renewed()) {
          super.onClose(status, trailers);
        }
      }
    }
  }
}

package io.ringmain;

import com.google.protobuf.MessageLite;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;

/**
 * Refuses to send a message that is larger than the gateway takes. gRPC has no such limit of its
 * own for what goes out.
 */
record SizeLimit(int maxMessageBytes) implements ClientInterceptor {
  @Override
  public <Q, R> ClientCall<Q, R> interceptCall(
      MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
    return new Limited<>(next.newCall(method, options));
  }

  private final class Limited<Q, R> extends SimpleForwardingClientCall<Q, R> {
    private volatile Status refused;

    Limited(ClientCall<Q, R> call) {
      super(call);
    }

    @Override
    public void start(Listener<R> listener, Metadata headers) {
      super.start(
          new SimpleForwardingClientCallListener<R>(listener) {
            @Override
            public void onClose(Status status, Metadata trailers) {
              // A call that is cancelled here ends with what it was cancelled for.
              super.onClose(refused == null ? status : refused, trailers);
            }
          },
          headers);
    }

    @Override
    public void sendMessage(Q message) {
      int size = message instanceof MessageLite sent ? sent.getSerializedSize() : 0;
      if (refused == null && size > maxMessageBytes) {
        refused =
            Status.RESOURCE_EXHAUSTED.withDescription(
                "the request has "
                    + size
                    + " bytes, more than maxMessageBytes, which is "
                    + maxMessageBytes);
        cancel("the request is too large", null);
      } else if (refused == null) {
        super.sendMessage(message);
      }
    }

    @Override
    public void halfClose() {
      if (refused == null) { // A cancelled call takes none.
        super.halfClose();
      }
    }
  }
}

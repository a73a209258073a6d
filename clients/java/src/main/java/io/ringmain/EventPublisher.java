package io.ringmain;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.Objects;
import java.util.concurrent.Flow;
import java.util.function.Predicate;

/** Makes a call for each subscriber, and passes on its demand and its cancellation to gRPC. */
final class EventPublisher<Q, E> implements Flow.Publisher<E> {
  private final Channel channel;
  private final MethodDescriptor<Q, E> method;
  private final Q request;
  private final Predicate<E> isLast;

  EventPublisher(Channel channel, MethodDescriptor<Q, E> method, Q request, Predicate<E> isLast) {
    this.channel = channel;
    this.method = method;
    this.request = request;
    this.isLast = isLast;
  }

  @Override
  public void subscribe(Flow.Subscriber<? super E> subscriber) {
    Objects.requireNonNull(subscriber);
    Running running = new Running(channel.newCall(method, CallOptions.DEFAULT), subscriber);
    subscriber.onSubscribe(running);
    running.start();
  }

  private final class Running extends ClientCall.Listener<E> implements Flow.Subscription {
    private final ClientCall<Q, E> call;
    private final Flow.Subscriber<? super E> subscriber;
    private boolean sawLast;
    private int early; // demand from before the call began
    private boolean started;
    private volatile boolean cancelled;
    private volatile IllegalArgumentException refused;

    Running(ClientCall<Q, E> call, Flow.Subscriber<? super E> subscriber) {
      this.call = call;
      this.subscriber = subscriber;
    }

    synchronized void start() {
      if (!cancelled) {
        started = true;
        Calls.send(call, this, request, early);
        if (refused != null) {
          call.cancel("the subscriber is broken", refused);
        }
      }
    }

    @Override
    public synchronized void request(long wanted) {
      if (wanted <= 0) {
        refused = new IllegalArgumentException("the demand must be positive, not " + wanted);
        if (started) {
          call.cancel("the subscriber is broken", refused);
        }
      } else if (started) {
        call.request((int) Math.min(wanted, Integer.MAX_VALUE));
      } else {
        early = (int) Math.min(early + wanted, Integer.MAX_VALUE);
      }
    }

    @Override
    public void cancel() {
      cancelled = true;
      call.cancel("the subscription was cancelled", null);
    }

    @Override
    public void onMessage(E event) {
      sawLast |= isLast.test(event);
      if (!cancelled && refused == null) {
        subscriber.onNext(event);
      }
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      if (cancelled) {
        return;
      }
      if (refused != null) {
        subscriber.onError(refused);
      } else if (!status.isOk()) {
        subscriber.onError(RingmainException.of(status, trailers));
      } else if (!sawLast) {
        subscriber.onError(RingmainException.of(EventStream.BROKEN, null));
      } else {
        subscriber.onComplete();
      }
    }
  }
}

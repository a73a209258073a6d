package io.ringmain;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.ringmain.v1.ChatEvent;
import io.ringmain.v1.ChatFinished;
import io.ringmain.v1.ChatRequest;
import io.ringmain.v1.ChatResponse;
import io.ringmain.v1.ChatServiceGrpc;
import io.ringmain.v1.ChatStarted;
import io.ringmain.v1.FinishReason;
import io.ringmain.v1.Message;
import io.ringmain.v1.Part;
import io.ringmain.v1.PartDelta;
import io.ringmain.v1.PartStarted;
import io.ringmain.v1.Role;
import io.ringmain.v1.Route;
import io.ringmain.v1.Usage;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** A scripted ChatService: refuses as often as it is told to, then answers. */
class Chatter extends ChatServiceGrpc.ChatServiceImplBase {
  final Queue<RuntimeException> refusals = new ConcurrentLinkedQueue<>();
  final Queue<ChatResponse> answers = new ConcurrentLinkedQueue<>(); // before the usual one
  final BlockingQueue<ChatRequest> requests = new LinkedBlockingQueue<>();
  final BlockingQueue<CountDownLatch> cancellations = new LinkedBlockingQueue<>();
  final AtomicInteger sent = new AtomicInteger();
  String text = "Hello";
  int pieces = 1;
  boolean hangs; // before an answer, or after the pieces of a stream
  boolean ends = true; // with the last event
  RuntimeException breaks; // after the pieces

  @Override
  public void chat(ChatRequest request, StreamObserver<ChatResponse> out) {
    if (begin(request, out) && !hangs) {
      ChatResponse answer = answers.poll();
      out.onNext(answer == null ? usual() : answer);
      out.onCompleted();
    }
  }

  private ChatResponse usual() {
    Part part = Part.newBuilder().setText(text).build();
    return ChatResponse.newBuilder()
        .setResponseId("resp_1")
        .setMessage(Message.newBuilder().setRole(Role.ROLE_ASSISTANT).addParts(part))
        .setFinishReason(FinishReason.FINISH_REASON_STOP)
        .setUsage(Usage.newBuilder().setOutputTokenCount(1).setCostNanoUsd(2_000_000))
        .build();
  }

  @Override
  public void streamChat(ChatRequest request, StreamObserver<ChatEvent> observer) {
    ServerCallStreamObserver<ChatEvent> out = (ServerCallStreamObserver<ChatEvent>) observer;
    if (begin(request, out)) {
      out.setOnReadyHandler(new Pump(out));
    }
  }

  private boolean begin(ChatRequest request, StreamObserver<?> out) {
    requests.add(request);
    cancellations.add(FakeGateway.cancelled());
    RuntimeException refusal = refusals.poll();
    if (refusal != null) {
      out.onError(refusal);
    }
    return refusal == null;
  }

  static ChatEvent text(String text) {
    return ChatEvent.newBuilder().setPartDelta(PartDelta.newBuilder().setText(text)).build();
  }

  /** Writes while gRPC takes it. */
  private final class Pump implements Runnable {
    private final ServerCallStreamObserver<ChatEvent> out;
    private int written = -1;

    Pump(ServerCallStreamObserver<ChatEvent> out) {
      this.out = out;
    }

    @Override
    public void run() {
      while (out.isReady() && written <= pieces) {
        write(written++);
      }
    }

    private void write(int number) {
      if (number < 0) {
        ChatStarted started =
            ChatStarted.newBuilder().setResponseId("resp_1").setProviderId("fake").build();
        out.onNext(ChatEvent.newBuilder().setStarted(started).build());
        PartStarted opened =
            PartStarted.newBuilder().setPart(Part.newBuilder().setText("")).build();
        out.onNext(ChatEvent.newBuilder().setPartStarted(opened).build());
      } else if (number < pieces) {
        out.onNext(text(text));
        sent.incrementAndGet();
      } else if (breaks != null) {
        out.onError(breaks);
      } else if (!hangs) {
        finish();
      }
    }

    private void finish() {
      if (ends) {
        ChatFinished end =
            ChatFinished.newBuilder()
                .setFinishReason(FinishReason.FINISH_REASON_STOP)
                .setUsage(Usage.newBuilder().setOutputTokenCount(pieces))
                .setRoute(Route.newBuilder().setProviderId("fake"))
                .build();
        out.onNext(ChatEvent.newBuilder().setFinished(end).build());
      }
      out.onCompleted();
    }
  }
}

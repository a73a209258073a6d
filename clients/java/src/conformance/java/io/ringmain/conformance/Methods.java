package io.ringmain.conformance;

import com.google.gson.JsonObject;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import io.grpc.Status;
import io.ringmain.Answer;
import io.ringmain.ChatStream;
import io.ringmain.EventStream;
import io.ringmain.RingmainClient;
import io.ringmain.RingmainException;
import io.ringmain.v1.AnalyzeImagesRequest;
import io.ringmain.v1.Capability;
import io.ringmain.v1.ChatRequest;
import io.ringmain.v1.CountTokensRequest;
import io.ringmain.v1.EmbedRequest;
import io.ringmain.v1.GenerateImagesRequest;
import io.ringmain.v1.ListModelsRequest;
import io.ringmain.v1.ListModelsResponse;
import io.ringmain.v1.StreamImagesRequest;
import java.util.Base64;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/** The methods that a case can ask for. */
final class Methods {
  /** Milliseconds after which {@code cancel_after: 0} cancels. */
  private static final long SOON = 1000;

  private static final ScheduledExecutorService CLOCK =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "clock");
            thread.setDaemon(true);
            return thread;
          });

  private Methods() {}

  /**
   * Makes a call.
   *
   * @param responses where the messages go
   * @param chat where the answer of a chat goes, as the client gives it
   * @return whether the call was cancelled here
   */
  static boolean call(
      RingmainClient client,
      JsonObject asked,
      List<MessageLite> responses,
      AtomicReference<Answer> chat) {
    byte[] request = Base64.getDecoder().decode(asked.get("request").getAsString());
    int cancelAfter = asked.has("cancel_after") ? asked.get("cancel_after").getAsInt() : -1;
    try {
      return switch (asked.get("method").getAsString()) {
        case "Chat" -> chat(client, ChatRequest.parseFrom(request), cancelAfter, responses, chat);
        case "StreamChat" ->
            read(client.streamChat(ChatRequest.parseFrom(request)), cancelAfter, responses, chat);
        case "AnalyzeImages" -> {
          chat.set(client.analyzeImages(AnalyzeImagesRequest.parseFrom(request)));
          responses.add(chat.get().proto());
          yield false;
        }
        case "StreamAnalyzeImages" ->
            read(
                client.streamAnalyzeImages(AnalyzeImagesRequest.parseFrom(request)),
                cancelAfter,
                responses,
                chat);
        case "StreamImages" ->
            images(client, StreamImagesRequest.parseFrom(request), cancelAfter, responses);
        default -> {
          responses.add(whole(client, asked.get("method").getAsString(), request));
          yield false;
        }
      };
    } catch (InvalidProtocolBufferException garbled) {
      throw new IllegalArgumentException(garbled);
    }
  }

  private static MessageLite whole(RingmainClient client, String method, byte[] request)
      throws InvalidProtocolBufferException {
    return switch (method) {
      case "CountTokens" -> client.countTokens(CountTokensRequest.parseFrom(request).getChat());
      case "GenerateImages" -> client.generateImages(GenerateImagesRequest.parseFrom(request));
      case "Embed" -> client.embed(EmbedRequest.parseFrom(request));
      case "ListModels" -> {
        List<Capability> wanted = ListModelsRequest.parseFrom(request).getCapabilitiesList();
        yield ListModelsResponse.newBuilder()
            .addAllModels(client.models(wanted.toArray(new Capability[0])))
            .build();
      }
      case "GetServerInfo" -> client.serverInfo();
      default -> throw new IllegalArgumentException("unknown method " + method);
    };
  }

  private static boolean chat(
      RingmainClient client,
      ChatRequest request,
      int cancelAfter,
      List<MessageLite> responses,
      AtomicReference<Answer> chat) {
    if (cancelAfter < 0) {
      chat.set(client.chat(request));
      responses.add(chat.get().proto());
      return false;
    }
    CompletableFuture<Answer> answer = client.chatAsync(request);
    CLOCK.schedule(() -> answer.cancel(true), SOON, TimeUnit.MILLISECONDS);
    try {
      chat.set(answer.join());
      responses.add(chat.get().proto());
      return false;
    } catch (CancellationException cancelled) {
      return true;
    } catch (CompletionException failed) {
      throw RingmainException.of(failed.getCause());
    }
  }

  private static boolean read(
      ChatStream stream,
      int cancelAfter,
      List<MessageLite> responses,
      AtomicReference<Answer> chat) {
    try (stream) {
      return read(stream.events(), stream::close, cancelAfter, responses);
    } finally {
      chat.set(stream.partial());
    }
  }

  private static boolean images(
      RingmainClient client,
      StreamImagesRequest request,
      int cancelAfter,
      List<MessageLite> responses) {
    try (EventStream<? extends MessageLite> stream = client.streamImages(request)) {
      return read(stream, stream::close, cancelAfter, responses);
    }
  }

  /**
   * Reads until the end, or so many messages; 0 cancels from another thread while this one waits.
   */
  private static boolean read(
      Iterator<? extends MessageLite> events,
      Runnable close,
      int cancelAfter,
      List<MessageLite> responses) {
    ScheduledFuture<?> closing =
        cancelAfter == 0 ? CLOCK.schedule(close, SOON, TimeUnit.MILLISECONDS) : null;
    try {
      while (events.hasNext()) {
        responses.add(events.next());
        if (responses.size() == cancelAfter) {
          return true;
        }
      }
      return false;
    } catch (RingmainException error) {
      if (closing != null && closing.isDone() && error.code() == Status.Code.CANCELLED) {
        return true;
      }
      throw error;
    }
  }
}

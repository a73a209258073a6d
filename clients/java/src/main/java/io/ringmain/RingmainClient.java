package io.ringmain;

import com.google.protobuf.Int32Value;
import com.google.protobuf.StringValue;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.MetadataUtils;
import io.ringmain.v1.AnalyzeImagesRequest;
import io.ringmain.v1.Capability;
import io.ringmain.v1.ChatEvent;
import io.ringmain.v1.ChatRequest;
import io.ringmain.v1.ChatServiceGrpc;
import io.ringmain.v1.CountTokensRequest;
import io.ringmain.v1.CountTokensResponse;
import io.ringmain.v1.EditImagesRequest;
import io.ringmain.v1.EditImagesResponse;
import io.ringmain.v1.EmbedRequest;
import io.ringmain.v1.EmbedResponse;
import io.ringmain.v1.EmbeddingServiceGrpc;
import io.ringmain.v1.EstimateCostRequest;
import io.ringmain.v1.EstimateCostResponse;
import io.ringmain.v1.GenerateImagesRequest;
import io.ringmain.v1.GenerateImagesResponse;
import io.ringmain.v1.GetServerInfoRequest;
import io.ringmain.v1.GetServerInfoResponse;
import io.ringmain.v1.ImageEvent;
import io.ringmain.v1.ImageServiceGrpc;
import io.ringmain.v1.ListModelsRequest;
import io.ringmain.v1.ListModelsResponse;
import io.ringmain.v1.Model;
import io.ringmain.v1.ModelServiceGrpc;
import io.ringmain.v1.StreamImagesRequest;
import io.ringmain.v1.VisionServiceGrpc;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;

/**
 * A client of the gateway. Make one for the process: threads may share it, and it keeps its
 * connections.
 *
 * <p>Failed calls throw {@link RingmainException}; so do those of a thread that is interrupted
 * while it waits, which cancels the call. Requests that name no model get the client's.
 */
public final class RingmainClient implements AutoCloseable {
  private static final Duration CLOSING = Duration.ofSeconds(5);

  /**
   * grpc.health.v1.Health/Check, whose messages have the form of these wrappers: one field, number
   * 1.
   */
  private static final MethodDescriptor<StringValue, Int32Value> CHECK =
      MethodDescriptor.<StringValue, Int32Value>newBuilder()
          .setType(MethodDescriptor.MethodType.UNARY)
          .setFullMethodName("grpc.health.v1.Health/Check")
          .setRequestMarshaller(ProtoUtils.marshaller(StringValue.getDefaultInstance()))
          .setResponseMarshaller(ProtoUtils.marshaller(Int32Value.getDefaultInstance()))
          .build();

  private static final List<String> HEALTH =
      List.of("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN");

  private final ManagedChannel connections; // null in a view
  private final Channel channel;
  private final String model;

  RingmainClient(RingmainClientBuilder settings) {
    this.connections = Channels.connect(settings);
    this.channel = ClientInterceptors.intercept(connections, settings.interceptors());
    this.model = settings.model;
  }

  private RingmainClient(Channel channel, String model) {
    this.connections = null;
    this.channel = channel;
    this.model = model;
  }

  /** Begins a client. */
  public static RingmainClientBuilder builder() {
    return new RingmainClientBuilder();
  }

  // --- views: the same connections, other calls. Closing a view does nothing.
  // ---------------------

  /** Returns a view with another model. */
  public RingmainClient withModel(String model) {
    return new RingmainClient(channel, model);
  }

  /** Returns a view whose calls may take so long, each from its own beginning. */
  public RingmainClient withTimeout(Duration timeout) {
    return withInterceptors(Channels.timeout(timeout));
  }

  /** Returns a view whose calls send more metadata. */
  public RingmainClient withMetadata(String key, String value) {
    Metadata metadata = new Metadata();
    metadata.put(Metadata.Key.of(key, Metadata.ASCII_STRING_MARSHALLER), value);
    return withInterceptors(MetadataUtils.newAttachHeadersInterceptor(metadata));
  }

  /**
   * Returns a view whose calls go through interceptors, before all that the client does to them.
   */
  public RingmainClient withInterceptors(ClientInterceptor... interceptors) {
    return new RingmainClient(ClientInterceptors.intercept(channel, interceptors), model);
  }

  /**
   * The client's connections with its token, metadata and timeout, for the stubs of gRPC: {@code
   * UsageServiceGrpc.newBlockingStub(client.channel())}. {@link RingmainException#of} tells what
   * their errors say.
   */
  public Channel channel() {
    return channel;
  }

  // --- chat
  // ------------------------------------------------------------------------------------------

  /** Returns the answer to a question. */
  public Answer chat(String question) {
    return chat(Messages.chat(Messages.user(question)));
  }

  /** Returns the answer to a conversation. */
  public Answer chat(ChatRequest request) {
    return new Answer(Calls.whole(channel, ChatServiceGrpc.getChatMethod(), named(request)));
  }

  /** Returns the answer to come. Cancelling the future cancels the call. */
  public CompletableFuture<Answer> chatAsync(ChatRequest request) {
    return Calls.later(channel, ChatServiceGrpc.getChatMethod(), named(request), Answer::new);
  }

  /** Begins to answer a question, and returns the answer as it is written. */
  public ChatStream streamChat(String question) {
    return streamChat(Messages.chat(Messages.user(question)));
  }

  /** Begins to answer a conversation, and returns the answer as it is written. */
  public ChatStream streamChat(ChatRequest request) {
    return chatStream(ChatServiceGrpc.getStreamChatMethod(), named(request));
  }

  /**
   * Returns an answer for reactive code: each subscriber makes a call, which is paid, gets events
   * as it asks for them, and cancels the call with its subscription. {@link AnswerFold} makes
   * deltas and an answer of them.
   */
  public Flow.Publisher<ChatEvent> publishChat(ChatRequest request) {
    MethodDescriptor<ChatRequest, ChatEvent> method = ChatServiceGrpc.getStreamChatMethod();
    return new EventPublisher<>(channel, method, named(request), ChatEvent::hasFinished);
  }

  /** Returns how many tokens a request has, without sending it to a model. */
  public CountTokensResponse countTokens(ChatRequest request) {
    CountTokensRequest counted = CountTokensRequest.newBuilder().setChat(named(request)).build();
    return Calls.whole(channel, ChatServiceGrpc.getCountTokensMethod(), counted);
  }

  /** Returns what a request would cost at least and at most, without sending it to a model. */
  public EstimateCostResponse estimateCost(ChatRequest request) {
    EstimateCostRequest estimated =
        EstimateCostRequest.newBuilder().setChat(named(request)).build();
    return Calls.whole(channel, ChatServiceGrpc.getEstimateCostMethod(), estimated);
  }

  // --- pictures, and vectors
  // -----------------------------------------------------------------------------

  /** Returns the answer to a question about pictures. */
  public Answer analyzeImages(AnalyzeImagesRequest request) {
    return new Answer(
        Calls.whole(channel, VisionServiceGrpc.getAnalyzeImagesMethod(), named(request)));
  }

  /** Begins to answer a question about pictures, and returns the answer as it is written. */
  public ChatStream streamAnalyzeImages(AnalyzeImagesRequest request) {
    return chatStream(VisionServiceGrpc.getStreamAnalyzeImagesMethod(), named(request));
  }

  /** Draws pictures, and returns them whole; {@link MediaFiles#save} writes one to a file. */
  public GenerateImagesResponse generateImages(GenerateImagesRequest request) {
    return Calls.whole(channel, ImageServiceGrpc.getGenerateImagesMethod(), named(request));
  }

  /** Changes pictures, and returns them whole. */
  public EditImagesResponse editImages(EditImagesRequest request) {
    return Calls.whole(channel, ImageServiceGrpc.getEditImagesMethod(), named(request));
  }

  /**
   * Begins to draw or change pictures, and returns previews and pieces as they come; see {@link
   * ImageFold}.
   */
  public EventStream<ImageEvent> streamImages(StreamImagesRequest request) {
    return EventStream.start(
        channel.newCall(ImageServiceGrpc.getStreamImagesMethod(), CallOptions.DEFAULT),
        named(request),
        ImageEvent::hasFinished);
  }

  /** Returns a vector for each text, then one for each medium. */
  public EmbedResponse embed(EmbedRequest request) {
    return Calls.whole(channel, EmbeddingServiceGrpc.getEmbedMethod(), named(request));
  }

  // --- the gateway
  // ---------------------------------------------------------------------------------------

  /** Returns the models that have all of these capabilities, by name. */
  public List<Model> models(Capability... capabilities) {
    ListModelsRequest.Builder request = ListModelsRequest.newBuilder();
    request.addAllCapabilities(Arrays.asList(capabilities));
    List<Model> models = new ArrayList<>();
    do {
      ListModelsResponse page =
          Calls.whole(channel, ModelServiceGrpc.getListModelsMethod(), request.build());
      models.addAll(page.getModelsList());
      request.setPageToken(page.getNextPageToken());
    } while (!request.getPageToken().isEmpty());
    return List.copyOf(models);
  }

  /** Returns what server the gateway is, what it serves and how large a request may be. */
  public GetServerInfoResponse serverInfo() {
    return Calls.whole(
        channel,
        ModelServiceGrpc.getGetServerInfoMethod(),
        GetServerInfoRequest.getDefaultInstance());
  }

  /**
   * Returns {@code SERVING}, {@code NOT_SERVING} or {@code UNKNOWN}.
   *
   * @param service empty for the gateway, {@code readiness}, {@code liveness}, or a service's full
   *     name
   */
  public String health(String service) {
    int status = Calls.whole(channel, CHECK, StringValue.of(service)).getValue();
    return status < 0 || status >= HEALTH.size() ? HEALTH.get(0) : HEALTH.get(status);
  }

  /** Closes the connections and cancels what runs on them. */
  @Override
  public void close() {
    if (connections == null) {
      return;
    }
    connections.shutdownNow();
    try {
      connections.awaitTermination(CLOSING.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private <Q> ChatStream chatStream(MethodDescriptor<Q, ChatEvent> method, Q request) {
    return new ChatStream(
        EventStream.start(
            channel.newCall(method, CallOptions.DEFAULT), request, ChatEvent::hasFinished));
  }

  private ChatRequest named(ChatRequest request) {
    return request.getModel().isEmpty() ? request.toBuilder().setModel(model).build() : request;
  }

  private AnalyzeImagesRequest named(AnalyzeImagesRequest request) {
    return request.getModel().isEmpty() ? request.toBuilder().setModel(model).build() : request;
  }

  private GenerateImagesRequest named(GenerateImagesRequest request) {
    return request.getModel().isEmpty() ? request.toBuilder().setModel(model).build() : request;
  }

  private EditImagesRequest named(EditImagesRequest request) {
    return request.getModel().isEmpty() ? request.toBuilder().setModel(model).build() : request;
  }

  private EmbedRequest named(EmbedRequest request) {
    return request.getModel().isEmpty() ? request.toBuilder().setModel(model).build() : request;
  }

  private StreamImagesRequest named(StreamImagesRequest request) {
    return switch (request.getRequestCase()) {
      case GENERATE -> request.toBuilder().setGenerate(named(request.getGenerate())).build();
      case EDIT -> request.toBuilder().setEdit(named(request.getEdit())).build();
      case REQUEST_NOT_SET -> request;
    };
  }
}

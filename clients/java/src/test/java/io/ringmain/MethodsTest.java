package io.ringmain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.protobuf.ByteString;
import io.grpc.stub.StreamObserver;
import io.ringmain.v1.AnalyzeImagesRequest;
import io.ringmain.v1.Capability;
import io.ringmain.v1.ChatEvent;
import io.ringmain.v1.ChatFinished;
import io.ringmain.v1.ChatResponse;
import io.ringmain.v1.EditImagesRequest;
import io.ringmain.v1.EditImagesResponse;
import io.ringmain.v1.EmbedRequest;
import io.ringmain.v1.EmbedResponse;
import io.ringmain.v1.EmbeddingServiceGrpc;
import io.ringmain.v1.GenerateImagesRequest;
import io.ringmain.v1.GenerateImagesResponse;
import io.ringmain.v1.GetServerInfoRequest;
import io.ringmain.v1.GetServerInfoResponse;
import io.ringmain.v1.ImageChunk;
import io.ringmain.v1.ImageEvent;
import io.ringmain.v1.ImageFinished;
import io.ringmain.v1.ImageServiceGrpc;
import io.ringmain.v1.ListModelsRequest;
import io.ringmain.v1.ListModelsResponse;
import io.ringmain.v1.Model;
import io.ringmain.v1.ModelServiceGrpc;
import io.ringmain.v1.StreamImagesRequest;
import io.ringmain.v1.VisionServiceGrpc;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The methods besides chat: each request has the client's model, each answer comes back. */
@Timeout(30)
class MethodsTest {
  private FakeGateway gateway;
  private RingmainClient client;

  @BeforeEach
  void open() throws Exception {
    gateway = new FakeGateway(new Images(), new Eyes(), new Vectors(), new Catalog());
    client = gateway.client().build();
  }

  @AfterEach
  void close() {
    client.close();
    gateway.close();
  }

  /** Pictures come whole, changed, and in pieces. */
  @Test
  void pictures() {
    assertEquals(
        "test/model",
        client.generateImages(GenerateImagesRequest.getDefaultInstance()).getResponseId());
    assertEquals(
        "test/model", client.editImages(EditImagesRequest.getDefaultInstance()).getResponseId());
    ImageFold fold = new ImageFold();
    StreamImagesRequest request =
        StreamImagesRequest.newBuilder()
            .setGenerate(GenerateImagesRequest.getDefaultInstance())
            .build();
    try (EventStream<ImageEvent> events = client.streamImages(request)) {
      events.forEachRemaining(fold::add);
    }
    assertEquals("test/model", fold.response().getImages(0).getMedia().getData().toStringUtf8());
    StreamImagesRequest edit =
        StreamImagesRequest.newBuilder().setEdit(EditImagesRequest.getDefaultInstance()).build();
    try (EventStream<ImageEvent> events = client.streamImages(edit)) {
      assertEquals(2, events.stream().count());
    }
    try (EventStream<ImageEvent> events =
        client.streamImages(StreamImagesRequest.getDefaultInstance())) {
      for (ImageEvent event : events) {
        fold.add(event);
      }
      assertThrows(java.util.NoSuchElementException.class, events::next);
    }
  }

  /** Questions about pictures are answered whole and streamed. */
  @Test
  void questions() {
    AnalyzeImagesRequest question = AnalyzeImagesRequest.newBuilder().setPrompt("What?").build();
    assertEquals("test/model", client.analyzeImages(question).text());
    try (ChatStream stream = client.streamAnalyzeImages(question)) {
      assertEquals("test/model", stream.answer().text());
    }
  }

  /** Texts become vectors. */
  @Test
  void vectors() {
    assertEquals(
        1, client.embed(EmbedRequest.newBuilder().addTexts("a").build()).getEmbeddingsCount());
  }

  /** Models are listed over all pages. */
  @Test
  void models() {
    List<Model> models = client.models(Capability.CAPABILITY_CHAT);
    assertEquals(List.of("a", "b"), models.stream().map(Model::getModel).toList());
  }

  /** The gateway says what it is. */
  @Test
  void serverInfo() {
    assertEquals("1.4.0", client.serverInfo().getVersion());
  }

  /** A gateway without a health service says so by its status. */
  @Test
  void health() {
    assertThrows(RingmainException.class, () -> client.health(""));
  }

  private static <T> void answer(StreamObserver<T> out, List<T> messages) {
    messages.forEach(out::onNext);
    out.onCompleted();
  }

  private static final class Images extends ImageServiceGrpc.ImageServiceImplBase {
    @Override
    public void generateImages(
        GenerateImagesRequest request, StreamObserver<GenerateImagesResponse> out) {
      answer(
          out,
          List.of(GenerateImagesResponse.newBuilder().setResponseId(request.getModel()).build()));
    }

    @Override
    public void editImages(EditImagesRequest request, StreamObserver<EditImagesResponse> out) {
      answer(
          out, List.of(EditImagesResponse.newBuilder().setResponseId(request.getModel()).build()));
    }

    @Override
    public void streamImages(StreamImagesRequest request, StreamObserver<ImageEvent> out) {
      String model = request.getGenerate().getModel() + request.getEdit().getModel();
      ImageChunk chunk =
          ImageChunk.newBuilder().setData(ByteString.copyFromUtf8(model)).setLast(true).build();
      answer(
          out,
          List.of(
              ImageEvent.newBuilder().setChunk(chunk).build(),
              ImageEvent.newBuilder().setFinished(ImageFinished.getDefaultInstance()).build()));
    }
  }

  private static final class Eyes extends VisionServiceGrpc.VisionServiceImplBase {
    @Override
    public void analyzeImages(AnalyzeImagesRequest request, StreamObserver<ChatResponse> out) {
      answer(
          out,
          List.of(
              ChatResponse.newBuilder()
                  .setMessage(Messages.assistant(request.getModel()))
                  .build()));
    }

    @Override
    public void streamAnalyzeImages(AnalyzeImagesRequest request, StreamObserver<ChatEvent> out) {
      ChatEvent end = ChatEvent.newBuilder().setFinished(ChatFinished.getDefaultInstance()).build();
      answer(out, List.of(Chatter.text(request.getModel()), end));
    }
  }

  private static final class Vectors extends EmbeddingServiceGrpc.EmbeddingServiceImplBase {
    @Override
    public void embed(EmbedRequest request, StreamObserver<EmbedResponse> out) {
      EmbedResponse.Builder response = EmbedResponse.newBuilder();
      request.getTextsList().forEach(text -> response.addEmbeddingsBuilder().addValues(1));
      answer(out, List.of(response.build()));
    }
  }

  private static final class Catalog extends ModelServiceGrpc.ModelServiceImplBase {
    @Override
    public void getServerInfo(
        GetServerInfoRequest request, StreamObserver<GetServerInfoResponse> out) {
      answer(out, List.of(GetServerInfoResponse.newBuilder().setVersion("1.4.0").build()));
    }

    @Override
    public void listModels(ListModelsRequest request, StreamObserver<ListModelsResponse> out) {
      boolean first = request.getPageToken().isEmpty();
      Model model = Model.newBuilder().setModel(first ? "a" : "b").build();
      answer(
          out,
          List.of(
              ListModelsResponse.newBuilder()
                  .addModels(model)
                  .setNextPageToken(first ? "next" : "")
                  .build()));
    }
  }
}

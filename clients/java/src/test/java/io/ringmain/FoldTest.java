package io.ringmain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.ringmain.v1.ChatEvent;
import io.ringmain.v1.ChatRecovered;
import io.ringmain.v1.ChatResponse;
import io.ringmain.v1.Citation;
import io.ringmain.v1.FinishReason;
import io.ringmain.v1.FinishedImage;
import io.ringmain.v1.ImageChunk;
import io.ringmain.v1.ImageEvent;
import io.ringmain.v1.ImageFinished;
import io.ringmain.v1.ImageStarted;
import io.ringmain.v1.Media;
import io.ringmain.v1.Message;
import io.ringmain.v1.Part;
import io.ringmain.v1.PartDelta;
import io.ringmain.v1.PartStarted;
import io.ringmain.v1.ProviderToolCall;
import io.ringmain.v1.Reasoning;
import io.ringmain.v1.Role;
import io.ringmain.v1.TokenLogprobs;
import io.ringmain.v1.ToolCall;
import io.ringmain.v1.Usage;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How events fold into answers and pictures. */
class FoldTest {
  private final AnswerFold fold = new AnswerFold();
  private final Random random = new Random();

  private static ChatEvent opened(int index, Part.Builder part) {
    return ChatEvent.newBuilder()
        .setPartStarted(PartStarted.newBuilder().setIndex(index).setPart(part))
        .build();
  }

  private static ChatEvent grown(PartDelta.Builder delta) {
    return ChatEvent.newBuilder().setPartDelta(delta).build();
  }

  private static Part.Builder text(String text) {
    return Part.newBuilder().setText(text);
  }

  private static ByteString bytes(String text) {
    return ByteString.copyFromUtf8(text);
  }

  /** A turn with every kind of part, and everything that a part can hold. */
  private static Message message() {
    Part.Builder hit =
        text("").addCitations(Citation.newBuilder().setUri("https://example.com/grid"));
    ProviderToolCall.Builder search =
        ProviderToolCall.newBuilder()
            .setToolCallId("s1")
            .setName("web_search")
            .setArgumentsJson("{\"query\":\"Ringleitung 🙂\"}")
            .addResults(hit)
            .addResults(text("two"))
            .setFailed(true);
    Part.Builder thought =
        Part.newBuilder().setReasoning(Reasoning.newBuilder().setText("hm, let me see"));
    Part.Builder cited =
        text("Grüezi 🙂, a ring main is a loop.")
            .addCitations(Citation.newBuilder().setUri("https://example.com").setEndIndex(6))
            .addCitations(Citation.newBuilder().setFilename("a.pdf").setPageNumber(3))
            .addLogprobs(TokenLogprobs.newBuilder().setToken("Grüezi").setLogprob(-0.5f))
            .addLogprobs(TokenLogprobs.newBuilder().setToken(",").setLogprob(-0.25f));
    ToolCall.Builder call =
        ToolCall.newBuilder()
            .setToolCallId("c1")
            .setName("weather")
            .setArgumentsJson("{\"city\":\"Bern\"}");
    Media.Builder sound = Media.newBuilder().setMimeType("audio/pcm").setData(bytes("sound"));
    return Message.newBuilder()
        .setRole(Role.ROLE_ASSISTANT)
        .addParts(thought.setSignature(bytes("signed")).setProviderId("p"))
        .addParts(
            Part.newBuilder()
                .setProviderToolCall(search)
                .setSignature(bytes("search"))
                .setProviderId("p"))
        .addParts(cited.setSignature(bytes("text")).setProviderId("p"))
        .addParts(Part.newBuilder().setToolCall(call).setSignature(bytes("c")).setProviderId("p"))
        .addParts(Part.newBuilder().setMedia(sound))
        .addParts(text(""))
        .build();
  }

  /** Cuts a text between its characters, at random. */
  private List<String> cut(String whole) {
    List<String> pieces = new ArrayList<>();
    int[] letters = whole.codePoints().toArray();
    for (int from = 0, to; from < letters.length; from = to) {
      to = from + 1 + random.nextInt(letters.length - from);
      pieces.add(new String(letters, from, to - from));
    }
    return pieces;
  }

  private static PartDelta.Builder delta() {
    return PartDelta.newBuilder();
  }

  /** Returns what is left of a part as its opening, and fills the queue with what it grows by. */
  private Part.Builder open(Part part, Queue<PartDelta.Builder> queue) {
    Part.Builder opening =
        part.toBuilder().clearCitations().clearLogprobs().clearSignature().clearProviderId();
    switch (part.getContentCase()) {
      case TEXT -> {
        cut(part.getText()).forEach(piece -> queue.add(delta().setText(piece)));
        opening.setText("");
      }
      case REASONING -> {
        cut(part.getReasoning().getText())
            .forEach(piece -> queue.add(delta().setReasoningText(piece)));
        opening.getReasoningBuilder().clearText();
      }
      case TOOL_CALL -> {
        cut(part.getToolCall().getArgumentsJson())
            .forEach(piece -> queue.add(delta().setArgumentsJson(piece)));
        opening.getToolCallBuilder().clearArgumentsJson();
      }
      case PROVIDER_TOOL_CALL -> {
        ProviderToolCall call = part.getProviderToolCall();
        cut(call.getArgumentsJson()).forEach(piece -> queue.add(delta().setArgumentsJson(piece)));
        call.getResultsList().forEach(result -> queue.add(delta().setResult(result)));
        queue.add(delta().setFailed(call.getFailed()));
        opening.getProviderToolCallBuilder().clearArgumentsJson().clearResults().clearFailed();
      }
      case MEDIA -> {
        cut(part.getMedia().getData().toStringUtf8())
            .forEach(piece -> queue.add(delta().setData(bytes(piece))));
        opening.getMediaBuilder().clearData();
      }
      case TOOL_RESULT, CONTENT_NOT_SET -> {}
    }
    part.getCitationsList().forEach(citation -> queue.add(delta().setCitation(citation)));
    part.getLogprobsList().forEach(one -> queue.add(delta().addLogprobs(one)));
    String provider = part.getProviderId();
    for (String piece : cut(part.getSignature().toStringUtf8())) {
      queue.add(delta().setSignature(bytes(piece)).setProviderId(provider));
      provider = "";
    }
    return opening;
  }

  /** Parts that grow in turns, by pieces of any length, fold into what Chat would have returned. */
  @Test
  void everything() {
    Message wanted = message();
    for (int round = 0; round < 200; round++) {
      AnswerFold turn = new AnswerFold();
      List<Queue<PartDelta.Builder>> queues = new ArrayList<>();
      for (int index = 0; index < wanted.getPartsCount(); index++) {
        Queue<PartDelta.Builder> queue = new ArrayDeque<>();
        turn.add(opened(index, open(wanted.getParts(index), queue)));
        int position = index;
        queue.forEach(one -> one.setIndex(position));
        queues.add(queue);
      }
      queues.removeIf(Queue::isEmpty);
      while (!queues.isEmpty()) {
        turn.add(grown(queues.get(random.nextInt(queues.size())).remove()));
        queues.removeIf(Queue::isEmpty);
      }
      assertEquals(wanted, turn.answer().message());
      assertEquals(wanted.toByteString(), turn.answer().message().toByteString());
    }
  }

  /** An answer tells what is in it, the provider's tools apart from the caller's. */
  @Test
  void readings() {
    Answer answer = new Answer(ChatResponse.newBuilder().setMessage(message()).build());
    assertEquals(List.of("weather"), answer.toolCalls().stream().map(ToolCall::getName).toList());
    assertEquals("s1", answer.providerToolCalls().get(0).getToolCallId());
    assertEquals("Grüezi 🙂, a ring main is a loop.", answer.text());
    assertEquals("hm, let me see", answer.reasoning());
    assertEquals("audio/pcm", answer.media().get(0).getMimeType());
    assertEquals(2, answer.logprobs().size());
    assertTrue(answer.costUsd().isEmpty());
    assertFalse(answer.mustContinue());
    for (FinishReason reason :
        List.of(FinishReason.FINISH_REASON_TOOL_CALLS, FinishReason.FINISH_REASON_PAUSED)) {
      assertTrue(
          new Answer(ChatResponse.newBuilder().setFinishReason(reason).build()).mustContinue());
    }
  }

  /** A source is told once, where it is cited first. */
  @Test
  void sources() {
    Citation.Builder web = Citation.newBuilder().setUri("https://b.example").setTitle("B");
    Citation.Builder file = Citation.newBuilder().setFilename("a.pdf").setPageNumber(2);
    Message message =
        Message.newBuilder()
            .addParts(text("t").addCitations(web).addCitations(file))
            .addParts(
                text("u")
                    .addCitations(Citation.newBuilder().setUri("https://a.example"))
                    .addCitations(web.clone().setTitle("again"))
                    .addCitations(file.clone().setQuotedText("again"))
                    .addCitations(file.clone().setPageNumber(3)))
            .build();
    Answer answer = new Answer(ChatResponse.newBuilder().setMessage(message).build());
    assertEquals(
        List.of("https://b.example B 0", " a.pdf 2", "https://a.example  0", " a.pdf 3"),
        answer.sources().stream()
            .map(
                one ->
                    one.getUri()
                        + " "
                        + one.getTitle()
                        + one.getFilename()
                        + " "
                        + one.getPageNumber())
            .toList());
  }

  /** Deltas show what a reader sees: the caller's tools apart from the provider's. */
  @Test
  void deltas() {
    ToolCall.Builder call = ToolCall.newBuilder().setToolCallId("c").setName("weather");
    ProviderToolCall.Builder search =
        ProviderToolCall.newBuilder().setToolCallId("s").setName("web_search");
    Media.Builder sound = Media.newBuilder().setMimeType("audio/pcm");
    assertEquals(Optional.empty(), fold.add(opened(3, text(""))));
    assertEquals("T", shown(opened(4, text("T"))).text());
    assertEquals("weather", shown(opened(0, Part.newBuilder().setToolCall(call))).toolName());
    Delta began = shown(opened(1, Part.newBuilder().setProviderToolCall(search)));
    assertEquals(Optional.of(search.build()), began.providerToolCall());
    assertEquals("", began.toolName());
    assertEquals(
        Optional.of(sound.build()), shown(opened(2, Part.newBuilder().setMedia(sound))).media());
    Delta piece = shown(grown(delta().setIndex(0).setArgumentsJson("{}")));
    assertEquals(
        "c weather {}", piece.toolCallId() + " " + piece.toolName() + " " + piece.argumentsJson());
    assertEquals(
        search.clone().setArgumentsJson("{").build(),
        shown(grown(delta().setIndex(1).setArgumentsJson("{"))).providerToolCall().orElseThrow());
    assertEquals(
        search.clone().addResults(text("hit")).build(),
        shown(grown(delta().setIndex(1).setResult(text("hit")))).providerToolCall().orElseThrow());
    assertTrue(
        shown(grown(delta().setIndex(1).setFailed(true)))
            .providerToolCall()
            .orElseThrow()
            .getFailed());
    assertEquals(
        sound.clone().setData(bytes("so")).build(),
        shown(grown(delta().setIndex(2).setData(bytes("so")))).media().orElseThrow());
    Citation cited = Citation.newBuilder().setUri("u").build();
    assertEquals(
        Optional.of(cited), shown(grown(delta().setIndex(3).setCitation(cited))).citation());
    assertEquals("hm", shown(grown(delta().setIndex(5).setReasoningText("hm"))).reasoning());
    assertEquals(Optional.empty(), fold.add(grown(delta().setIndex(3).setSignature(bytes("sig")))));
    assertFalse(fold.finished());
  }

  private Delta shown(ChatEvent event) {
    return fold.add(event).orElseThrow();
  }

  /** What does not fit a part is skipped; one without its opening is of its first delta's kind. */
  @Test
  void misfits() {
    List<PartDelta> every =
        List.of(
            delta().setText("t").build(),
            delta().setReasoningText("r").build(),
            delta().setArgumentsJson("a").build(),
            delta().setData(bytes("d")).build(),
            delta().setResult(text("s")).build(),
            delta().setFailed(true).build());
    ProviderToolCall.Builder search =
        ProviderToolCall.newBuilder().setArgumentsJson("a").addResults(text("s")).setFailed(true);
    List<Part> openings =
        List.of(
            text("").build(),
            Part.newBuilder().setReasoning(Reasoning.getDefaultInstance()).build(),
            Part.newBuilder().setToolCall(ToolCall.getDefaultInstance()).build(),
            Part.newBuilder().setMedia(Media.getDefaultInstance()).build(),
            Part.newBuilder().setProviderToolCall(ProviderToolCall.getDefaultInstance()).build(),
            Part.getDefaultInstance());
    List<Part> wanted =
        new ArrayList<>(
            List.of(
                text("t").build(),
                Part.newBuilder().setReasoning(Reasoning.newBuilder().setText("r")).build(),
                Part.newBuilder().setToolCall(ToolCall.newBuilder().setArgumentsJson("a")).build(),
                Part.newBuilder().setMedia(Media.newBuilder().setData(bytes("d"))).build(),
                Part.newBuilder().setProviderToolCall(search).build(),
                Part.getDefaultInstance()));
    for (int index = 0; index < openings.size(); index++) {
      fold.add(opened(index, openings.get(index).toBuilder()));
      for (PartDelta one : every) {
        fold.add(grown(one.toBuilder().setIndex(index)));
      }
    }
    for (int i = 0; i < every.size(); i++) {
      fold.add(grown(every.get(i).toBuilder().setIndex(openings.size() + i)));
    }
    wanted.addAll(wanted.subList(0, 4));
    wanted.addAll(List.of(Part.getDefaultInstance(), Part.getDefaultInstance()));
    assertEquals(wanted, fold.answer().message().getPartsList());
  }

  /** A long answer folds in linear time. */
  @Test
  @Timeout(30)
  void longAnswers() {
    fold.add(opened(0, text("")));
    ChatEvent piece = Chatter.text("x".repeat(100));
    for (int i = 0; i < 100_000; i++) {
      fold.add(piece);
    }
    assertEquals(10_000_000, fold.answer().text().length());
  }

  /** What a recovery discards is void; what it keeps is kept. */
  @Test
  void recovery() {
    fold.add(Chatter.text("One"));
    ChatRecovered.Builder kept = ChatRecovered.newBuilder().setProviderId("second");
    assertEquals(Optional.empty(), fold.add(ChatEvent.newBuilder().setRecovered(kept).build()));
    assertEquals("One", fold.answer().text());
    assertEquals("second", fold.answer().provider());
    ChatRecovered.Builder discarded = ChatRecovered.newBuilder().setContentDiscarded(true);
    assertTrue(
        fold.add(ChatEvent.newBuilder().setRecovered(discarded).build()).orElseThrow().discarded());
    fold.add(Chatter.text("Two"));
    assertEquals("Two", fold.answer().text());
  }

  /** Events newer than the client change nothing. */
  @Test
  void newerEvents() {
    assertEquals(Optional.empty(), fold.add(ChatEvent.getDefaultInstance()));
    assertEquals(Optional.empty(), fold.add(grown(PartDelta.newBuilder())));
    assertEquals("", fold.answer().text());
  }

  /** The pieces of pictures fold into whole pictures, which are told when they are complete. */
  @Test
  void pictures() {
    ImageFold images = new ImageFold();
    images.add(
        ImageEvent.newBuilder().setStarted(ImageStarted.newBuilder().setResponseId("r")).build());
    assertEquals(Optional.empty(), images.add(piece(1, "cd", false)));
    assertEquals(Optional.empty(), images.add(piece(0, "ab", false)));
    Media whole = images.add(piece(1, "ef", true)).orElseThrow();
    assertEquals("cdef", whole.getData().toStringUtf8());
    assertEquals("image/png", whole.getMimeType());
    ImageFinished.Builder end =
        ImageFinished.newBuilder()
            .addImages(FinishedImage.newBuilder().setRevisedPrompt("a fox").setNote("smaller"))
            .addImages(FinishedImage.newBuilder().setImageIndex(1).setRevisedPrompt("a hen"))
            .setUsage(Usage.newBuilder().setImageCount(2));
    assertFalse(images.finished());
    images.add(ImageEvent.newBuilder().setFinished(end).build());
    assertTrue(images.finished());
    assertEquals("a fox", images.response().getImages(0).getRevisedPrompt());
    assertEquals("smaller", images.response().getImages(0).getNote());
    assertEquals("", images.response().getImages(1).getNote());
    assertEquals("a hen", images.response().getImages(1).getRevisedPrompt());
    assertEquals(2, images.response().getUsage().getImageCount());
    assertEquals("r", images.response().getResponseId());
  }

  private static ImageEvent piece(int index, String data, boolean last) {
    return ImageEvent.newBuilder()
        .setChunk(
            ImageChunk.newBuilder()
                .setImageIndex(index)
                .setMimeType("image/png")
                .setData(ByteString.copyFromUtf8(data))
                .setLast(last))
        .build();
  }
}

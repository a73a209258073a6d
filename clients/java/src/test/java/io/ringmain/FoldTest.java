package io.ringmain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.ringmain.v1.ChatEvent;
import io.ringmain.v1.ChatRecovered;
import io.ringmain.v1.ImageChunk;
import io.ringmain.v1.ImageEvent;
import io.ringmain.v1.ImageFinished;
import io.ringmain.v1.ImageStarted;
import io.ringmain.v1.Media;
import io.ringmain.v1.Part;
import io.ringmain.v1.PartDelta;
import io.ringmain.v1.PartStarted;
import io.ringmain.v1.Reasoning;
import io.ringmain.v1.ToolCall;
import io.ringmain.v1.Usage;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** How events fold into answers and pictures. */
class FoldTest {
  private final AnswerFold fold = new AnswerFold();

  private static ChatEvent opened(int index, Part.Builder part) {
    return ChatEvent.newBuilder()
        .setPartStarted(PartStarted.newBuilder().setIndex(index).setPart(part))
        .build();
  }

  private static ChatEvent grown(PartDelta.Builder delta) {
    return ChatEvent.newBuilder().setPartDelta(delta).build();
  }

  /** Reasoning with its signature, text and tool calls fold into their parts, in order. */
  @Test
  void parts() {
    fold.add(opened(1, Part.newBuilder().setText("")));
    fold.add(opened(0, Part.newBuilder().setReasoning(Reasoning.newBuilder().setProviderId("p"))));
    fold.add(grown(PartDelta.newBuilder().setIndex(0).setReasoningText("Let me ")));
    fold.add(grown(PartDelta.newBuilder().setIndex(0).setReasoningText("think.")));
    fold.add(
        grown(PartDelta.newBuilder().setIndex(0).setSignature(ByteString.copyFromUtf8("sig"))));
    fold.add(grown(PartDelta.newBuilder().setIndex(1).setText("42")));
    ToolCall.Builder call = ToolCall.newBuilder().setToolCallId("c").setName("weather");
    Delta opening = fold.add(opened(2, Part.newBuilder().setToolCall(call))).orElseThrow();
    assertEquals("weather", opening.toolName());
    Delta piece =
        fold.add(grown(PartDelta.newBuilder().setIndex(2).setArgumentsJson("{}"))).orElseThrow();
    assertEquals(new Delta("", "", "c", "weather", "{}", false), piece);
    Answer answer = fold.answer();
    assertEquals("Let me think.", answer.reasoning());
    assertEquals("sig", answer.message().getParts(0).getReasoning().getSignature().toStringUtf8());
    assertEquals("p", answer.message().getParts(0).getReasoning().getProviderId());
    assertEquals("42", answer.text());
    assertEquals("{}", answer.toolCalls().get(0).getArgumentsJson());
    assertTrue(answer.costUsd().isEmpty());
    assertFalse(fold.finished());
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
            .addRevisedPrompts("a fox")
            .addNotes("smaller")
            .setUsage(Usage.newBuilder().setImageCount(2));
    assertFalse(images.finished());
    images.add(ImageEvent.newBuilder().setFinished(end).build());
    assertTrue(images.finished());
    assertEquals("a fox", images.response().getImages(0).getRevisedPrompt());
    assertEquals("smaller", images.response().getImages(0).getNote());
    assertEquals("", images.response().getImages(1).getNote());
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

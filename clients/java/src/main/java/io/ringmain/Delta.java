package io.ringmain;

import io.ringmain.v1.Citation;
import io.ringmain.v1.Media;
import io.ringmain.v1.Part;
import io.ringmain.v1.PartDelta;
import io.ringmain.v1.PartOrBuilder;
import io.ringmain.v1.ProviderToolCall;
import io.ringmain.v1.ToolCall;
import java.util.Optional;

/**
 * What a streamed answer grew by. What did not grow is empty.
 *
 * @param text to append to the answer's text
 * @param reasoning to append to its reasoning
 * @param toolCallId the tool call that grew, which you are to run
 * @param toolName its tool
 * @param argumentsJson a piece of its arguments
 * @param discarded whether everything before is void: another provider starts the answer again
 * @param providerToolCall a call by the provider of its own tool: its id and name, and pieces to
 *     append
 * @param citation a source of the text; it may come before the text that it is about
 * @param media an image or speech that grew: its media type, and bytes to append
 */
public record Delta(
    String text,
    String reasoning,
    String toolCallId,
    String toolName,
    String argumentsJson,
    boolean discarded,
    Optional<ProviderToolCall> providerToolCall,
    Optional<Citation> citation,
    Optional<Media> media) {

  static final Delta NOTHING = text("");
  static final Delta DISCARDED = said("", "", ToolCall.getDefaultInstance(), true);

  /** What the opening of a part shows. */
  static Delta of(Part opening) {
    return switch (opening.getContentCase()) {
      case TEXT -> text(opening.getText());
      case REASONING -> reasoning(opening.getReasoning().getText());
      case TOOL_CALL -> call(opening.getToolCall());
      case PROVIDER_TOOL_CALL -> providerCall(opening.getProviderToolCall());
      case MEDIA -> media(opening.getMedia());
      case TOOL_RESULT, CONTENT_NOT_SET -> NOTHING;
    };
  }

  /**
   * What the growth of a part shows.
   *
   * @param part with its kind, names and ids
   */
  static Delta of(PartDelta delta, PartOrBuilder part) {
    return switch (delta.getDeltaCase()) {
      case TEXT -> text(delta.getText());
      case REASONING_TEXT -> reasoning(delta.getReasoningText());
      case ARGUMENTS_JSON ->
          part.hasProviderToolCall()
              ? providerCall(named(part).setArgumentsJson(delta.getArgumentsJson()).build())
              : call(
                  part.getToolCall().toBuilder()
                      .setArgumentsJson(delta.getArgumentsJson())
                      .build());
      case RESULT -> providerCall(named(part).addResults(delta.getResult()).build());
      case FAILED -> providerCall(named(part).setFailed(delta.getFailed()).build());
      case CITATION -> cited(delta.getCitation());
      case DATA ->
          media(
              Media.newBuilder()
                  .setMimeType(part.getMedia().getMimeType())
                  .setData(delta.getData())
                  .build());
      case SIGNATURE, DELTA_NOT_SET -> NOTHING;
    };
  }

  private static Delta text(String text) {
    return said(text, "", ToolCall.getDefaultInstance(), false);
  }

  private static Delta reasoning(String reasoning) {
    return said("", reasoning, ToolCall.getDefaultInstance(), false);
  }

  private static Delta call(ToolCall call) {
    return said("", "", call, false);
  }

  private static Delta said(String text, String reasoning, ToolCall call, boolean discarded) {
    return new Delta(
        text,
        reasoning,
        call.getToolCallId(),
        call.getName(),
        call.getArgumentsJson(),
        discarded,
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  private static Delta providerCall(ProviderToolCall call) {
    return shown(Optional.of(call), Optional.empty(), Optional.empty());
  }

  private static Delta cited(Citation citation) {
    return shown(Optional.empty(), Optional.of(citation), Optional.empty());
  }

  private static Delta media(Media media) {
    return shown(Optional.empty(), Optional.empty(), Optional.of(media));
  }

  private static Delta shown(
      Optional<ProviderToolCall> call, Optional<Citation> citation, Optional<Media> media) {
    return new Delta("", "", "", "", "", false, call, citation, media);
  }

  /** A call of a provider's tool with the id and the name that its part has. */
  private static ProviderToolCall.Builder named(PartOrBuilder part) {
    ProviderToolCall call = part.getProviderToolCall();
    return ProviderToolCall.newBuilder()
        .setToolCallId(call.getToolCallId())
        .setName(call.getName());
  }

  /** Returns the text. */
  @Override
  public String toString() {
    return text;
  }
}

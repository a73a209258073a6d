package io.ringmain;

import com.google.protobuf.ByteString;
import io.ringmain.v1.Media;
import io.ringmain.v1.Part;
import io.ringmain.v1.PartDelta;
import io.ringmain.v1.PartOrBuilder;
import io.ringmain.v1.ProviderToolCall;
import io.ringmain.v1.Reasoning;
import io.ringmain.v1.ToolCall;

/**
 * A part and what is to be appended to it. Pieces are joined once, so that a long answer is not
 * copied with each of them.
 */
final class Growing {
  private final Part.Builder part;
  private final StringBuilder text = new StringBuilder(); // or arguments, as the kind is
  private ByteString data = ByteString.EMPTY; // ropes: appending copies nothing
  private ByteString signature = ByteString.EMPTY;

  /** Begins with the part as it was opened. */
  Growing(Part opening) {
    this.part = opening.toBuilder();
  }

  /** An empty part of the kind that a delta grows. */
  static Part emptyFor(PartDelta delta) {
    Part.Builder empty = Part.newBuilder();
    switch (delta.getDeltaCase()) {
      case TEXT -> empty.setText("");
      case REASONING_TEXT -> empty.setReasoning(Reasoning.getDefaultInstance());
      case ARGUMENTS_JSON -> empty.setToolCall(ToolCall.getDefaultInstance());
      case DATA -> empty.setMedia(Media.getDefaultInstance());
      case SIGNATURE, CITATION, RESULT, FAILED, DELTA_NOT_SET -> {}
    }
    return empty.build();
  }

  /** The part with its kind, names and ids; what it grew by may be missing. */
  PartOrBuilder opening() {
    return part;
  }

  /** Appends a delta. What does not fit the part's kind is skipped. */
  void append(PartDelta delta) {
    switch (delta.getDeltaCase()) {
      case TEXT -> append(part.hasText(), delta.getText());
      case REASONING_TEXT -> append(part.hasReasoning(), delta.getReasoningText());
      case ARGUMENTS_JSON ->
          append(part.hasToolCall() || part.hasProviderToolCall(), delta.getArgumentsJson());
      case DATA -> data = part.hasMedia() ? data.concat(delta.getData()) : data;
      case SIGNATURE -> signature = signature.concat(delta.getSignature());
      case CITATION -> part.addCitations(delta.getCitation());
      case RESULT -> {
        if (part.hasProviderToolCall()) {
          part.getProviderToolCallBuilder().addResults(delta.getResult());
        }
      }
      case FAILED -> {
        if (part.hasProviderToolCall()) {
          part.getProviderToolCallBuilder().setFailed(delta.getFailed());
        }
      }
      case DELTA_NOT_SET -> {}
    }
    part.addAllLogprobs(delta.getLogprobsList());
    if (!delta.getProviderId().isEmpty()) {
      part.setProviderId(delta.getProviderId());
    }
  }

  private void append(boolean fits, String piece) {
    if (fits) {
      text.append(piece);
    }
  }

  /** The part so far. */
  Part whole() {
    Part.Builder whole = part.clone().setSignature(part.getSignature().concat(signature));
    switch (part.getContentCase()) {
      case TEXT -> whole.setText(part.getText() + text);
      case REASONING -> whole.getReasoningBuilder().setText(part.getReasoning().getText() + text);
      case TOOL_CALL -> {
        ToolCall.Builder call = whole.getToolCallBuilder();
        call.setArgumentsJson(call.getArgumentsJson() + text);
      }
      case PROVIDER_TOOL_CALL -> {
        ProviderToolCall.Builder call = whole.getProviderToolCallBuilder();
        call.setArgumentsJson(call.getArgumentsJson() + text);
      }
      case MEDIA -> {
        if (!data.isEmpty()) {
          whole.getMediaBuilder().setData(part.getMedia().getData().concat(data));
        }
      }
      case TOOL_RESULT, CONTENT_NOT_SET -> {}
    }
    return whole.build();
  }
}

package io.ringmain;

import com.google.protobuf.ByteString;
import io.ringmain.v1.ChatEvent;
import io.ringmain.v1.ChatFinished;
import io.ringmain.v1.ChatResponse;
import io.ringmain.v1.Message;
import io.ringmain.v1.Part;
import io.ringmain.v1.PartDelta;
import io.ringmain.v1.Role;
import io.ringmain.v1.Route;
import io.ringmain.v1.ToolCall;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Folds the events of a stream into the answer that Chat would have given. {@link ChatStream} has
 * one; it is public for those who take events from {@link RingmainClient#publishChat}. Not for
 * several threads at once.
 */
public final class AnswerFold {
  private final ChatResponse.Builder head = ChatResponse.newBuilder();
  private final Map<Integer, Growing> parts = new TreeMap<>();
  private boolean finished;

  /** Starts with nothing. */
  public AnswerFold() {}

  /**
   * Takes the next event. Kinds of event newer than this client are skipped.
   *
   * @return what the event shows a reader; empty if nothing
   */
  public Optional<Delta> add(ChatEvent event) {
    Delta shown =
        switch (event.getEventCase()) {
          case STARTED -> {
            head.setResponseId(event.getStarted().getResponseId());
            yield servedBy(
                event.getStarted().getProviderId(), event.getStarted().getProviderModel());
          }
          case PART_STARTED ->
              open(event.getPartStarted().getIndex(), event.getPartStarted().getPart());
          case PART_DELTA -> growing(event.getPartDelta().getIndex()).append(event.getPartDelta());
          case RECOVERED -> {
            servedBy(event.getRecovered().getProviderId(), event.getRecovered().getProviderModel());
            yield event.getRecovered().getContentDiscarded() ? discard() : Delta.NOTHING;
          }
          case FINISHED -> finish(event.getFinished());
          case PART_FINISHED, EVENT_NOT_SET -> Delta.NOTHING;
        };
    return shown.equals(Delta.NOTHING) ? Optional.empty() : Optional.of(shown);
  }

  /** Whether the last event has come. */
  public boolean finished() {
    return finished;
  }

  /** The answer so far, which is the whole one once {@link #finished}. */
  public Answer answer() {
    Message.Builder message = Message.newBuilder().setRole(Role.ROLE_ASSISTANT);
    parts.values().forEach(part -> message.addParts(part.whole()));
    return new Answer(head.clone().setMessage(message).build());
  }

  private Delta servedBy(String provider, String model) {
    head.setRoute(Route.newBuilder().setProviderId(provider).setProviderModel(model));
    return Delta.NOTHING;
  }

  private Delta open(int index, Part part) {
    parts.put(index, new Growing(part));
    ToolCall call = part.getToolCall();
    return new Delta(
        part.getText(),
        part.getReasoning().getText(),
        call.getToolCallId(),
        call.getName(),
        call.getArgumentsJson(),
        false);
  }

  private Growing growing(int index) {
    return parts.computeIfAbsent(index, absent -> new Growing(Part.getDefaultInstance()));
  }

  private Delta discard() {
    parts.clear();
    return Delta.DISCARDED;
  }

  private Delta finish(ChatFinished end) {
    finished = true;
    head.setFinishReason(end.getFinishReason()).clearUsage().clearRoute();
    if (end.hasUsage()) {
      head.setUsage(end.getUsage());
    }
    if (end.hasRoute()) {
      head.setRoute(end.getRoute());
    }
    return Delta.NOTHING;
  }

  /** A part and what is to be appended to it. Pieces are joined once. */
  private static final class Growing {
    private final Part part;
    private final StringBuilder text = new StringBuilder();
    private final StringBuilder reasoning = new StringBuilder();
    private final StringBuilder arguments = new StringBuilder();
    private ByteString signature = ByteString.EMPTY;

    Growing(Part part) {
      this.part = part;
    }

    Delta append(PartDelta delta) {
      switch (delta.getDeltaCase()) {
        case TEXT -> {
          text.append(delta.getText());
          return Delta.ofText(delta.getText());
        }
        case REASONING_TEXT -> {
          reasoning.append(delta.getReasoningText());
          return Delta.ofReasoning(delta.getReasoningText());
        }
        case ARGUMENTS_JSON -> {
          arguments.append(delta.getArgumentsJson());
          ToolCall call = part.getToolCall();
          return new Delta(
              "", "", call.getToolCallId(), call.getName(), delta.getArgumentsJson(), false);
        }
        case SIGNATURE -> signature = signature.concat(delta.getSignature());
        case DELTA_NOT_SET -> {}
      }
      return Delta.NOTHING;
    }

    /**
     * The part so far. One whose opening was not seen is of the kind of what was appended to it.
     */
    Part whole() {
      Part.Builder whole = part.toBuilder();
      if (!text.isEmpty()) {
        whole.setText(part.getText() + text);
      }
      if (!reasoning.isEmpty() || !signature.isEmpty()) {
        whole
            .getReasoningBuilder()
            .setText(part.getReasoning().getText() + reasoning)
            .setSignature(part.getReasoning().getSignature().concat(signature));
      }
      if (!arguments.isEmpty()) {
        whole
            .getToolCallBuilder()
            .setArgumentsJson(part.getToolCall().getArgumentsJson() + arguments);
      }
      return whole.build();
    }
  }
}

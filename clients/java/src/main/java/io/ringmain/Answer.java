package io.ringmain;

import io.ringmain.v1.ChatResponse;
import io.ringmain.v1.FinishReason;
import io.ringmain.v1.Message;
import io.ringmain.v1.Part;
import io.ringmain.v1.Route;
import io.ringmain.v1.ToolCall;
import io.ringmain.v1.Usage;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.Collectors;

/**
 * A model's answer.
 *
 * @param proto the response of the contract, whole
 */
public record Answer(ChatResponse proto) {
  /** The text, all parts of it. */
  public String text() {
    return message().getPartsList().stream().map(Part::getText).collect(Collectors.joining());
  }

  /** The model's reasoning, as far as the provider shows it. */
  public String reasoning() {
    return message().getPartsList().stream()
        .map(part -> part.getReasoning().getText())
        .collect(Collectors.joining());
  }

  /** The tools that the model wants to be run. It wrote their arguments: check them. */
  public List<ToolCall> toolCalls() {
    return message().getPartsList().stream()
        .filter(Part::hasToolCall)
        .map(Part::getToolCall)
        .toList();
  }

  /** The turn to append to the conversation. */
  public Message message() {
    return proto.getMessage();
  }

  /** Why the model stopped. */
  public FinishReason finishReason() {
    return proto.getFinishReason();
  }

  /** What the answer consumed. */
  public Usage usage() {
    return proto.getUsage();
  }

  /** The price in US dollars. Empty when unknown, which is not the same as free. */
  public OptionalDouble costUsd() {
    return usage().hasCostNanoUsd()
        ? OptionalDouble.of(usage().getCostNanoUsd() / 1e9)
        : OptionalDouble.empty();
  }

  /** How the request was served, every attempt included. */
  public Route route() {
    return proto.getRoute();
  }

  /** The provider that answered. */
  public String provider() {
    return route().getProviderId();
  }

  /** The gateway's name for the call. */
  public String responseId() {
    return proto.getResponseId();
  }

  /** Returns the text. */
  @Override
  public String toString() {
    return text();
  }
}

package io.ringmain;

import io.ringmain.v1.ChatResponse;
import io.ringmain.v1.Citation;
import io.ringmain.v1.FinishReason;
import io.ringmain.v1.Media;
import io.ringmain.v1.Message;
import io.ringmain.v1.Part;
import io.ringmain.v1.ProviderToolCall;
import io.ringmain.v1.Route;
import io.ringmain.v1.TokenLogprobs;
import io.ringmain.v1.ToolCall;
import io.ringmain.v1.Usage;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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

  /** The tools that the model wants you to run. It wrote their arguments: check them. */
  public List<ToolCall> toolCalls() {
    return message().getPartsList().stream()
        .filter(Part::hasToolCall)
        .map(Part::getToolCall)
        .toList();
  }

  /** The tools that the provider ran itself, such as web searches. They need no answer. */
  public List<ProviderToolCall> providerToolCalls() {
    return message().getPartsList().stream()
        .filter(Part::hasProviderToolCall)
        .map(Part::getProviderToolCall)
        .toList();
  }

  /**
   * The sources that the text cites, each once, in the order of their first citation. Two citations
   * have the same source if their {@code uri} is equal, or, without one, their {@code filename} and
   * {@code page_number}. The message's parts have every citation, with the text that it belongs to.
   */
  public List<Citation> sources() {
    Map<List<Object>, Citation> found = new LinkedHashMap<>();
    for (Part part : message().getPartsList()) {
      for (Citation cited : part.getCitationsList()) {
        found.putIfAbsent(
            cited.getUri().isEmpty()
                ? List.of(cited.getFilename(), cited.getPageNumber())
                : List.of(cited.getUri()),
            cited);
      }
    }
    return List.copyOf(found.values());
  }

  /** The tokens of the text with their probabilities, if {@code top_logprobs} asked for them. */
  public List<TokenLogprobs> logprobs() {
    return message().getPartsList().stream()
        .flatMap(part -> part.getLogprobsList().stream())
        .toList();
  }

  /** The images and the speech in the answer. */
  public List<Media> media() {
    return message().getPartsList().stream().filter(Part::hasMedia).map(Part::getMedia).toList();
  }

  /** The turn to append to the conversation. */
  public Message message() {
    return proto.getMessage();
  }

  /** Why the model stopped. */
  public FinishReason finishReason() {
    return proto.getFinishReason();
  }

  /**
   * Whether the model goes on only when the conversation is sent again with {@link #message} at its
   * end. It asks for tools, whose results come after the message, or the provider paused a long
   * turn, and nothing comes after it.
   */
  public boolean mustContinue() {
    return finishReason() == FinishReason.FINISH_REASON_TOOL_CALLS
        || finishReason() == FinishReason.FINISH_REASON_PAUSED;
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

package io.ringmain;

import io.ringmain.v1.ChatRequest;
import io.ringmain.v1.CodeExecutionTool;
import io.ringmain.v1.FunctionTool;
import io.ringmain.v1.ImageDetail;
import io.ringmain.v1.Media;
import io.ringmain.v1.Message;
import io.ringmain.v1.Part;
import io.ringmain.v1.Role;
import io.ringmain.v1.Tool;
import io.ringmain.v1.ToolCall;
import io.ringmain.v1.ToolResult;
import io.ringmain.v1.WebSearchTool;
import java.util.Arrays;

/** Makes turns of a conversation, and what is in them. */
public final class Messages {
  private Messages() {}

  /** What the user says: a text, then media. */
  public static Message user(String text, Media... media) {
    Message.Builder message = message(Role.ROLE_USER, text).toBuilder();
    Arrays.stream(media).map(one -> Part.newBuilder().setMedia(one)).forEach(message::addParts);
    return message.build();
  }

  /** What the user says, in parts: {@link #text}, and {@link #image} with its detail. */
  public static Message user(Part... parts) {
    return Message.newBuilder().setRole(Role.ROLE_USER).addAllParts(Arrays.asList(parts)).build();
  }

  /** A text as a part of a turn. */
  public static Part text(String text) {
    return Part.newBuilder().setText(text).build();
  }

  /** An image as a part of a turn, and how closely the model looks at it. */
  public static Part image(Media image, ImageDetail detail) {
    return Part.newBuilder().setMedia(image).setImageDetail(detail).build();
  }

  /** Instructions to the model. */
  public static Message system(String text) {
    return message(Role.ROLE_SYSTEM, text);
  }

  /** What a model said. For an answer of this client, take {@link Answer#message}. */
  public static Message assistant(String text) {
    return message(Role.ROLE_ASSISTANT, text);
  }

  /** What running a tool gave: text, or JSON. */
  public static Message toolResult(ToolCall call, String result) {
    return toolResult(call, result, false);
  }

  /** How running a tool failed. */
  public static Message toolFailure(ToolCall call, String how) {
    return toolResult(call, how, true);
  }

  /** A function that the model may ask for. The schema is a JSON Schema object as text. */
  public static Tool tool(String name, String description, String parametersSchemaJson) {
    return Tool.newBuilder().setFunction(function(name, description, parametersSchemaJson)).build();
  }

  /** A {@link #tool} whose schema the provider must hold the model to. */
  public static Tool strictTool(String name, String description, String parametersSchemaJson) {
    return Tool.newBuilder()
        .setFunction(function(name, description, parametersSchemaJson).setStrict(true))
        .build();
  }

  /**
   * A web search that the provider runs, over these domains alone if any are given. {@link
   * WebSearchTool} has its other settings.
   */
  public static Tool webSearch(String... allowedDomains) {
    WebSearchTool.Builder search =
        WebSearchTool.newBuilder().addAllAllowedDomains(Arrays.asList(allowedDomains));
    return Tool.newBuilder().setWebSearch(search).build();
  }

  /** A sandbox in which the provider runs code that the model writes. */
  public static Tool codeExecution() {
    return Tool.newBuilder().setCodeExecution(CodeExecutionTool.getDefaultInstance()).build();
  }

  /** The request of a conversation, oldest turn first. */
  public static ChatRequest chat(Message... turns) {
    return ChatRequest.newBuilder().addAllMessages(Arrays.asList(turns)).build();
  }

  private static FunctionTool.Builder function(
      String name, String description, String parametersSchemaJson) {
    return FunctionTool.newBuilder()
        .setName(name)
        .setDescription(description)
        .setParametersSchemaJson(parametersSchemaJson);
  }

  private static Message toolResult(ToolCall call, String result, boolean failed) {
    ToolResult.Builder made =
        ToolResult.newBuilder()
            .setToolCallId(call.getToolCallId())
            .addParts(Part.newBuilder().setText(result))
            .setFailed(failed);
    return Message.newBuilder()
        .setRole(Role.ROLE_TOOL)
        .addParts(Part.newBuilder().setToolResult(made))
        .build();
  }

  private static Message message(Role role, String text) {
    return Message.newBuilder().setRole(role).addParts(Part.newBuilder().setText(text)).build();
  }
}

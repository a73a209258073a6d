package io.ringmain;

/**
 * What a streamed answer grew by. What did not grow is empty.
 *
 * @param text to append to the answer's text
 * @param reasoning to append to its reasoning
 * @param toolCallId the tool call that grew
 * @param toolName its tool
 * @param argumentsJson a piece of its arguments
 * @param discarded whether everything before is void: another provider starts the answer again
 */
public record Delta(
    String text,
    String reasoning,
    String toolCallId,
    String toolName,
    String argumentsJson,
    boolean discarded) {

  static final Delta NOTHING = new Delta("", "", "", "", "", false);
  static final Delta DISCARDED = new Delta("", "", "", "", "", true);

  static Delta ofText(String text) {
    return new Delta(text, "", "", "", "", false);
  }

  static Delta ofReasoning(String reasoning) {
    return new Delta("", reasoning, "", "", "", false);
  }

  /** Returns the text. */
  @Override
  public String toString() {
    return text;
  }
}

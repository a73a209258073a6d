package io.ringmain;

/**
 * A field of the request that breaks a rule.
 *
 * @param field its path, such as {@code messages[2].parts[0].media}
 * @param description what is wrong with it
 */
public record Violation(String field, String description) {}

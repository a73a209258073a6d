/**
 * The client of the Ringmain gateway, which is one gRPC service in front of many AI model
 * providers.
 *
 * <pre>{@code
 * try (RingmainClient client = RingmainClient.builder().model("sandbox/chat").build();
 *     ChatStream stream = client.streamChat("What is a ring main?")) {
 *   for (Delta delta : stream) {
 *     System.out.print(delta.text());
 *   }
 * }
 * }</pre>
 *
 * <p>The messages of the contract are in {@code io.ringmain.v1}, with gRPC's own stubs.
 */
package io.ringmain;

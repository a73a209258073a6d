package io.ringmain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.grpc.Status;
import io.grpc.TlsServerCredentials;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** TLS, one-sided and mutual, and the settings that go with it. */
@Timeout(60)
class TlsTest {
  @TempDir static Path folder;
  private static Certificates server;
  private static Certificates caller;

  @BeforeAll
  static void make() throws Exception {
    server = Certificates.make(folder, "server");
    caller = Certificates.make(folder, "caller");
  }

  private static FakeGateway gateway(TlsServerCredentials.ClientAuth auth) throws Exception {
    var credentials =
        TlsServerCredentials.newBuilder()
            .keyManager(server.chain().toFile(), server.key().toFile())
            .trustManager(caller.chain().toFile())
            .clientAuth(auth)
            .build();
    return new FakeGateway(credentials, "127.0.0.1", new Chatter());
  }

  private static void refused(RingmainClientBuilder builder) {
    try (RingmainClient client = builder.timeout(Duration.ofSeconds(10)).maxAttempts(1).build()) {
      RingmainException error = assertThrows(RingmainException.class, () -> client.chat("Hi"));
      assertEquals(Status.Code.UNAVAILABLE, error.code());
    }
  }

  /** A gateway is trusted by its roots, and by no others. */
  @Test
  void oneSided() throws Exception {
    try (FakeGateway gateway = gateway(TlsServerCredentials.ClientAuth.NONE)) {
      try (RingmainClient client = gateway.client().tls(server.chain()).build()) {
        assertEquals("Hello", client.chat("Hi").text());
      }
      refused(gateway.client().tls());
      refused(gateway.client().tls(caller.chain()));
      refused(gateway.client());
    }
  }

  /** A gateway that asks who calls gets a certificate. */
  @Test
  void mutual() throws Exception {
    try (FakeGateway gateway = gateway(TlsServerCredentials.ClientAuth.REQUIRE)) {
      try (RingmainClient client =
          gateway
              .client()
              .tls(server.chain())
              .clientCertificate(caller.chain(), caller.key())
              .build()) {
        assertEquals("Hello", client.chat("Hi").text());
      }
      refused(gateway.client().tls(server.chain()));
    }
  }

  /** Settings that make no sense are refused at once. */
  @Test
  void settings() throws Exception {
    RingmainClientBuilder builder = RingmainClient.builder();
    byte[] garbage = Files.readAllBytes(server.key());
    assertThrows(IllegalArgumentException.class, () -> builder.maxAttempts(6));
    assertThrows(IllegalArgumentException.class, () -> builder.maxAttempts(0));
    assertThrows(IllegalArgumentException.class, () -> builder.timeout(Duration.ZERO));
    assertThrows(UncheckedIOException.class, () -> builder.tls(folder.resolve("absent")));
    builder.clientCertificate(garbage, garbage);
    assertThrows(IllegalArgumentException.class, builder::build);
  }
}

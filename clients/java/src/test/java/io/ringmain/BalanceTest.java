package io.ringmain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.NameResolverRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Three gateways behind one name: calls take turns, and none fails while one gateway drains. */
@Timeout(60)
class BalanceTest {
  private static final FixedNames NAMES = new FixedNames();
  private final List<FakeGateway> gateways = new ArrayList<>();

  @BeforeAll
  static void register() {
    NameResolverRegistry.getDefaultRegistry().register(NAMES);
  }

  @AfterAll
  static void deregister() {
    NameResolverRegistry.getDefaultRegistry().deregister(NAMES);
  }

  @BeforeEach
  void open() throws Exception {
    for (int i = 0; i < 3; i++) {
      gateways.add(new FakeGateway(new Chatter()));
    }
  }

  @AfterEach
  void close() {
    gateways.forEach(FakeGateway::close);
  }

  private RingmainClient client() {
    String ports =
        gateways.stream()
            .map(gateway -> gateway.target().split(":")[1])
            .collect(Collectors.joining(","));
    return RingmainClient.builder().target("fixed:///" + ports).model("test/model").build();
  }

  /** Calls go to every address in turn. */
  @Test
  void turns() {
    try (RingmainClient client = client()) {
      for (int i = 0; i < 200; i++) {
        client.chat("Hi");
      }
    }
    for (FakeGateway gateway : gateways) {
      assertTrue(gateway.calls.size() > 20, "only " + gateway.calls.size() + " calls");
    }
  }

  /** While one gateway drains and goes, every call is answered by the others. */
  @Test
  void draining() throws Exception {
    try (RingmainClient client = client()) {
      client.chat("Hi");
      Thread drain = new Thread(gateways.get(0)::drain);
      for (int i = 0; i < 300; i++) {
        if (i == 100) {
          drain.start();
        }
        assertEquals("Hello", client.chat("Hi").text());
        TimeUnit.MILLISECONDS.sleep(1);
      }
      drain.join();
    }
    assertEquals(301, gateways.stream().mapToInt(gateway -> gateway.calls.size()).sum());
    assertTrue(gateways.get(0).calls.size() < 80);
  }
}

package io.ringmain;

import io.grpc.EquivalentAddressGroup;
import io.grpc.NameResolver;
import io.grpc.NameResolverProvider;
import io.grpc.StatusOr;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Arrays;
import java.util.List;

/**
 * Resolves {@code fixed:///8001,8002} to these ports of 127.0.0.1, as DNS resolves a headless name.
 */
final class FixedNames extends NameResolverProvider {
  @Override
  public NameResolver newNameResolver(URI target, NameResolver.Args args) {
    List<EquivalentAddressGroup> addresses =
        Arrays.stream(target.getPath().substring(1).split(","))
            .map(port -> new InetSocketAddress("127.0.0.1", Integer.parseInt(port)))
            .map(EquivalentAddressGroup::new)
            .toList();
    return new NameResolver() {
      private Listener2 listener;

      @Override
      public void start(Listener2 given) {
        listener = given;
        refresh();
      }

      @Override
      public void refresh() {
        listener.onResult2(
            ResolutionResult.newBuilder()
                .setAddressesOrError(StatusOr.fromValue(addresses))
                .build());
      }

      @Override
      public String getServiceAuthority() {
        return "fixed";
      }

      @Override
      public void shutdown() {}
    };
  }

  @Override
  protected boolean isAvailable() {
    return true;
  }

  @Override
  protected int priority() {
    return 0; // below DNS, which stays the default
  }

  @Override
  public String getDefaultScheme() {
    return "fixed";
  }
}

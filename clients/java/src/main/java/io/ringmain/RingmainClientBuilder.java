package io.ringmain;

import io.grpc.ChannelCredentials;
import io.grpc.ClientInterceptor;
import io.grpc.InsecureChannelCredentials;
import io.grpc.Metadata;
import io.grpc.TlsChannelCredentials;
import io.grpc.stub.MetadataUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** How a {@link RingmainClient} is to be. Every setting may be left out. */
public final class RingmainClientBuilder {
  String target = Channels.target(null);
  String model = "";
  int maxAttempts = 3;
  int maxMessageBytes = 64 << 20;
  boolean waitForReady;
  private boolean tls;
  private byte[] roots;
  private byte[] certificateChain;
  private byte[] privateKey;
  private Duration timeout;
  private TokenSource tokens;
  private final Metadata metadata = new Metadata();
  private final List<ClientInterceptor> interceptors = new ArrayList<>();

  RingmainClientBuilder() {}

  /**
   * Where the gateway is: {@code host:port}, or a name of gRPC's such as {@code
   * dns:///gateway:50051}. Calls take turns among all addresses of a name. Default: the
   * environment's {@code RINGMAIN_TARGET}, else {@code 127.0.0.1:50051}.
   */
  public RingmainClientBuilder target(String target) {
    this.target = Channels.target(target);
    return this;
  }

  /** The model of every request that names none. */
  public RingmainClientBuilder model(String model) {
    this.model = model;
    return this;
  }

  /**
   * The token or API key, sent as {@code authorization: Bearer …}. Without TLS it can be read on
   * the way. For tokens that end, see {@link #tokenSource}.
   */
  public RingmainClientBuilder token(String token) {
    return metadata("authorization", "Bearer " + token);
  }

  /** Sends the tokens of a source, as {@code authorization: Bearer …}, for tokens that end. */
  public RingmainClientBuilder tokenSource(TokenSource source) {
    this.tokens = source;
    return this;
  }

  /** Metadata of every call, besides what was given before. */
  public RingmainClientBuilder metadata(String key, String value) {
    metadata.put(Metadata.Key.of(key, Metadata.ASCII_STRING_MARSHALLER), value);
    return this;
  }

  /**
   * How long a call may take that has no deadline of its own; for a stream, all of it. Default: no
   * limit.
   */
  public RingmainClientBuilder timeout(Duration timeout) {
    if (timeout.isNegative() || timeout.isZero()) {
      throw new IllegalArgumentException("timeout must be positive, not " + timeout);
    }
    this.timeout = timeout;
    return this;
  }

  /** Encrypts, and trusts the certificates that Java trusts. */
  public RingmainClientBuilder tls() {
    this.tls = true;
    return this;
  }

  /** Encrypts, and trusts the root certificates of a PEM file. */
  public RingmainClientBuilder tls(Path roots) {
    return tls(read(roots));
  }

  /** Encrypts, and trusts root certificates in PEM. */
  public RingmainClientBuilder tls(byte[] roots) {
    this.roots = roots.clone();
    return tls();
  }

  /**
   * Shows who the caller is, by a certificate chain and its private key (PKCS #8), both PEM files.
   * Needs TLS.
   */
  public RingmainClientBuilder clientCertificate(Path chain, Path key) {
    return clientCertificate(read(chain), read(key));
  }

  /**
   * Shows who the caller is, by a certificate chain and its private key (PKCS #8), both PEM. Needs
   * TLS.
   */
  public RingmainClientBuilder clientCertificate(byte[] chain, byte[] key) {
    this.certificateChain = chain.clone();
    this.privateKey = key.clone();
    return this;
  }

  /**
   * How often a call is tried in all, 1 to 5, if it ends UNAVAILABLE before anything of its answer
   * has come. Default: 3.
   */
  public RingmainClientBuilder maxAttempts(int maxAttempts) {
    if (maxAttempts < 1 || maxAttempts > 5) {
      throw new IllegalArgumentException("maxAttempts must be 1 to 5, not " + maxAttempts);
    }
    this.maxAttempts = maxAttempts;
    return this;
  }

  /**
   * The largest request message, in bytes: what the gateway's setting {@code
   * server.max_receive_bytes} says, and {@link RingmainClient#serverInfo} tells. A larger one is
   * not sent: the call fails with {@link ErrorKind#INVALID_REQUEST}. Default: 64 MiB.
   */
  public RingmainClientBuilder maxMessageBytes(int maxMessageBytes) {
    if (maxMessageBytes < 1) {
      throw new IllegalArgumentException(
          "maxMessageBytes must be positive, not " + maxMessageBytes);
    }
    this.maxMessageBytes = maxMessageBytes;
    return this;
  }

  /**
   * Whether calls wait for a gateway that cannot be reached, until their timeout, instead of
   * failing.
   */
  public RingmainClientBuilder waitForReady(boolean waitForReady) {
    this.waitForReady = waitForReady;
    return this;
  }

  /**
   * Takes an interceptor of gRPC's, for tracing, say. It sees calls with all that the client adds
   * to them.
   */
  public RingmainClientBuilder intercept(ClientInterceptor interceptor) {
    interceptors.add(interceptor);
    return this;
  }

  /**
   * Returns the client. It connects with its first call.
   *
   * @throws IllegalArgumentException the settings do not go together, or the certificates cannot be
   *     read
   */
  public RingmainClient build() {
    return new RingmainClient(this);
  }

  /** What the client adds to calls, innermost first. */
  List<ClientInterceptor> interceptors() {
    List<ClientInterceptor> all = new ArrayList<>();
    if (tokens != null) {
      // The innermost, so that those of the caller see one call where there are two.
      all.add(new Authorizing(new Tokens(tokens)));
    }
    all.add(new SizeLimit(maxMessageBytes));
    all.addAll(interceptors);
    Metadata sent = new Metadata();
    sent.merge(metadata);
    all.add(MetadataUtils.newAttachHeadersInterceptor(sent));
    if (timeout != null) {
      all.add(Channels.timeout(timeout));
    }
    return all;
  }

  ChannelCredentials credentials() {
    if (!tls) {
      if (certificateChain != null) {
        throw new IllegalArgumentException("clientCertificate needs tls");
      }
      return InsecureChannelCredentials.create();
    }
    TlsChannelCredentials.Builder builder = TlsChannelCredentials.newBuilder();
    try {
      if (roots != null) {
        builder.trustManager(new ByteArrayInputStream(roots));
      }
      if (certificateChain != null) {
        builder.keyManager(
            new ByteArrayInputStream(certificateChain), new ByteArrayInputStream(privateKey));
      }
    } catch (IOException broken) {
      throw new IllegalArgumentException("the certificates cannot be read", broken);
    }
    return builder.build();
  }

  private static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }
}

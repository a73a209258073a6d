/** How the client connects. */

import { type ChannelCredentials, type ChannelOptions, credentials } from "@grpc/grpc-js";

/** Where a gateway listens that was told nothing else. */
export const DEFAULT_TARGET = "127.0.0.1:50051";
/** The variable of the environment that names the gateway's address. */
export const TARGET_VARIABLE = "RINGMAIN_TARGET";

/** The largest request that a gateway takes whose operator said nothing else. */
export const DEFAULT_MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

const RESPONSE_LIMIT = 64 * 1024 * 1024;
/** Those whose calls may be repeated. AdminService is not among them. */
const SERVICES = [
  "ringmain.v1.AudioService",
  "ringmain.v1.ChatService",
  "ringmain.v1.EmbeddingService",
  "ringmain.v1.ImageService",
  "ringmain.v1.ModelService",
  "ringmain.v1.UsageService",
  "ringmain.v1.VisionService",
  "grpc.health.v1.Health",
];

/** How to connect. */
export interface ConnectionOptions {
  /** True to use TLS with the system's roots, or your own root certificates as PEM. */
  tls?: boolean | string | Uint8Array | undefined;
  /** For mutual TLS: certificate chain and private key as PEM. */
  clientCertificate?: { chain: string | Uint8Array; key: string | Uint8Array } | undefined;
  /** grpc-js's credentials, instead of `tls`. */
  credentials?: ChannelCredentials | undefined;
  /**
   * How often gRPC tries a call that ends UNAVAILABLE before anything of an answer has arrived, 1 to 5; 3 unless
   * said otherwise. A try may cost money; give a `requestId` to pay once.
   */
  maxAttempts?: number | undefined;
  /**
   * The largest request message, in bytes; 64 MiB unless said otherwise. It is what the gateway's setting
   * `server.max_receive_bytes` says, and `Client.serverInfo` tells. A larger one is not sent: InvalidRequest.
   */
  maxMessageBytes?: number | undefined;
  /** Whether calls wait for a gateway that cannot be reached, until their timeout, instead of failing at once. */
  waitForReady?: boolean | undefined;
  /** grpc-js's channel options. They win over the client's own. */
  channelOptions?: ChannelOptions | undefined;
}

/** Returns the channel options. */
export function channelOptions(options: ConnectionOptions): ChannelOptions {
  const { maxAttempts = 3, maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES } = options;
  if (!(Number.isInteger(maxAttempts) && maxAttempts >= 1 && maxAttempts <= 5)) {
    throw new RangeError(`maxAttempts must be 1 to 5, not ${maxAttempts}`);
  }
  return {
    "grpc.primary_user_agent": "ringmain-typescript",
    "grpc.max_receive_message_length": RESPONSE_LIMIT,
    "grpc.service_config": JSON.stringify(serviceConfig(maxAttempts)),
    // What is kept for a repeat: a request with images is more than the 256 KiB that grpc-js keeps.
    "grpc.per_rpc_retry_buffer_size": maxMessageBytes,
    "grpc.retry_buffer_size": 4 * maxMessageBytes,
    "grpc.keepalive_time_ms": 60_000,
    "grpc.keepalive_timeout_ms": 20_000,
    "grpc.keepalive_permit_without_calls": 0,
    ...options.channelOptions,
  };
}

/**
 * Returns the service config: balancing over all addresses, and retries while it is safe.
 *
 * gRPC repeats a call only as long as nothing of an answer has arrived. `retryThrottling` stops repeats when most
 * calls fail, so that an outage is not multiplied.
 * https://github.com/grpc/proposal/blob/master/A6-client-retries.md
 */
export function serviceConfig(maxAttempts: number): object {
  const retryPolicy = {
    maxAttempts,
    initialBackoff: "0.1s",
    maxBackoff: "2s",
    backoffMultiplier: 2,
    retryableStatusCodes: ["UNAVAILABLE"],
  };
  return {
    loadBalancingConfig: [{ round_robin: {} }],
    methodConfig: [
      {
        name: SERVICES.map((service) => ({ service })),
        ...(maxAttempts > 1 && { retryPolicy }),
      },
    ],
    retryThrottling: { maxTokens: 10, tokenRatio: 0.1 },
  };
}

/** Returns the channel's credentials. */
export function channelCredentials(options: ConnectionOptions): ChannelCredentials {
  const { tls = false, clientCertificate } = options;
  if (options.credentials) {
    if (tls || clientCertificate)
      throw new TypeError("give credentials, or tls and clientCertificate, not both");
    return options.credentials;
  }
  if (!tls) {
    if (clientCertificate) throw new TypeError("clientCertificate needs tls");
    return credentials.createInsecure();
  }
  return credentials.createSsl(
    tls === true ? null : Buffer.from(tls),
    clientCertificate ? Buffer.from(clientCertificate.key) : null,
    clientCertificate ? Buffer.from(clientCertificate.chain) : null,
  );
}

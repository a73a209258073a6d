/** Stubs of the contract's services over grpc-js: promises and async iterables, cancelled by AbortSignal. */

import {
  create,
  type DescMessage,
  type DescMethod,
  type DescService,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import type { GenService, GenServiceMethods } from "@bufbuild/protobuf/codegenv2";
import { type Client as GrpcClient, Metadata, status } from "@grpc/grpc-js";
import { errorFor, errorOf } from "./errors.js";
import type { Tokens } from "./tokens.js";

/** What is sent or received beside messages. Binary values belong to keys that end with `-bin`. */
export type Headers = Record<string, string | Uint8Array>;

/** How to make one call. */
export interface CallOptions {
  /** Milliseconds until the call is given up, a stream as a whole. Unset means the client's; Infinity means never. */
  timeoutMs?: number | undefined;
  /** Cancels the call. */
  signal?: AbortSignal | undefined;
  /** Sent with the call. */
  metadata?: Headers | undefined;
  /** Told the metadata that comes before the answer. */
  onHeader?: ((header: Headers) => void) | undefined;
  /** Told the metadata that comes after the answer. */
  onTrailer?: ((trailer: Headers) => void) | undefined;
}

type Method<M> = M extends {
  methodKind: infer K;
  input: infer I extends DescMessage;
  output: infer O extends DescMessage;
}
  ? K extends "unary"
    ? (request: MessageInitShape<I>, options?: CallOptions) => Promise<MessageShape<O>>
    : K extends "server_streaming"
      ? (
          request: MessageInitShape<I>,
          options?: CallOptions,
        ) => AsyncGenerator<MessageShape<O>, void, undefined>
      : (
          requests: AsyncIterable<MessageInitShape<I>>,
          options?: CallOptions,
        ) => AsyncGenerator<MessageShape<O>, void, undefined>
  : never;

/** The methods of a service. A request may be a message or an object of its fields. */
export type Stub<S> =
  S extends GenService<infer M extends GenServiceMethods> ? { [K in keyof M]: Method<M[K]> } : never;

/** What all calls of a client have in common. */
export interface Defaults {
  timeoutMs: number;
  /** The largest request message, in bytes. */
  maxMessageBytes: number;
  metadata: Headers;
  /** Where the tokens of calls come from, unless they are part of the metadata. */
  tokens?: Tokens | undefined;
  /** grpc-js takes it from each call, not from the service config. */
  waitForReady: boolean;
}

/** Returns the stub of a service over a grpc-js client. */
export function stubOf<S extends DescService>(service: S, client: GrpcClient, defaults: Defaults): Stub<S> {
  const methods = service.methods.map((method) => [method.localName, bind(method, client, defaults)]);
  return Object.fromEntries(methods);
}

type Request = MessageInitShape<DescMessage>;

function bind(method: DescMethod, client: GrpcClient, defaults: Defaults): unknown {
  const path = `/${method.parent.typeName}/${method.name}`;
  const { input, output } = method;
  switch (method.methodKind) {
    case "unary":
      return async (request: Request, options?: CallOptions) =>
        callUnary(path, input, output, client, defaults, create(input, request), options);
    case "server_streaming":
      return (request: Request, options?: CallOptions) =>
        serverStream(method, path, client, defaults, request, options);
    default:
      return (requests: AsyncIterable<Request>, options?: CallOptions) =>
        bidiStream(method, path, client, defaults, requests, options);
  }
}

/** What grpc-js's calls of every kind have in common. */
interface Call {
  cancel(): void;
  on(event: "metadata", listener: (metadata: Metadata) => void): unknown;
  on(event: "status", listener: (status: { metadata: Metadata }) => void): unknown;
}

/** Makes a unary call. */
export async function callUnary<I extends DescMessage, O extends DescMessage>(
  path: string,
  input: I,
  output: O,
  client: GrpcClient,
  defaults: Defaults,
  request: MessageShape<I>,
  options: CallOptions = {},
): Promise<MessageShape<O>> {
  refuseAborted(options.signal);
  const message = encoded(input, request, defaults);
  const deadline = deadlineOf(defaults, options);
  const { tokens } = defaults;
  const attempt = async (token?: string): Promise<MessageShape<O>> => {
    let release = () => {};
    try {
      return await new Promise((resolve, reject) => {
        const call = client.makeUnaryRequest(
          path,
          asItIs,
          reader(output),
          message,
          metadataOf(defaults, options, token),
          { deadline },
          (error, response) => (error ? reject(error) : resolve(response as MessageShape<O>)),
        );
        release = follow(call, options);
      });
    } catch (error) {
      throw errorOf(error, options.signal);
    } finally {
      release();
    }
  };
  const token = await tokens?.get(deadline, options.signal);
  try {
    return await attempt(token);
  } catch (error) {
    const other = token && (await tokens?.another(error, token, deadline, options.signal));
    if (!other) throw error;
    return attempt(other);
  }
}

async function* serverStream(
  method: DescMethod,
  path: string,
  client: GrpcClient,
  defaults: Defaults,
  request: Request,
  options: CallOptions = {},
): AsyncGenerator<MessageShape<DescMessage>, void, undefined> {
  refuseAborted(options.signal);
  const { input, output } = method;
  const message = encoded(input, create(input, request), defaults);
  const deadline = deadlineOf(defaults, options);
  const { tokens } = defaults;
  const attempt = (token?: string) =>
    read(
      client.makeServerStreamRequest(
        path,
        asItIs,
        reader(output),
        message,
        metadataOf(defaults, options, token),
        { deadline },
      ),
      options,
    );
  const token = await tokens?.get(deadline, options.signal);
  let begun = false;
  try {
    for await (const event of attempt(token)) {
      begun = true;
      yield event;
    }
    return;
  } catch (error) {
    const other = !begun && token ? await tokens?.another(error, token, deadline, options.signal) : undefined;
    if (!other) throw error;
    yield* attempt(other);
  }
}

async function* bidiStream(
  method: DescMethod,
  path: string,
  client: GrpcClient,
  defaults: Defaults,
  requests: AsyncIterable<Request>,
  options: CallOptions = {},
): AsyncGenerator<MessageShape<DescMessage>, void, undefined> {
  refuseAborted(options.signal);
  const { input, output } = method;
  const deadline = deadlineOf(defaults, options);
  // A refused call is not repeated: the part of the requests that was sent cannot be had again.
  const token = await defaults.tokens?.get(deadline, options.signal);
  const call = client.makeBidiStreamRequest(
    path,
    asItIs,
    reader(output),
    metadataOf(defaults, options, token),
    { deadline },
  );
  let failed: unknown;
  let ended = false;
  const send = async () => {
    for await (const request of requests) {
      if (ended) return;
      if (!call.write(encoded(input, create(input, request), defaults))) await drained(call);
    }
    call.end();
  };
  const sending = send().catch((error: unknown) => {
    failed = error; // The caller's own error: what it iterates over broke, or is too large.
    call.cancel();
  });
  try {
    yield* read(call, options);
  } catch (error) {
    if (failed !== undefined) throw failed;
    throw error;
  } finally {
    ended = true;
    call.emit("drain"); // Lets go of a writer that waits.
    void sending;
  }
}

function drained(call: NodeJS.EventEmitter): Promise<void> {
  return new Promise((resolve) => call.once("drain", resolve));
}

async function* read(
  call: Call & AsyncIterable<unknown> & NodeJS.EventEmitter,
  options: CallOptions,
): AsyncGenerator<MessageShape<DescMessage>, void, undefined> {
  const release = follow(call, options);
  call.on("error", () => {}); // A call that was left ends with CANCELLED, which nobody waits for.
  try {
    for await (const message of call) yield message as MessageShape<DescMessage>;
  } catch (error) {
    throw errorOf(error, options.signal);
  } finally {
    release();
    call.cancel();
  }
}

/** Ties a call to its signal and listeners, and returns what unties it. */
function follow(call: Call, { signal, onHeader, onTrailer }: CallOptions): () => void {
  if (onHeader) call.on("metadata", (metadata) => onHeader(metadata.getMap()));
  if (onTrailer) call.on("status", ({ metadata }) => onTrailer(metadata.getMap()));
  const cancel = () => call.cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  return () => signal?.removeEventListener("abort", cancel);
}

function refuseAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw errorFor("the call was cancelled before it began", {
      code: status.CANCELLED,
      cause: signal.reason,
    });
  }
}

function metadataOf(defaults: Defaults, options: CallOptions, token?: string): Metadata {
  const metadata = new Metadata({ waitForReady: defaults.waitForReady });
  const bearer = token === undefined ? {} : { authorization: `Bearer ${token}` };
  for (const [key, value] of Object.entries({ ...bearer, ...defaults.metadata, ...options.metadata })) {
    metadata.set(key, typeof value === "string" ? value : Buffer.from(value));
  }
  return metadata;
}

/** Returns when the call must have ended, in milliseconds since the epoch. */
function deadlineOf(defaults: Defaults, options: CallOptions): number {
  return Date.now() + (options.timeoutMs ?? defaults.timeoutMs);
}

/** Returns the bytes of a request, unless it is larger than the client may send. */
function encoded<D extends DescMessage>(
  desc: D,
  message: MessageShape<D>,
  { maxMessageBytes }: Defaults,
): Buffer {
  const bytes = toBinary(desc, message);
  if (bytes.byteLength > maxMessageBytes) {
    const sizes = `${bytes.byteLength} bytes, more than maxMessageBytes, which is ${maxMessageBytes}`;
    throw errorFor(`the request has ${sizes}`, { code: status.RESOURCE_EXHAUSTED });
  }
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const asItIs = (message: Buffer): Buffer => message;

function reader<D extends DescMessage>(desc: D): (data: Buffer) => MessageShape<D> {
  return (data) => fromBinary(desc, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

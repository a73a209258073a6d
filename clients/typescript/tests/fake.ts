/** A scripted gateway on a real socket, and the events that scripts send. */

import type { TestContext } from "node:test";
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
import { anyPack, Int32ValueSchema, StringValueSchema } from "@bufbuild/protobuf/wkt";
import * as grpc from "@grpc/grpc-js";
import { StatusSchema } from "../src/gen/google/rpc/status_pb.js";
import { Client, type ClientOptions } from "../src/index.js";
import {
  AudioService,
  type ChatEvent,
  ChatEventSchema,
  type ChatRequest,
  ChatService,
  EmbeddingService,
  FinishReason,
  ImageService,
  ModelService,
  type PartDelta,
  VisionService,
} from "../src/v1.js";

/** What a script may see of its call and do with it. */
export type ServerCall = grpc.ServerWritableStream<unknown, unknown>;
export type Duplex = grpc.ServerDuplexStream<unknown, unknown>;
type Input<M> = M extends { input: infer I extends DescMessage } ? MessageShape<I> : never;
type Output<M> = M extends { output: infer O extends DescMessage } ? MessageInitShape<O> : never;
type Script<M> = M extends { methodKind: "unary" }
  ? (request: Input<M>, call: ServerCall) => Promise<Output<M>> | Output<M>
  : M extends { methodKind: "server_streaming" }
    ? (request: Input<M>, call: ServerCall) => AsyncIterable<Output<M>> | Iterable<Output<M>>
    : (requests: AsyncIterable<Input<M>>, call: Duplex) => AsyncIterable<Output<M>>;
type Scripts<S extends DescService> = { [K in keyof S["method"]]?: Script<S["method"][K]> };

/** What each service does. A method without a script is UNIMPLEMENTED. */
export interface Gateway {
  chat?: Scripts<typeof ChatService>;
  vision?: Scripts<typeof VisionService>;
  image?: Scripts<typeof ImageService>;
  embedding?: Scripts<typeof EmbeddingService>;
  audio?: Scripts<typeof AudioService>;
  model?: Scripts<typeof ModelService>;
}

const SERVICES = {
  chat: ChatService,
  vision: VisionService,
  image: ImageService,
  embedding: EmbeddingService,
  audio: AudioService,
  model: ModelService,
};

/** A failure as a script throws it. */
export class Failure extends Error {
  constructor(
    readonly code: grpc.status,
    readonly details: string,
    readonly metadata = new grpc.Metadata(),
  ) {
    super(details);
  }
}

/** Returns a failure with details. */
export function failure(
  code: grpc.status,
  message: string,
  ...details: [DescMessage, Record<string, unknown>][]
): Failure {
  const metadata = new grpc.Metadata();
  const packed = details.map(([schema, init]) => anyPack(schema, create(schema, init)));
  const rich = create(StatusSchema, { code, message, details: packed });
  metadata.set("grpc-status-details-bin", Buffer.from(toBinary(StatusSchema, rich)));
  return new Failure(code, message, metadata);
}

/** Serves a gateway until the test ends and returns its address. */
export async function serve(
  t: TestContext,
  gateway: Gateway,
  credentials = grpc.ServerCredentials.createInsecure(),
): Promise<string> {
  const server = new grpc.Server({ "grpc.max_receive_message_length": 64 * 1024 * 1024 });
  for (const [name, service] of Object.entries(SERVICES)) {
    const scripts = (gateway[name as keyof Gateway] ?? {}) as Record<string, AnyScript>;
    for (const method of service.methods) register(server, method, scripts[method.localName]);
  }
  registerHealth(server);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", credentials, (error, bound) => (error ? reject(error) : resolve(bound))),
  );
  t.after(() => server.forceShutdown());
  return `127.0.0.1:${port}`;
}

/** Returns a client of a gateway; both live as long as the test. */
export async function dial(t: TestContext, gateway: Gateway, options: ClientOptions = {}): Promise<Client> {
  return open(t, await serve(t, gateway), options);
}

/** Returns a client that lives as long as the test. */
export function open(t: TestContext, target: string, options: ClientOptions = {}): Client {
  const client = new Client(target, options);
  t.after(() => client.close());
  return client;
}

// biome-ignore lint/suspicious/noExplicitAny: scripts of all methods share one table; Gateway has their types
type AnyScript = (request: any, call: any) => any;

function register(server: grpc.Server, method: DescMethod, script: AnyScript | undefined): void {
  const streams = method.methodKind !== "unary";
  const bidi = method.methodKind === "bidi_streaming";
  server.register(
    `/${method.parent.typeName}/${method.name}`,
    streams ? streaming(script, bidi) : unary(script),
    (message: unknown) =>
      Buffer.from(toBinary(method.output, create(method.output, message as MessageInitShape<DescMessage>))),
    (data: Buffer) => fromBinary(method.input, new Uint8Array(data)),
    bidi ? "bidi" : streams ? "serverStream" : "unary",
  );
}

const noScript = () => new Failure(grpc.status.UNIMPLEMENTED, "the fake has no script for this method");

function unary(script: AnyScript | undefined): grpc.handleUnaryCall<unknown, unknown> {
  return (call, answer) => {
    if (!script) return answer(noScript());
    Promise.resolve()
      .then(() => script(call.request, call))
      .then((response) => answer(null, response))
      .catch((error: unknown) => answer(error as Failure));
  };
}

function streaming(
  script: AnyScript | undefined,
  bidi: boolean,
): grpc.handleServerStreamingCall<unknown, unknown> {
  return async (call) => {
    try {
      if (!script) throw noScript();
      for await (const message of script(bidi ? requestsOf(call) : call.request, call)) call.write(message);
      call.end();
    } catch (error) {
      call.emit("error", error);
    }
  };
}

/** Returns what comes in, without ending what goes out when it ends, as iterating over the call would. */
const requestsOf = (call: unknown) => (call as Duplex).iterator({ destroyOnReturn: false });

function registerHealth(server: grpc.Server): void {
  server.register(
    "/grpc.health.v1.Health/Check",
    (call: { request: { value: string } }, answer: grpc.sendUnaryData<{ value: number }>) =>
      call.request.value === "unknown"
        ? answer(new Failure(grpc.status.NOT_FOUND, "unknown service"))
        : answer(null, { value: 1 }),
    (message: { value: number }) =>
      Buffer.from(toBinary(Int32ValueSchema, create(Int32ValueSchema, message))),
    (data: Buffer) => fromBinary(StringValueSchema, data),
    "unary",
  );
}

/** Resolves once a call was cancelled. */
export const cancelled = (call: ServerCall): Promise<void> =>
  new Promise((resolve) => {
    if (call.cancelled) resolve();
    else call.once("cancelled", resolve);
  });

type EventInit = MessageInitShape<typeof ChatEventSchema>;

/** Returns the events of an answer that comes in these pieces, without the last one. */
export const text = (...pieces: string[]): ChatEvent[] => [
  event({ case: "started", value: { responseId: "r-1", providerId: "fake", providerModel: "model-1" } }),
  event({ case: "partStarted", value: { index: 0, part: { content: { case: "text", value: "" } } } }),
  ...pieces.map((value) => delta(0, { case: "text", value })),
];

/** Returns the event of a part that grows. */
const delta = (index: number, growth: PartDelta["delta"]): ChatEvent =>
  event({ case: "partDelta", value: { index, delta: growth } });

/** Returns the event that ends an answer. */
export const finished = (): ChatEvent =>
  event({
    case: "finished",
    value: {
      finishReason: FinishReason.STOP,
      usage: { inputTokenCount: 3n, outputTokenCount: 5n, costNanoUsd: 1_500_000n },
      route: { providerId: "fake", providerModel: "model-1" },
    },
  });

/** Returns an event. */
export const event = (init: NonNullable<EventInit["event"]>): ChatEvent =>
  create(ChatEventSchema, { event: init });

/** Answers with the last message, and with the model as response id. */
export const echo = (request: ChatRequest) => ({
  responseId: request.model,
  message: request.messages.at(-1),
});

/** Returns a promise and what resolves it. */
export function gate(): { opened: Promise<void>; open: () => void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/**
 * The driver of tests/conformance for TypeScript: carries out the cases that standard input names, through the
 * client, and tells on standard output what came. tests/conformance/README.md has the format.
 */

import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { type DescMessage, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { type Answer, type ChatStream, Client, type Headers, RingmainError, status } from "../src/index.js";
import {
  AnalyzeImagesRequestSchema,
  ChatEventSchema,
  ChatRequestSchema,
  ChatResponseSchema,
  CountTokensRequestSchema,
  CountTokensResponseSchema,
  EmbedRequestSchema,
  EmbedResponseSchema,
  GenerateImagesRequestSchema,
  GenerateImagesResponseSchema,
  GetServerInfoRequestSchema,
  GetServerInfoResponseSchema,
  ImageEventSchema,
  ListModelsRequestSchema,
  ListModelsResponseSchema,
  StreamImagesRequestSchema,
} from "../src/v1.js";

/** When a call is cancelled whose case says to do so after no message, in milliseconds. */
const CANCEL_DELAY_MS = 1000;

/** A case to carry out. */
export interface Question {
  id: string;
  target: string;
  method: string;
  request: string;
  deadline_ms?: number | null;
  cancel_after?: number | null;
  metadata?: Record<string, string> | null;
  token?: string | null;
  max_message_bytes?: number | null;
}

/** What the client reads from a chat's answer. */
export interface Read {
  text: string;
  sources: string[];
  tool_calls: string[];
  provider_tool_calls: string[];
  must_continue: boolean;
}

/** What came of it. */
export interface Told {
  id: string;
  responses: string[];
  folded: string;
  read: Read | null;
  status: string;
  message: string;
  kind: string;
  reason: string;
  retry_delay_ms: number | null;
  violations: string[];
  metadata: Record<string, string>;
}

type Options = NonNullable<Parameters<Client["analyzeImages"]>[1]>;
type Messages = AsyncIterable<Uint8Array>;
type Method = (client: Client, request: Uint8Array, options: Options, told: Told) => Messages;

/** Returns a method that is answered once. */
function whole<I extends DescMessage, O extends DescMessage>(
  input: I,
  output: O,
  call: (client: Client, request: MessageShape<I>, options: Options) => Promise<MessageShape<O>>,
): Method {
  return async function* (client, request, options) {
    yield toBinary(output, await call(client, fromBinary(input, request), options));
  };
}

/** Returns a method that is answered by a stream. */
function streamed<I extends DescMessage, O extends DescMessage>(
  input: I,
  output: O,
  call: (client: Client, request: MessageShape<I>, options: Options) => AsyncIterable<MessageShape<O>>,
): Method {
  return async function* (client, request, options) {
    for await (const message of call(client, fromBinary(input, request), options))
      yield toBinary(output, message);
  };
}

/** Returns a method that is answered by a chat's stream, which the client folds. */
function folded<I extends DescMessage>(
  input: I,
  call: (client: Client, request: MessageShape<I>, options: Options) => ChatStream,
): Method {
  return async function* (client, request, options, told) {
    const stream = call(client, fromBinary(input, request), options);
    try {
      for await (const event of stream.events()) yield toBinary(ChatEventSchema, event);
    } finally {
      told.folded = base64(toBinary(ChatResponseSchema, stream.partial.proto));
      told.read = read(stream.partial);
    }
  };
}

/** Returns a method that is answered by a whole chat. */
function answered<I extends DescMessage>(
  input: I,
  call: (client: Client, request: MessageShape<I>, options: Options) => Promise<Answer>,
): Method {
  return async function* (client, request, options, told) {
    const answer = await call(client, fromBinary(input, request), options);
    told.read = read(answer);
    yield toBinary(ChatResponseSchema, answer.proto);
  };
}

function read(answer: Answer): Read {
  return {
    text: answer.text,
    sources: answer.sources.map(({ uri, filename }) => uri || filename),
    tool_calls: answer.toolCalls.map(({ id }) => id),
    provider_tool_calls: answer.providerToolCalls.map(({ id }) => id),
    must_continue: answer.mustContinue,
  };
}

const METHODS: Record<string, Method> = {
  Chat: answered(ChatRequestSchema, (client, request, options) => client.chat(request, options)),
  StreamChat: folded(ChatRequestSchema, (client, request, options) => client.stream(request, options)),
  CountTokens: whole(CountTokensRequestSchema, CountTokensResponseSchema, (client, request, options) =>
    request.chat
      ? client.countTokens(request.chat, options)
      : client.stubs.chat.countTokens(request, options),
  ),
  AnalyzeImages: answered(AnalyzeImagesRequestSchema, (client, request, options) =>
    client.analyzeImages(request, options),
  ),
  StreamAnalyzeImages: folded(AnalyzeImagesRequestSchema, (client, request, options) =>
    client.streamAnalyzeImages(request, options),
  ),
  GenerateImages: whole(
    GenerateImagesRequestSchema,
    GenerateImagesResponseSchema,
    (client, request, options) => client.generateImages(request, options),
  ),
  StreamImages: streamed(StreamImagesRequestSchema, ImageEventSchema, (client, request, options) =>
    client.streamImages(request, options),
  ),
  Embed: whole(EmbedRequestSchema, EmbedResponseSchema, (client, request, options) =>
    client.embed(request, options),
  ),
  ListModels: whole(ListModelsRequestSchema, ListModelsResponseSchema, (client, request, options) =>
    client.stubs.model.listModels(request, options),
  ),
  GetServerInfo: whole(GetServerInfoRequestSchema, GetServerInfoResponseSchema, (client, _, options) =>
    client.serverInfo(options),
  ),
};

/** Carries out one case. */
export async function carryOut(client: Client, asked: Question): Promise<Told> {
  const told: Told = {
    id: asked.id,
    responses: [],
    folded: "",
    read: null,
    status: "OK",
    message: "",
    kind: "",
    reason: "",
    retry_delay_ms: null,
    violations: [],
    metadata: {},
  };
  const cancel = new AbortController();
  const timer = asked.cancel_after === 0 ? setTimeout(() => cancel.abort(), CANCEL_DELAY_MS) : undefined;
  const tell = (headers: Headers) => Object.assign(told.metadata, printable(headers));
  const options: Options = {
    timeoutMs: asked.deadline_ms ?? undefined,
    metadata: asked.metadata ?? {},
    signal: cancel.signal,
    onHeader: tell,
    onTrailer: tell,
  };
  try {
    const method = METHODS[asked.method];
    if (!method) throw new Error(`no such method: ${asked.method}`);
    for await (const message of method(client, Buffer.from(asked.request, "base64"), options, told)) {
      told.responses.push(base64(message));
      // Leaving the loop cancels the call.
      if (told.responses.length === asked.cancel_after) {
        told.status = "CANCELLED";
        break;
      }
    }
  } catch (error) {
    Object.assign(told, failure(error));
  } finally {
    clearTimeout(timer);
  }
  return told;
}

function failure(error: unknown): Partial<Told> {
  if (!(error instanceof RingmainError)) {
    return { status: "UNKNOWN", message: `not an error of the client: ${error}` };
  }
  return {
    status: status[error.code],
    message: error.details,
    kind: error.name.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toLowerCase(),
    reason: error.reason,
    retry_delay_ms: error.retryDelayMs ?? null,
    violations: error.violations.map(({ field }) => field),
  };
}

function base64(message: Uint8Array): string {
  return Buffer.from(message).toString("base64");
}

function printable(headers: Headers): Record<string, string> {
  const texts = Object.entries(headers).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string" && /^[\x20-\x7e]*$/.test(entry[1]),
  );
  return Object.fromEntries(texts);
}

/** Carries out each line of the input, several at once, and returns when all are answered. */
export async function run(input: Readable, output: Writable): Promise<void> {
  const clients = new Map<string, Client>();
  const clientOf = ({ target, token, max_message_bytes: limit }: Question): Client => {
    const key = `${target} ${token ?? ""} ${limit ?? ""}`;
    const options = { token: token ?? undefined, maxMessageBytes: limit ?? undefined };
    const known = clients.get(key) ?? new Client(target, options);
    clients.set(key, known);
    return known;
  };
  const underWay: Promise<void>[] = [];
  for await (const line of createInterface({ input })) {
    const asked = JSON.parse(line) as Question;
    const answered = carryOut(clientOf(asked), asked);
    underWay.push(answered.then((told) => void output.write(`${JSON.stringify(told)}\n`)));
  }
  await Promise.all(underWay);
  for (const client of clients.values()) client.close();
}

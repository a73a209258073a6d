/** A ChatRequest from plain values. */

import type { JsonObject } from "@bufbuild/protobuf";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type Duration, DurationSchema } from "@bufbuild/protobuf/wkt";
import { type ChatRequest, ChatRequestSchema } from "./gen/ringmain/v1/chat_service_pb.js";
import { type Media, type Message, MessageSchema, type Part, Role } from "./gen/ringmain/v1/content_pb.js";
import {
  type GenerationConfigSchema,
  Modality,
  type PromptCache,
  PromptCacheSchema,
  ReasoningEffort,
  type ResponseFormat,
  ResponseFormatSchema,
  type ToolChoiceSchema,
  ToolMode,
} from "./gen/ringmain/v1/generation_pb.js";
import { CacheMode, type RoutingPolicySchema, StreamRecovery } from "./gen/ringmain/v1/routing_pb.js";
import {
  conversation,
  document,
  image,
  part,
  type Source,
  schemaText,
  system,
  type ToolLike,
  type Turn,
  toolOf,
} from "./messages.js";
import type { CallOptions } from "./stub.js";

/** What to answer: a question, a conversation, or a request of the contract as it is. */
export type Prompt = Turn | readonly Turn[] | ChatRequest;

/** How to answer. What is undefined is unset. */
export interface ChatOptions extends CallOptions {
  /** A model of the gateway, or `provider/model`. Unset means the client's. */
  model?: string | undefined;
  /** Instructions, put first. */
  system?: string | undefined;
  /** Images for the last turn, which must be the user's. */
  images?: readonly (Source | Media | Part)[] | undefined;
  /** Documents for the last turn, which must be the user's. */
  files?: readonly (Source | Media | Part)[] | undefined;

  /** The functions that the model may ask for, and tools that the provider runs, such as `webSearch()`. */
  tools?: readonly ToolLike[] | undefined;
  /** `auto`, `none`, `required`, or the one tool that must be called. */
  toolChoice?: string | undefined;
  /** Whether the model may ask for several tools at once. */
  parallelToolCalls?: boolean | undefined;
  /** `json` for any JSON object. */
  responseFormat?: "text" | "json" | undefined;
  /** The JSON Schema that the answer must satisfy, as an object or as text. */
  jsonSchema?: object | string | undefined;

  /** The most tokens to write, reasoning included. */
  maxOutputTokens?: number | undefined;
  /** 0 to 2. */
  temperature?: number | undefined;
  /** Nucleus sampling mass, above 0 and at most 1. */
  topP?: number | undefined;
  /** Sample only among this many likeliest tokens. */
  topK?: number | undefined;
  /** -2 to 2. */
  frequencyPenalty?: number | undefined;
  /** -2 to 2. */
  presencePenalty?: number | undefined;
  /** For best-effort repeatability. */
  seed?: number | bigint | undefined;
  /** What ends the answer. At most 8. */
  stopSequences?: readonly string[] | undefined;
  /** How much to reason first. */
  reasoningEffort?: "none" | "minimal" | "low" | "medium" | "high" | "extra_high" | undefined;
  /** The most tokens to reason with. It wins over `reasoningEffort` where the provider takes a number. */
  reasoningTokenBudget?: number | undefined;
  /** What the answer may hold. Unset means text alone. */
  outputModalities?: readonly ("text" | "image" | "audio")[] | undefined;
  /** How to speak, where `audio` is among `outputModalities`: the provider's name for the voice, a media type. */
  audioOutput?: { voice?: string; mimeType?: string } | undefined;
  /** Asks for the log probability of every token, and of this many that could stand in its place, 0 to 20. */
  topLogprobs?: number | undefined;
  /** How to use the provider's prompt cache; true for its defaults. Requests with the same key share a cache. */
  promptCache?: boolean | { key?: string; ttlMs?: number } | undefined;
  /** Fields for a provider as they are, by provider kind: `{ openai: { user: "…" } }`. */
  providerOptions?: Record<string, JsonObject> | undefined;

  /** Providers to try, in order. */
  providerIds?: readonly string[] | undefined;
  /** Whether to stop after the first failure. */
  failoverDisabled?: boolean | undefined;
  /** How to use the gateway's response cache. */
  cacheMode?: "use" | "refresh" | "bypass" | undefined;
  /** What to do when a stream breaks after content was sent. */
  streamRecovery?: "fail" | "restart" | "continue" | undefined;
  /** The longest wait for a stream's first content, in milliseconds. */
  firstContentTimeoutMs?: number | undefined;
  /** The longest silence in a stream, in milliseconds. */
  idleTimeoutMs?: number | undefined;
  /** For cost attribution, such as `{ feature: "search" }`. */
  labels?: Record<string, string> | undefined;
  /** Your own name for the end user whom the request is for. */
  userId?: string | undefined;
  /** A name of your own: a repeat within a day returns the first answer and costs nothing. */
  requestId?: string | undefined;
}

const EFFORTS = {
  none: ReasoningEffort.NONE,
  minimal: ReasoningEffort.MINIMAL,
  low: ReasoningEffort.LOW,
  medium: ReasoningEffort.MEDIUM,
  high: ReasoningEffort.HIGH,
  extra_high: ReasoningEffort.EXTRA_HIGH,
};
const MODALITIES = { text: Modality.TEXT, image: Modality.IMAGE, audio: Modality.AUDIO };
const CACHE_MODES = { use: CacheMode.USE, refresh: CacheMode.REFRESH, bypass: CacheMode.BYPASS };
const RECOVERIES = {
  fail: StreamRecovery.FAIL,
  restart: StreamRecovery.RESTART,
  continue: StreamRecovery.CONTINUE,
};
const MODES: Record<string, ToolMode> = {
  auto: ToolMode.AUTO,
  none: ToolMode.NONE,
  required: ToolMode.REQUIRED,
};

/** Returns the request that `chat` and `stream` would send. Of a ready request only an empty model is filled in. */
export async function chatRequest(prompt: Prompt, options: ChatOptions = {}): Promise<ChatRequest> {
  if (isRequest(prompt)) return { ...prompt, model: prompt.model || (options.model ?? "") };
  const { tools = [], labels, userId } = options;
  return create(ChatRequestSchema, {
    requestId: options.requestId ?? "",
    model: options.model ?? "",
    messages: await messages(prompt, options),
    ...given("generationConfig", generationConfig(options)),
    tools: tools.map(toolOf),
    ...given("toolChoice", toolChoice(options)),
    ...given("attribution", defined({ labels, userId })),
    ...given("routingPolicy", routingPolicy(options)),
  });
}

function isRequest(prompt: Prompt): prompt is ChatRequest {
  return (
    typeof prompt === "object" && "$typeName" in prompt && prompt.$typeName === "ringmain.v1.ChatRequest"
  );
}

async function messages(prompt: Turn | readonly Turn[], options: ChatOptions): Promise<Message[]> {
  const found = conversation(prompt);
  const images = (options.images ?? []).map((one) => (isReady(one) ? one : image(one)));
  const files = (options.files ?? []).map((one) => (isReady(one) ? one : document(one)));
  const media = await Promise.all([...images, ...files]);
  if (media.length > 0) found.push(withMedia(found.pop(), media));
  if (options.system !== undefined) found.unshift(system(options.system));
  return found;
}

const isReady = (source: Source | Media | Part): source is Media | Part =>
  typeof source === "object" && "$typeName" in source;

function withMedia(last: Message | undefined, media: readonly (Media | Part)[]): Message {
  if (last?.role !== Role.USER) throw new TypeError("images and files need a last turn by the user");
  return create(MessageSchema, { role: last.role, parts: [...last.parts, ...media.map(part)] });
}

function generationConfig(options: ChatOptions): MessageInitShape<typeof GenerationConfigSchema> {
  return defined({
    maxOutputTokens: options.maxOutputTokens,
    temperature: options.temperature,
    topP: options.topP,
    topK: options.topK,
    frequencyPenalty: options.frequencyPenalty,
    presencePenalty: options.presencePenalty,
    seed: options.seed === undefined ? undefined : BigInt(options.seed),
    stopSequences: options.stopSequences && [...options.stopSequences],
    reasoningEffort: options.reasoningEffort && EFFORTS[options.reasoningEffort],
    reasoningTokenBudget: options.reasoningTokenBudget,
    outputModalities: options.outputModalities?.map((name) => MODALITIES[name]),
    audioOutput: options.audioOutput,
    topLogprobs: options.topLogprobs,
    promptCache: promptCache(options.promptCache),
    responseFormat: responseFormat(options),
    providerOptions: options.providerOptions,
  });
}

function responseFormat({ jsonSchema, responseFormat }: ChatOptions): ResponseFormat | undefined {
  if (jsonSchema !== undefined) {
    if (responseFormat === "text") throw new TypeError("give jsonSchema or responseFormat, not both");
    const title: unknown = typeof jsonSchema === "string" ? undefined : Reflect.get(jsonSchema, "title");
    const value = { name: typeof title === "string" ? title : "answer", schemaJson: schemaText(jsonSchema) };
    return create(ResponseFormatSchema, { format: { case: "jsonSchema", value } });
  }
  if (responseFormat !== "json") return undefined;
  return create(ResponseFormatSchema, { format: { case: "jsonObject", value: {} } });
}

function promptCache(wanted: ChatOptions["promptCache"]): PromptCache | undefined {
  if (!wanted) return undefined;
  const { key, ttlMs } = wanted === true ? {} : wanted;
  return create(PromptCacheSchema, defined({ key, ttl: duration(ttlMs) }));
}

function toolChoice(options: ChatOptions): MessageInitShape<typeof ToolChoiceSchema> {
  const { toolChoice: wanted, parallelToolCalls } = options;
  const mode = wanted === undefined ? undefined : MODES[wanted];
  if (mode !== undefined)
    return defined({ choice: { case: "mode" as const, value: mode }, parallelToolCalls });
  const choice = wanted === undefined ? undefined : { case: "toolName" as const, value: wanted };
  return defined({ choice, parallelToolCalls });
}

function routingPolicy(options: ChatOptions): MessageInitShape<typeof RoutingPolicySchema> {
  return defined({
    providerIds: options.providerIds && [...options.providerIds],
    failoverDisabled: options.failoverDisabled,
    cacheMode: options.cacheMode && CACHE_MODES[options.cacheMode],
    streamRecovery: options.streamRecovery && RECOVERIES[options.streamRecovery],
    firstContentTimeout: duration(options.firstContentTimeoutMs),
    idleTimeout: duration(options.idleTimeoutMs),
  });
}

function duration(milliseconds: number | undefined): Duration | undefined {
  if (milliseconds === undefined) return undefined;
  const seconds = Math.floor(milliseconds / 1000);
  const nanos = Math.round((milliseconds - seconds * 1000) * 1e6);
  return create(DurationSchema, { seconds: BigInt(seconds), nanos });
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Returns the fields that have a value. */
function defined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}

/** Returns a message under its name unless it is empty: absent means the same, and is shorter. */
function given<K extends string, V extends object>(name: K, value: V): { [P in K]?: V } {
  return (Object.keys(value).length > 0 ? { [name]: value } : {}) as { [P in K]?: V };
}

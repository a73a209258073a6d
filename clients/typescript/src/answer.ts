/** A whole answer, a growing one, and how events fold into it. */

import { clone, create } from "@bufbuild/protobuf";
import {
  type ChatEvent,
  type ChatResponse,
  ChatResponseSchema,
  type PartDelta,
  type PartStarted,
} from "./gen/ringmain/v1/chat_service_pb.js";
import {
  type Message,
  MessageSchema,
  type Part,
  PartSchema,
  type Reasoning,
  ReasoningSchema,
  Role,
  ToolCallSchema,
} from "./gen/ringmain/v1/content_pb.js";
import { FinishReason } from "./gen/ringmain/v1/generation_pb.js";
import type { Route } from "./gen/ringmain/v1/routing_pb.js";
import { type Usage, UsageSchema } from "./gen/ringmain/v1/usage_pb.js";

/** A model's request to run a tool. */
export class ToolCall {
  constructor(
    /** Names the call, for `toolResult`. */
    readonly id: string,
    /** The tool. */
    readonly name: string,
    /** Its arguments as the model wrote them, which may be invalid. */
    readonly argumentsJson: string,
  ) {}

  /** The arguments, parsed. Throws a SyntaxError if they are no JSON. Check them as you would any caller's. */
  get arguments(): Record<string, unknown> {
    const value: unknown = JSON.parse(this.argumentsJson || "{}");
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new SyntaxError(`the arguments of ${this.name} are not a JSON object`);
    }
    return value as Record<string, unknown>;
  }
}

/** A model's answer. `String(answer)` is its text. */
export class Answer {
  constructor(
    /** The response as it came. */
    readonly proto: ChatResponse,
  ) {}

  /** The turn to append to the conversation. */
  get message(): Message {
    return this.proto.message ?? create(MessageSchema, { role: Role.ASSISTANT });
  }

  /** The text, all parts of it. */
  get text(): string {
    return this.#join((part) => (part.content.case === "text" ? part.content.value : ""));
  }

  /** The model's reasoning, as far as the provider shows it. */
  get reasoning(): string {
    return this.#join((part) => (part.content.case === "reasoning" ? part.content.value.text : ""));
  }

  /** The tools that the model wants to be run. */
  get toolCalls(): ToolCall[] {
    return this.message.parts.flatMap(({ content }) =>
      content.case === "toolCall"
        ? [new ToolCall(content.value.toolCallId, content.value.name, content.value.argumentsJson)]
        : [],
    );
  }

  /** Returns the text parsed as JSON. Throws a SyntaxError if it is none: cut by `maxOutputTokens`, say. */
  json<T = unknown>(): T {
    return JSON.parse(this.text) as T;
  }

  /** Why the model stopped: `stop`, `max_tokens`, `tool_calls`, `content_filter`, `refusal`. Empty if unknown. */
  get finishReason(): string {
    const { finishReason } = this.proto;
    return finishReason === FinishReason.UNSPECIFIED ? "" : (FinishReason[finishReason]?.toLowerCase() ?? "");
  }

  /** What the answer consumed. */
  get usage(): Usage {
    return this.proto.usage ?? create(UsageSchema);
  }

  /** The price in US dollars. Undefined when unknown, which is not the same as free. */
  get costUsd(): number | undefined {
    const cost = this.usage.costNanoUsd;
    return cost === undefined ? undefined : Number(cost) / 1e9;
  }

  /** How the request was served, every attempt included. */
  get route(): Route | undefined {
    return this.proto.route;
  }

  /** The provider that answered. */
  get provider(): string {
    return this.route?.providerId ?? "";
  }

  /** The provider's own name for the model that answered. */
  get providerModel(): string {
    return this.route?.providerModel ?? "";
  }

  /** The gateway's name for the call. */
  get responseId(): string {
    return this.proto.responseId;
  }

  /** Returns the text. */
  toString(): string {
    return this.text;
  }

  #join(textOf: (part: Part) => string): string {
    return this.message.parts.map(textOf).join("");
  }
}

/** What a streamed answer grew by. */
export interface Delta {
  /** Text to append. */
  readonly text: string;
  /** Reasoning to append. */
  readonly reasoning: string;
  /** The tool call that grew. */
  readonly toolCallId: string;
  /** Its tool. */
  readonly toolName: string;
  /** A piece of its arguments. */
  readonly argumentsJson: string;
  /** Whether everything before is void: another provider starts the answer again. */
  readonly discarded: boolean;
}

const NOTHING: Delta = {
  text: "",
  reasoning: "",
  toolCallId: "",
  toolName: "",
  argumentsJson: "",
  discarded: false,
};

/** Folds the events of a stream into the answer that Chat would have given. */
export class Fold {
  finished = false;
  readonly #head = create(ChatResponseSchema);
  readonly #parts = new Map<number, Growing>();

  /** Takes the next event. Kinds of event newer than this client are skipped. */
  add({ event }: ChatEvent): void {
    switch (event.case) {
      case "started":
        this.#head.responseId = event.value.responseId;
        this.#servedBy(event.value.providerId, event.value.providerModel);
        break;
      case "partStarted":
        this.#parts.set(event.value.index, new Growing(event.value.part));
        break;
      case "partDelta":
        this.#at(event.value.index).append(event.value);
        break;
      case "recovered":
        this.#servedBy(event.value.providerId, event.value.providerModel);
        if (event.value.contentDiscarded) this.#parts.clear();
        break;
      case "finished":
        this.finished = true;
        Object.assign(this.#head, { finishReason: event.value.finishReason, usage: event.value.usage });
        this.#head.route = event.value.route;
        break;
    }
  }

  /** Returns what an event, already added, shows a reader; undefined if nothing. */
  delta({ event }: ChatEvent): Delta | undefined {
    switch (event.case) {
      case "partStarted":
        return opening(event.value);
      case "partDelta":
        return this.#growth(event.value);
      case "recovered":
        return event.value.contentDiscarded ? { ...NOTHING, discarded: true } : undefined;
      default:
        return undefined;
    }
  }

  /** Returns the answer so far, which is the whole one once `finished`. */
  answer(): Answer {
    const parts = [...this.#parts].sort(([a], [b]) => a - b).map(([, growing]) => growing.whole());
    const message = create(MessageSchema, { role: Role.ASSISTANT, parts });
    return new Answer(create(ChatResponseSchema, { ...this.#head, message }));
  }

  #servedBy(providerId: string, providerModel: string): void {
    this.#head.route = create(ChatResponseSchema, { route: { providerId, providerModel } }).route;
  }

  #at(index: number): Growing {
    const known = this.#parts.get(index) ?? new Growing(undefined);
    this.#parts.set(index, known);
    return known;
  }

  #growth({ index, delta }: PartDelta): Delta | undefined {
    switch (delta.case) {
      case "text":
        return { ...NOTHING, text: delta.value };
      case "reasoningText":
        return { ...NOTHING, reasoning: delta.value };
      case "argumentsJson": {
        const { content } = this.#at(index).part;
        const call = content.case === "toolCall" ? content.value : create(ToolCallSchema);
        return { ...NOTHING, toolCallId: call.toolCallId, toolName: call.name, argumentsJson: delta.value };
      }
      default:
        return undefined;
    }
  }
}

function opening({ part }: PartStarted): Delta | undefined {
  const content = part?.content;
  switch (content?.case) {
    case "text":
      return content.value ? { ...NOTHING, text: content.value } : undefined;
    case "reasoning":
      return content.value.text ? { ...NOTHING, reasoning: content.value.text } : undefined;
    case "toolCall": {
      const { toolCallId, name: toolName, argumentsJson } = content.value;
      return { ...NOTHING, toolCallId, toolName, argumentsJson };
    }
    default:
      return undefined;
  }
}

/** A part and what is to be appended to it. A part whose opening was not seen is of its first delta's kind. */
class Growing {
  readonly part: Part;
  #text = "";
  readonly #signatures: Uint8Array[] = [];

  constructor(part: Part | undefined) {
    this.part = part ?? create(PartSchema);
  }

  append({ delta }: PartDelta): void {
    switch (delta.case) {
      case "text":
        if (!this.part.content.case) this.part.content = { case: "text", value: "" };
        this.#text += delta.value;
        break;
      case "reasoningText":
        this.#reasoning();
        this.#text += delta.value;
        break;
      case "argumentsJson":
        if (!this.part.content.case) this.part.content = { case: "toolCall", value: create(ToolCallSchema) };
        this.#text += delta.value;
        break;
      case "signature":
        this.#reasoning();
        this.#signatures.push(delta.value);
        break;
    }
  }

  whole(): Part {
    const part = clone(PartSchema, this.part);
    switch (part.content.case) {
      case "text":
        part.content.value += this.#text;
        break;
      case "reasoning":
        part.content.value.text += this.#text;
        sign(part.content.value, this.#signatures);
        break;
      case "toolCall":
        part.content.value.argumentsJson += this.#text;
        break;
    }
    return part;
  }

  #reasoning(): void {
    if (!this.part.content.case) this.part.content = { case: "reasoning", value: create(ReasoningSchema) };
  }
}

function sign(reasoning: Reasoning, pieces: readonly Uint8Array[]): void {
  if (pieces.length > 0)
    reasoning.signature = new Uint8Array(Buffer.concat([reasoning.signature, ...pieces]));
}

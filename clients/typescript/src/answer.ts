/** A whole answer. */

import { create } from "@bufbuild/protobuf";
import type { ChatResponse } from "./gen/ringmain/v1/chat_service_pb.js";
import {
  type Citation,
  type Media,
  type Message,
  MessageSchema,
  type Part,
  Role,
  type TokenLogprobs,
} from "./gen/ringmain/v1/content_pb.js";
import { FinishReason } from "./gen/ringmain/v1/generation_pb.js";
import type { Route } from "./gen/ringmain/v1/routing_pb.js";
import { type Usage, UsageSchema } from "./gen/ringmain/v1/usage_pb.js";

/** A model's request that you run a tool. */
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
    return parsed(this.name, this.argumentsJson);
  }
}

/** A tool that the provider ran itself, such as a web search. You need do nothing about it. */
export class ProviderToolCall {
  constructor(
    /** The provider's name for the call. */
    readonly id: string,
    /** The tool: `web_search`, `code_execution`, or another name of the provider's. */
    readonly name: string,
    /** The arguments in the provider's own words. Empty if the provider does not tell them. */
    readonly argumentsJson: string,
    /** What the tool gave, as text or media. Empty if the provider does not show it. */
    readonly results: readonly Part[] = [],
    /** Whether the tool failed. The results may say why. */
    readonly failed = false,
  ) {}

  /** The arguments, parsed. Throws a SyntaxError if they are no JSON. */
  get arguments(): Record<string, unknown> {
    return parsed(this.name, this.argumentsJson);
  }
}

function parsed(tool: string, argumentsJson: string): Record<string, unknown> {
  const value: unknown = JSON.parse(argumentsJson || "{}");
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new SyntaxError(`the arguments of ${tool} are not a JSON object`);
  }
  return value as Record<string, unknown>;
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

  /** The tools that the model wants you to run. */
  get toolCalls(): ToolCall[] {
    return this.message.parts.flatMap(({ content }) =>
      content.case === "toolCall"
        ? [new ToolCall(content.value.toolCallId, content.value.name, content.value.argumentsJson)]
        : [],
    );
  }

  /** The tools that the provider ran itself. */
  get providerToolCalls(): ProviderToolCall[] {
    return this.message.parts.flatMap(({ content }) => {
      if (content.case !== "providerToolCall") return [];
      const { toolCallId, name, argumentsJson, results, failed } = content.value;
      return [new ProviderToolCall(toolCallId, name, argumentsJson, results, failed)];
    });
  }

  /**
   * The sources that the text cites, each once, in the order of their first citation. Two citations have the same
   * source if their `uri` is equal, or, without one, their `filename` and `pageNumber`. `message.parts` has every
   * citation, with the text that it belongs to.
   */
  get sources(): Citation[] {
    const found = new Map<string, Citation>();
    for (const cited of this.message.parts.flatMap(({ citations }) => citations)) {
      const key = cited.uri || JSON.stringify([cited.filename, cited.pageNumber]);
      if (!found.has(key)) found.set(key, cited);
    }
    return [...found.values()];
  }

  /** The tokens of the text with their probabilities, if `topLogprobs` asked for them. */
  get logprobs(): TokenLogprobs[] {
    return this.message.parts.flatMap(({ logprobs }) => logprobs);
  }

  /** The images and the speech in the answer. */
  get media(): Media[] {
    return this.message.parts.flatMap(({ content }) => (content.case === "media" ? [content.value] : []));
  }

  /** Returns the text parsed as JSON. Throws a SyntaxError if it is none: cut by `maxOutputTokens`, say. */
  json<T = unknown>(): T {
    return JSON.parse(this.text) as T;
  }

  /**
   * Why the model stopped: `stop`, `max_tokens`, `tool_calls`, `content_filter`, `refusal` or `paused`. Empty if
   * unknown.
   */
  get finishReason(): string {
    const { finishReason } = this.proto;
    return finishReason === FinishReason.UNSPECIFIED ? "" : (FinishReason[finishReason]?.toLowerCase() ?? "");
  }

  /**
   * Whether the model goes on only when the conversation is sent again with `message` at its end. It asks for
   * tools, whose results come after the message, or the provider paused a long turn, and nothing comes after it.
   */
  get mustContinue(): boolean {
    const { finishReason } = this.proto;
    return finishReason === FinishReason.TOOL_CALLS || finishReason === FinishReason.PAUSED;
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

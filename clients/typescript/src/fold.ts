/** How the events of a stream fold into an answer, and what each shows a reader. */

import { create } from "@bufbuild/protobuf";
import { Answer, ProviderToolCall } from "./answer.js";
import {
  type ChatEvent,
  ChatResponseSchema,
  type PartDelta,
  type PartStarted,
} from "./gen/ringmain/v1/chat_service_pb.js";
import {
  type Citation,
  type Media,
  MediaSchema,
  MessageSchema,
  type Part,
  Role,
} from "./gen/ringmain/v1/content_pb.js";
import { emptyFor, Growing } from "./growing.js";

/** What a streamed answer grew by. */
export interface Delta {
  /** Text to append. */
  readonly text: string;
  /** Reasoning to append. */
  readonly reasoning: string;
  /** The tool call that grew, which you are to run. */
  readonly toolCallId: string;
  /** Its tool. */
  readonly toolName: string;
  /** A piece of its arguments. */
  readonly argumentsJson: string;
  /** Whether everything before is void: another provider starts the answer again. */
  readonly discarded: boolean;
  /** A call by the provider of its own tool: its id and name, and pieces to append. */
  readonly providerToolCall?: ProviderToolCall;
  /** A source of the text. It may come before the text that it is about. */
  readonly citation?: Citation;
  /** An image or speech that grew: its media type, and bytes to append. */
  readonly media?: Media;
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

  /** Takes the next event. Kinds of event and delta newer than this client are skipped. */
  add({ event }: ChatEvent): void {
    switch (event.case) {
      case "started":
        this.#head.responseId = event.value.responseId;
        this.#servedBy(event.value.providerId, event.value.providerModel);
        break;
      case "partStarted":
        if (event.value.part) this.#begin(event.value.index, event.value.part);
        break;
      case "partDelta":
        this.#grow(event.value);
        break;
      case "recovered":
        this.#servedBy(event.value.providerId, event.value.providerModel);
        if (event.value.contentDiscarded) this.#parts.clear();
        break;
      case "finished":
        this.finished = true;
        Object.assign(this.#head, { finishReason: event.value.finishReason, usage: event.value.usage });
        this.#head.safetyRatings = event.value.safetyRatings;
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
        return growth(event.value, this.#parts.get(event.value.index)?.part);
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

  #begin(index: number, part: Part): Growing {
    const growing = new Growing(part);
    this.#parts.set(index, growing);
    return growing;
  }

  /** Appends to a part. One whose opening was not seen is of the kind of its first delta. */
  #grow(delta: PartDelta): void {
    const growing = this.#parts.get(delta.index) ?? this.#begin(delta.index, emptyFor(delta));
    growing.append(delta);
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
    case "providerToolCall": {
      const { argumentsJson, results, failed } = content.value;
      return providerCallGrown(part, argumentsJson, results, failed);
    }
    case "media":
      return { ...NOTHING, media: content.value };
    default:
      return undefined;
  }
}

/** Returns what a delta shows; `part` is what it was appended to. */
function growth({ delta }: PartDelta, part: Part | undefined): Delta | undefined {
  const content = part?.content;
  switch (delta.case) {
    case "text":
      return { ...NOTHING, text: delta.value };
    case "reasoningText":
      return { ...NOTHING, reasoning: delta.value };
    case "argumentsJson": {
      if (content?.case !== "toolCall") return providerCallGrown(part, delta.value);
      const { toolCallId, name: toolName } = content.value;
      return { ...NOTHING, toolCallId, toolName, argumentsJson: delta.value };
    }
    case "result":
      return providerCallGrown(part, "", [delta.value]);
    case "failed":
      return providerCallGrown(part, "", [], delta.value);
    case "citation":
      return { ...NOTHING, citation: delta.value };
    case "data": {
      const mimeType = content?.case === "media" ? content.value.mimeType : "";
      return {
        ...NOTHING,
        media: create(MediaSchema, { mimeType, source: { case: "data", value: delta.value } }),
      };
    }
    default:
      return undefined;
  }
}

/** Returns a delta of the call of a provider's tool, with the id and the name that its part has. */
function providerCallGrown(
  part: Part | undefined,
  argumentsJson: string,
  results: readonly Part[] = [],
  failed = false,
): Delta | undefined {
  if (part?.content.case !== "providerToolCall") return undefined;
  const { toolCallId, name } = part.content.value;
  const providerToolCall = new ProviderToolCall(toolCallId, name, argumentsJson, results, failed);
  return { ...NOTHING, providerToolCall };
}

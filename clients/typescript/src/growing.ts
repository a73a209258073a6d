/** A part of a streamed answer, and what is to be appended to it. */

import { clone, create } from "@bufbuild/protobuf";
import type { PartDelta } from "./gen/ringmain/v1/chat_service_pb.js";
import {
  MediaSchema,
  type Part,
  PartSchema,
  ReasoningSchema,
  ToolCallSchema,
} from "./gen/ringmain/v1/content_pb.js";

/** A part that grows. Pieces are joined once, so that a long answer is not copied with each of them. */
export class Growing {
  readonly part: Part;
  /** Of what the part's kind holds: text or arguments. */
  #text = "";
  readonly #data: Uint8Array[] = [];
  readonly #signatures: Uint8Array[] = [];

  /** Begins with a copy of the part, whose lists grow as they come. */
  constructor(part: Part) {
    this.part = clone(PartSchema, part);
  }

  /** Appends a delta. What does not fit the part's kind, or is newer than this client, is skipped. */
  append({ delta, logprobs, providerId }: PartDelta): void {
    const { content } = this.part;
    const call = content.case === "providerToolCall" ? content.value : undefined;
    switch (delta.case) {
      case "text":
        if (content.case === "text") this.#text += delta.value;
        break;
      case "reasoningText":
        if (content.case === "reasoning") this.#text += delta.value;
        break;
      case "argumentsJson":
        if (call || content.case === "toolCall") this.#text += delta.value;
        break;
      case "data":
        if (content.case === "media") this.#data.push(delta.value);
        break;
      case "signature":
        this.#signatures.push(delta.value);
        break;
      case "citation":
        this.part.citations.push(delta.value);
        break;
      case "result":
        call?.results.push(delta.value);
        break;
      case "failed":
        if (call) call.failed = delta.value;
        break;
    }
    this.part.logprobs.push(...logprobs);
    if (providerId) this.part.providerId = providerId;
  }

  /** Returns the part so far. */
  whole(): Part {
    const part = clone(PartSchema, this.part);
    const { content } = part;
    switch (content.case) {
      case "text":
        content.value += this.#text;
        break;
      case "reasoning":
        content.value.text += this.#text;
        break;
      case "toolCall":
      case "providerToolCall":
        content.value.argumentsJson += this.#text;
        break;
      case "media": {
        const { source } = content.value;
        const begun = source.case === "data" ? [source.value] : [];
        if (this.#data.length > 0)
          content.value.source = { case: "data", value: joined([...begun, ...this.#data]) };
        break;
      }
    }
    if (this.#signatures.length > 0) part.signature = joined([part.signature, ...this.#signatures]);
    return part;
  }
}

/** Returns an empty part of the kind that a delta grows. */
export function emptyFor({ delta }: PartDelta): Part {
  switch (delta.case) {
    case "text":
      return create(PartSchema, { content: { case: "text", value: "" } });
    case "reasoningText":
      return create(PartSchema, { content: { case: "reasoning", value: create(ReasoningSchema) } });
    case "argumentsJson":
      return create(PartSchema, { content: { case: "toolCall", value: create(ToolCallSchema) } });
    case "data":
      return create(PartSchema, { content: { case: "media", value: create(MediaSchema) } });
    default:
      return create(PartSchema);
  }
}

const joined = (pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> =>
  new Uint8Array(Buffer.concat(pieces));

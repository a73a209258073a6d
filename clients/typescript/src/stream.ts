/** Streams: an answer as it is written, and pictures as they are drawn. */

import { create } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import type { Answer } from "./answer.js";
import { StreamInterrupted } from "./errors.js";
import { type Delta, Fold } from "./fold.js";
import type { ChatEvent } from "./gen/ringmain/v1/chat_service_pb.js";
import {
  type GeneratedImage,
  GeneratedImageSchema,
  type ImageChunk,
  type ImageEvent,
  type ImageFinished,
} from "./gen/ringmain/v1/image_service_pb.js";

const endedEarly = () =>
  new StreamInterrupted("the stream ended without its last event", { code: status.ABORTED });

/**
 * An answer as it is written. Iterate once, over deltas or over `events()`: the call begins with the loop, and
 * leaving the loop cancels it, so that the provider stops writing.
 */
export class ChatStream implements AsyncIterable<Delta> {
  readonly #events: AsyncIterable<ChatEvent>;
  readonly #fold = new Fold();

  constructor(events: AsyncIterable<ChatEvent>) {
    this.#events = events;
  }

  /** Yields what the answer grows by. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Delta, void, undefined> {
    for await (const event of this.events()) {
      const delta = this.#fold.delta(event);
      if (delta) yield delta;
    }
  }

  /** Yields the events of the contract. */
  async *events(): AsyncGenerator<ChatEvent, void, undefined> {
    for await (const event of this.#events) {
      this.#fold.add(event);
      yield event;
    }
    if (!this.#fold.finished) throw endedEarly();
  }

  /** Reads the stream to its end and returns the answer. */
  async whole(): Promise<Answer> {
    for await (const _ of this.events());
    return this.answer;
  }

  /** The whole answer, once the loop has come to its end. */
  get answer(): Answer {
    if (!this.#fold.finished) throw new Error("the answer is not complete; see ChatStream.partial");
    return this.partial;
  }

  /** The answer so far, for streams that broke or were left. */
  get partial(): Answer {
    return this.#fold.answer();
  }
}

interface Pieces {
  readonly mimeType: string;
  readonly data: Uint8Array[];
}

/** Pictures as they are drawn. Iterate once, over events: the call begins with the loop and ends with it. */
export class ImageStream implements AsyncIterable<ImageEvent> {
  readonly #events: AsyncIterable<ImageEvent>;
  readonly #pieces = new Map<number, Pieces>();
  #finished: ImageFinished | undefined;

  constructor(events: AsyncIterable<ImageEvent>) {
    this.#events = events;
  }

  /** Yields the events of the contract. */
  async *[Symbol.asyncIterator](): AsyncGenerator<ImageEvent, void, undefined> {
    for await (const event of this.#events) {
      if (event.event.case === "chunk") this.#append(event.event.value);
      if (event.event.case === "finished") this.#finished = event.event.value;
      yield event;
    }
    if (!this.#finished) throw endedEarly();
  }

  /** Reads the stream to its end, unless the loop has, and returns the pictures as `generateImages` would have. */
  async images(): Promise<GeneratedImage[]> {
    if (!this.#finished) for await (const _ of this);
    return [...this.#pieces].sort(([a], [b]) => a - b).map(([index, pieces]) => this.#image(index, pieces));
  }

  /** The last event, with usage and route; undefined until then. */
  get finished(): ImageFinished | undefined {
    return this.#finished;
  }

  #image(index: number, { mimeType, data }: Pieces): GeneratedImage {
    const said = this.#finished?.images.find(({ imageIndex }) => imageIndex === index);
    return create(GeneratedImageSchema, {
      media: { mimeType, source: { case: "data", value: new Uint8Array(Buffer.concat(data)) } },
      revisedPrompt: said?.revisedPrompt ?? "",
      note: said?.note ?? "",
    });
  }

  #append({ imageIndex, mimeType, data }: ImageChunk): void {
    const known = this.#pieces.get(imageIndex);
    if (known) known.data.push(data);
    else this.#pieces.set(imageIndex, { mimeType, data: [data] });
  }
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { Cancelled, StreamInterrupted, Unavailable } from "../src/index.js";
import { type ChatEvent, type ChatRequest, ImageEventSchema } from "../src/v1.js";
import {
  cancelled,
  dial,
  event,
  Failure,
  finished,
  type Gateway,
  gate,
  type ServerCall,
  text,
} from "./fake.js";

const streams = (...events: ChatEvent[]): Gateway => ({ chat: { streamChat: () => events } });

test("a stream is read as it is written", async (t) => {
  const client = await dial(t, streams(...text("Grü", "ezi ", "🙂"), finished()));
  const stream = client.stream("a");
  assert.throws(() => stream.answer, /not complete/);
  const pieces: string[] = [];
  for await (const { text } of stream) pieces.push(text);
  assert.deepEqual(pieces, ["Grü", "ezi ", "🙂"]);
  const { answer } = stream;
  assert.equal(answer.text, "Grüezi 🙂");
  assert.deepEqual(
    [answer.finishReason, answer.costUsd, answer.provider, answer.providerModel, answer.responseId],
    ["stop", 0.0015, "fake", "model-1", "r-1"],
  );
});

test("a restart discards what came before", async (t) => {
  const restart = event({ case: "recovered", value: { contentDiscarded: true, providerId: "second" } });
  const goesOn = event({ case: "recovered", value: { providerId: "third" } });
  const client = await dial(
    t,
    streams(...text("gone"), restart, ...text("kept").slice(1), goesOn, finished()),
  );
  const stream = client.stream("?");
  let discarded = 0;
  for await (const d of stream) {
    if (!d.discarded) continue;
    discarded += 1;
    assert.equal(`${stream.partial.text}|${stream.partial.provider}`, "|second");
  }
  assert.equal(`${stream.answer.text} ${discarded}`, "kept 1");
});

/** A gateway that sends one piece and waits until its call is cancelled. */
function stalling(): Gateway & { ended: Promise<void> } {
  const { opened: ended, open: resolve } = gate();
  return {
    ended,
    chat: {
      async *streamChat(_: ChatRequest, call: ServerCall) {
        yield* text("one");
        await cancelled(call);
        resolve();
      },
    },
  };
}

test("leaving the loop cancels the call", async (t) => {
  const gateway = stalling();
  for await (const { text } of (await dial(t, gateway)).stream("?")) {
    assert.equal(text, "one");
    break;
  }
  await gateway.ended;
});

test("a signal ends the loop", async (t) => {
  const gateway = stalling();
  const abort = new AbortController();
  const stream = (await dial(t, gateway)).stream("?", { signal: abort.signal });
  await assert.rejects(async () => {
    for await (const _ of stream) abort.abort();
  }, Cancelled);
  assert.equal(stream.partial.text, "one");
  await gateway.ended;
  await assert.rejects((await dial(t, gateway)).stream("?", { signal: abort.signal }).whole(), Cancelled);
});

test("a broken stream keeps what came", async (t) => {
  const client = await dial(t, {
    chat: {
      async *streamChat() {
        yield* text("half");
        throw new Failure(status.ABORTED, "broke");
      },
    },
  });
  const stream = client.stream("?");
  await assert.rejects(stream.whole(), StreamInterrupted);
  assert.equal(stream.partial.text, "half");
});

test("a stream without its last event is broken", async (t) => {
  const client = await dial(t, streams(...text("half")));
  await assert.rejects(client.stream("?").whole(), StreamInterrupted);
});

test("a stream is repeated before its first event, and no more after it", async (t) => {
  let calls = 0;
  const client = await dial(t, {
    chat: {
      async *streamChat({ model }: ChatRequest) {
        calls += 1;
        if (model === "late") yield* text("half");
        if (model === "late" || calls === 1) throw new Failure(status.UNAVAILABLE, "not yet");
        yield* [...text("served"), finished()];
      },
    },
  });
  assert.equal((await client.stream("?").whole()).text, "served");
  assert.equal(calls, 2);
  await assert.rejects(client.stream("?", { model: "late" }).whole(), Unavailable);
  assert.equal(calls, 3);
});

test("a question about images streams", async (t) => {
  const client = await dial(
    t,
    { vision: { streamAnalyzeImages: ({ model }) => [...text(model), finished()] } },
    { model: "seer" },
  );
  assert.equal((await client.streamAnalyzeImages({ prompt: "?" }).whole()).text, "seer");
});

test("streamed images are joined", async (t) => {
  const chunk = (imageIndex: number, mimeType: string, data: string) =>
    create(ImageEventSchema, {
      event: { case: "chunk", value: { imageIndex, mimeType, data: Buffer.from(data) } },
    });
  const last = create(ImageEventSchema, {
    event: {
      case: "finished",
      value: { images: [{ revisedPrompt: "a cat" }, { imageIndex: 1, note: "smaller" }] },
    },
  });
  const chunks = [chunk(1, "image/png", "b"), chunk(0, "image/jpeg", "a1"), chunk(0, "", "a2")];
  let sent = [...chunks, last];
  const client = await dial(t, { image: { streamImages: () => sent } });
  const stream = client.streamImages({});
  const images = await stream.images();
  assert.deepEqual(
    images.map(
      ({ media, revisedPrompt, note }) =>
        `${media?.mimeType} ${Buffer.from(media?.source.value as Uint8Array)} ${revisedPrompt}${note}`,
    ),
    ["image/jpeg a1a2 a cat", "image/png b smaller"],
  );
  assert.equal(stream.finished?.images.length, 2);
  assert.equal((await stream.images()).length, 2);
  sent = chunks;
  await assert.rejects(client.streamImages({}).images(), StreamInterrupted);
});

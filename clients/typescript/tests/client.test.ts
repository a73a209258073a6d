import assert from "node:assert/strict";
import { test } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import {
  assistant,
  DEFAULT_TARGET,
  InvalidRequest,
  NotFound,
  RingmainError,
  TARGET_VARIABLE,
  user,
} from "../src/index.js";
import { type ChatRequest, ChatRequestSchema, type TranscribeRequest } from "../src/v1.js";
import { dial, echo, type Gateway, open, type ServerCall, serve } from "./fake.js";

const echoing: Gateway = { chat: { chat: echo } };

test("chat returns the answer of the default model or of the one named", async (t) => {
  const client = await dial(t, echoing, { model: "default" });
  const answer = await client.chat("Grüezi 🙂");
  assert.equal(`${answer} ${answer.responseId}`, "Grüezi 🙂 default");
  assert.equal((await client.chat("a", { model: "own" })).responseId, "own");
});

test("a request of the contract is sent as it is, with the model filled in", async (t) => {
  const client = await dial(t, echoing, { model: "default" });
  const request = create(ChatRequestSchema, { messages: [user("a")] });
  assert.equal((await client.chat(request)).responseId, "default");
  assert.equal(request.model, "");
  assert.equal((await client.chat({ ...request, model: "own" })).responseId, "own");
});

test("token and metadata are sent with every call, raw stubs included", async (t) => {
  const seen: string[] = [];
  const chat = (request: ChatRequest, call: ServerCall) => {
    const { metadata } = call;
    assert.match(String(metadata.get("user-agent")), /^ringmain-typescript/);
    seen.push(
      [...metadata.get("authorization"), ...metadata.get("x-team"), ...metadata.get("x-one-bin")].join(" "),
    );
    return echo(request);
  };
  const client = await dial(t, { chat: { chat } }, { token: "secret", metadata: { "x-team": "search" } });
  await client.chat("a", { metadata: { "x-one-bin": new Uint8Array([65]) } });
  await client.stubs.chat.chat({ messages: [user("a")] });
  assert.deepEqual(seen, ["Bearer secret search A", "Bearer secret search"]);
});

test("header and trailer are told", async (t) => {
  const chat = (request: ChatRequest, call: ServerCall) => {
    const metadata = call.metadata.clone();
    metadata.set("x-header", "here");
    call.sendMetadata(metadata);
    return echo(request);
  };
  const client = await dial(t, { chat: { chat } });
  const told: string[] = [];
  await client.chat("a", {
    onHeader: (header) => told.push(String(header["x-header"])),
    onTrailer: (trailer) => told.push(typeof trailer),
  });
  assert.deepEqual(told, ["here", "object"]);
});

test("messages beyond 4 MiB pass both ways", async (t) => {
  const client = await dial(t, echoing);
  const picture = new Uint8Array(20 << 20).fill(7);
  const answer = await client.chat("?", { images: [picture] });
  const content = answer.message.parts[1]?.content;
  assert(content?.case === "media" && content.value.source.case === "data");
  assert(Buffer.from(picture).equals(content.value.source.value));
});

test("counting, pricing, embedding and asking about images take the default model", async (t) => {
  const client = await dial(
    t,
    {
      chat: {
        countTokens: ({ chat }) => ({ inputTokenCount: BigInt(chat?.model.length ?? 0) }),
        estimateCost: ({ chat }) => ({ inputTokenCount: BigInt(chat?.model.length ?? 0) }),
      },
      embedding: { embed: ({ model }) => ({ responseId: model }) },
      vision: { analyzeImages: ({ model }) => ({ message: assistant(model) }) },
      image: { generateImages: ({ model }) => ({ responseId: model }) },
    },
    { model: "abc" },
  );
  assert.equal((await client.countTokens("a")).inputTokenCount, 3n);
  assert.equal((await client.estimateCost("a")).inputTokenCount, 3n);
  assert.equal((await client.embed({ texts: ["a"] })).responseId, "abc");
  assert.equal((await client.embed({ texts: ["a"], model: "own" })).responseId, "own");
  assert.equal((await client.analyzeImages({ prompt: "?" })).text, "abc");
  assert.equal((await client.generateImages({ prompt: "a cat" })).responseId, "abc");
});

test("a request beyond the limit is not sent", async (t) => {
  let seen = 0;
  const gateway: Gateway = {
    chat: {
      chat: (request) => {
        seen += 1;
        return echo(request);
      },
      streamChat: () => {
        seen += 1;
        return [];
      },
    },
    audio: {
      async *transcribe(requests: AsyncIterable<TranscribeRequest>) {
        for await (const _ of requests) seen += 1;
        yield* [];
      },
    },
  };
  const request = create(ChatRequestSchema, { messages: [user("a".repeat(1000))] });
  const size = toBinary(ChatRequestSchema, request).length;
  const client = await dial(t, gateway, { maxMessageBytes: size });
  await client.chat(request);
  assert.equal(seen, 1);
  const larger = { ...request, requestId: "b" };
  const refused = (error: unknown) =>
    error instanceof InvalidRequest &&
    error.details === `the request has ${size + 3} bytes, more than maxMessageBytes, which is ${size}`;
  await assert.rejects(client.chat(larger), refused);
  await assert.rejects(client.stream(larger).whole(), refused);
  async function* recording() {
    yield { message: { case: "chunk" as const, value: new Uint8Array(size) } };
  }
  await assert.rejects(client.stubs.audio.transcribe(recording()).next(), InvalidRequest);
  assert.equal(seen, 1);
});

test("a request that the gateway finds too large is invalid, no rate limit", async (t) => {
  const client = await dial(t, { chat: { chat: echo } }, { maxMessageBytes: 65 << 20 });
  await assert.rejects(client.chat("a".repeat((64 << 20) + 1)), InvalidRequest);
});

test("the gateway says what it is", async (t) => {
  const client = await dial(t, { model: { getServerInfo: () => ({ version: "1.4.0" }) } });
  assert.equal((await client.serverInfo()).version, "1.4.0");
});

test("models are listed page by page", async (t) => {
  const client = await dial(t, {
    model: {
      listModels: ({ pageToken, capabilities }) => {
        assert.equal(capabilities.length, 2);
        return pageToken ? { models: [{ model: "c" }] } : { models: [{ model: "a" }], nextPageToken: "2" };
      },
      getModel: ({ model }) => (model === "none" ? {} : { model: { model } }),
    },
  });
  const names: string[] = [];
  for await (const { model } of client.models(["tools", "vision"])) names.push(model);
  assert.deepEqual(names, ["a", "c"]);
  assert.equal((await client.model("x")).model, "x");
  await assert.rejects(client.model("none"), NotFound);
  await assert.rejects(client.models(["nonsense" as "tools"]).next(), /unknown capability "nonsense"/);
});

test("health is told by name", async (t) => {
  const client = await dial(t, {});
  assert.equal(await client.health(), "SERVING");
  await assert.rejects(client.health("unknown"), NotFound);
});

test("streams in both directions are read while they are written", async (t) => {
  const client = await dial(t, {
    audio: {
      async *transcribe(requests: AsyncIterable<TranscribeRequest>) {
        for await (const { message } of requests) {
          yield { event: { case: "textDelta" as const, value: String(message.case) } };
        }
      },
    },
  });
  async function* recording() {
    yield { message: { case: "config" as const, value: { model: "m" } } };
    for (let i = 0; i < 20; i++)
      yield { message: { case: "chunk" as const, value: new Uint8Array(100_000) } };
  }
  const heard: unknown[] = [];
  for await (const { event } of client.stubs.audio.transcribe(recording())) heard.push(event.value);
  assert.equal(heard.length, 21);
  assert.equal(heard[0], "config");
});

test("what a caller's own stream throws is the caller's to see", async (t) => {
  const client = await dial(t, {
    audio: {
      // biome-ignore lint/correctness/useYield: it only reads
      async *transcribe(requests: AsyncIterable<TranscribeRequest>) {
        for await (const _ of requests);
      },
    },
  });
  // biome-ignore lint/correctness/useYield: it only fails
  async function* broken(): AsyncGenerator<{ message: { case: "chunk"; value: Uint8Array } }> {
    throw new Error("the disk is gone");
  }
  await assert.rejects(client.stubs.audio.transcribe(broken()).next(), /the disk is gone/);
});

test("the target comes from the environment unless it is given", async (t) => {
  process.env[TARGET_VARIABLE] = await serve(t, echoing);
  const client = open(t, "");
  delete process.env[TARGET_VARIABLE];
  assert.equal((await client.chat("a")).text, "a");
  assert.equal(DEFAULT_TARGET, "127.0.0.1:50051");
});

test("a method that the gateway lacks is an error of the client", async (t) => {
  const client = await dial(t, {});
  await assert.rejects(client.chat([assistant("a")]), RingmainError);
});

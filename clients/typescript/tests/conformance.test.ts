import assert from "node:assert/strict";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { PassThrough, Readable } from "node:stream";
import { test } from "node:test";
import { create, type DescMessage, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { type Question, run, type Told } from "../conformance/driver.js";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  RetryInfoSchema,
} from "../src/gen/google/rpc/error_details_pb.js";
import * as v1 from "../src/v1.js";
import { cancelled, failure, finished, gate, type ServerCall, serve, text } from "./fake.js";

const encoded = <D extends DescMessage>(schema: D, message: MessageShape<D>) =>
  Buffer.from(toBinary(schema, message)).toString("base64");

/** Runs the driver over questions and returns its answers by id. */
async function drive(...asked: Partial<Question>[]): Promise<Record<string, Told>> {
  const out = new PassThrough();
  await run(Readable.from(asked.map((one) => `${JSON.stringify(one)}\n`)), out);
  const lines = String(out.read() ?? "")
    .trim()
    .split("\n")
    .filter(Boolean);
  return Object.fromEntries(lines.map((line) => JSON.parse(line) as Told).map((told) => [told.id, told]));
}

test("every method is carried out", async (t) => {
  const target = await serve(t, {
    chat: {
      chat: ({ model }) => ({ responseId: model }),
      streamChat: () => [...text("é", "🙂"), finished()],
      countTokens: ({ chat }) => ({ inputTokenCount: BigInt(chat?.model.length ?? 0) }),
    },
    vision: { analyzeImages: () => ({}), streamAnalyzeImages: () => [...text(), finished()] },
    image: { generateImages: () => ({}), streamImages: () => [{ event: { case: "finished", value: {} } }] },
    embedding: { embed: () => ({}) },
    model: { listModels: () => ({}), getServerInfo: () => ({ version: "1" }) },
  });
  const chat = create(v1.ChatRequestSchema, { model: "m" });
  const requests: Record<string, string> = {
    Chat: encoded(v1.ChatRequestSchema, chat),
    StreamChat: encoded(v1.ChatRequestSchema, chat),
    CountTokens: encoded(v1.CountTokensRequestSchema, create(v1.CountTokensRequestSchema, { chat })),
    AnalyzeImages: "",
    StreamAnalyzeImages: "",
    GenerateImages: "",
    StreamImages: "",
    Embed: "",
    ListModels: "",
    GetServerInfo: "",
  };
  const answers = await drive(
    ...Object.entries(requests).map(([method, request]) => ({ id: method, target, method, request })),
    { id: "empty", target, method: "CountTokens", request: "" },
    { id: "nope", target, method: "Nope", request: "" },
    { id: "large", target, method: "Chat", request: "CgFt", max_message_bytes: 1 },
  );
  const counts: Record<string, number> = { StreamChat: 5, StreamAnalyzeImages: 3 };
  for (const method of Object.keys(requests)) {
    assert.equal(answers[method]?.status, "OK", method);
    assert.equal(answers[method]?.responses.length, counts[method] ?? 1, method);
  }
  assert.equal(answers.empty?.status, "OK");
  assert.equal(answers.nope?.status, "UNKNOWN");
  assert.equal(answers.large?.kind, "invalid_request");
  const { event } = fromBinary(
    v1.ChatEventSchema,
    Buffer.from(answers.StreamChat?.responses[3] ?? "", "base64"),
  );
  assert(event.case === "partDelta" && event.value.delta.value === "🙂");
  const folded = fromBinary(v1.ChatResponseSchema, Buffer.from(answers.StreamChat?.folded ?? "", "base64"));
  assert.equal(folded.message?.parts[0]?.content.value, "é🙂");
});

test("error details and metadata are told", async (t) => {
  const target = await serve(t, {
    chat: {
      chat: (_, call) => {
        const refused = failure(
          status.RESOURCE_EXHAUSTED,
          "slow down",
          [ErrorInfoSchema, { domain: "ringmain.v1", reason: "RATE_LIMITED" }],
          [RetryInfoSchema, { retryDelay: { seconds: 1n, nanos: 500_000_000 } }],
          [BadRequestSchema, { fieldViolations: [{ field: "a.b" }] }],
        );
        refused.metadata.set(
          "x-seen",
          `${call.metadata.get("x-case")}|${call.metadata.get("authorization")}`,
        );
        throw refused;
      },
    },
  });
  const answers = await drive({
    id: "1",
    target,
    method: "Chat",
    request: "",
    metadata: { "x-case": "7" },
    token: "secret",
  });
  const { metadata, ...rest } = answers["1"] as Told;
  assert.deepEqual(rest, {
    id: "1",
    responses: [],
    folded: "",
    read: null,
    status: "RESOURCE_EXHAUSTED",
    message: "slow down",
    kind: "rate_limited",
    reason: "RATE_LIMITED",
    retry_delay_ms: 1500,
    violations: ["a.b"],
  });
  assert.equal(metadata["x-seen"], "7|Bearer secret");
  assert.equal(metadata["grpc-status-details-bin"], undefined);
});

test("deadlines and cancellations reach the gateway", async (t) => {
  let ended = 0;
  const target = await serve(t, {
    chat: {
      async *streamChat(_: v1.ChatRequest, call: ServerCall) {
        yield* text("one");
        await cancelled(call);
        ended += 1;
      },
    },
  });
  const one = { target, method: "StreamChat", request: "" };
  const answers = await drive(
    { ...one, id: "deadline", deadline_ms: 200 },
    { ...one, id: "after 2", cancel_after: 2 },
    { ...one, id: "by time", cancel_after: 0, deadline_ms: 5000 },
  );
  const told = Object.values(answers).map(({ id, status, responses }) => [id, status, responses.length]);
  assert.deepEqual(told.sort(), [
    ["after 2", "CANCELLED", 2],
    ["by time", "CANCELLED", 3],
    ["deadline", "DEADLINE_EXCEEDED", 3],
  ]);
  while (ended < 3) await new Promise((resolve) => setTimeout(resolve, 10));
});

test("answers are written while others are under way", async (t) => {
  const { opened: released, open: release } = gate();
  const target = await serve(t, {
    chat: {
      chat: async ({ model }) => {
        if (model === "slow") await released;
        return {};
      },
    },
  });
  const input = new PassThrough();
  const output = new PassThrough();
  const running = run(input, output);
  const lines = createInterface({ input: output });
  for (const model of ["slow", "fast"]) {
    const request = encoded(v1.ChatRequestSchema, create(v1.ChatRequestSchema, { model }));
    input.write(`${JSON.stringify({ id: model, target, method: "Chat", request })}\n`);
  }
  assert.match(String(await once(lines, "line")), /"fast"/);
  release();
  assert.match(String(await once(lines, "line")), /"slow"/);
  input.end();
  await running;
});

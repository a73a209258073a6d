import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { pathToFileURL } from "node:url";
import { create, equals, type MessageInitShape } from "@bufbuild/protobuf";
import {
  Answer,
  assistant,
  chatRequest,
  codeExecution,
  document,
  image,
  save,
  system,
  ToolCall,
  toolResult,
  user,
  webSearch,
} from "../src/index.js";
import {
  CacheMode,
  ChatRequestSchema,
  ChatResponseSchema,
  CitationSchema,
  FinishReason,
  FunctionToolSchema,
  ImageDetail,
  MediaSchema,
  type Message,
  Modality,
  PartSchema,
  ReasoningEffort,
  Role,
  StreamRecovery,
  ToolMode,
  ToolSchema,
} from "../src/v1.js";

/** Returns a folder that lives as long as the test. */
async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "ringmain-"));
  t.after(() => rm(path, { recursive: true }));
  return path;
}

test("media come from files and go to files", async (t) => {
  const path = join(await folder(t), "picture.png");
  await writeFile(path, "PNG");
  for (const source of [path, pathToFileURL(path), Buffer.from("PNG")]) {
    const { source: got } = await image(source);
    assert(got.case === "data" && Buffer.from(got.value).toString() === "PNG");
  }
  const report = await document(pathToFileURL(path), { mimeType: "image/png" });
  assert.equal(`${report.filename} ${report.mimeType}`, "picture.png image/png");
  assert.equal((await document(path)).filename, "picture.png");
  assert.equal((await document(Buffer.from("a"), { filename: "a.pdf" })).filename, "a.pdf");
  assert.equal((await document(Buffer.from("a"))).filename, "");
  const remote = await image(new URL("https://example.com/a.png"));
  assert.equal(remote.source.value, "https://example.com/a.png");
  const close = await image("https://example.com/a.png", { detail: "high", mimeType: "image/png" });
  assert(close.content.case === "media" && close.content.value.mimeType === "image/png");
  assert.equal(close.imageDetail, ImageDetail.HIGH);
  assert.equal((await image(Buffer.from("P"), { detail: "low" })).imageDetail, ImageDetail.LOW);
  const media = create(MediaSchema, {
    mimeType: "image/jpeg",
    source: { case: "data", value: Buffer.from("J") },
  });
  const saved = await save(media, join(await folder(t), "out"));
  assert(saved.endsWith("out.jpg"));
  assert.equal(String(await readFile(saved)), "J");
  const odd = await save({ ...media, mimeType: "image/odd" }, join(await folder(t), "out"));
  assert(odd.endsWith("out"));
  await assert.rejects(save(remote, "x.png"), /not inline/);
  await assert.rejects(save(undefined, "x.png"), /not inline/);
  await assert.rejects(image("no/such/file"), /ENOENT/);
});

const textOf = (message: Message | undefined) => message?.parts[0]?.content.value;

test("a conversation is made of texts, messages, answers and objects", async () => {
  const answer = new Answer(create(ChatResponseSchema, { message: assistant("Hi.") }));
  const media = await image(Buffer.from("P"));
  const { messages } = await chatRequest(
    [
      "Hello",
      answer,
      { role: "user", content: ["What?", media] },
      { role: "system", content: "Stop." },
      user(Buffer.from("Q")),
    ],
    { system: "Be brief." },
  );
  assert.deepEqual(
    messages.map(({ role }) => role),
    [Role.SYSTEM, Role.USER, Role.ASSISTANT, Role.USER, Role.SYSTEM, Role.USER],
  );
  assert.equal(messages[3]?.parts[1]?.content.value, media);
  assert.equal(textOf(messages[0]), "Be brief.");
  await assert.rejects(chatRequest({ role: "nobody" as "user", content: "" }), /unknown role "nobody"/);
});

test("a tool's result is text, media, JSON or a failure", async () => {
  const call = new ToolCall("c1", "weather", "");
  assert.deepEqual(call.arguments, {});
  const result = (value: unknown) => {
    const content = toolResult(call, value).parts[0]?.content;
    assert(content?.case === "toolResult" && content.value.toolCallId === "c1");
    return [content.value.parts[0]?.content.value, content.value.failed];
  };
  assert.deepEqual(result("as it is"), ["as it is", false]);
  assert.deepEqual(result({ celsius: 21.5 }), ['{"celsius":21.5}', false]);
  assert.deepEqual(result(null), ["null", false]);
  assert.deepEqual(result(new Error("no such city")), ["no such city", true]);
  const media = await image(Buffer.from("P"));
  assert.equal(result(media)[0], media);
  assert.equal(toolResult("c2", system("x").parts[0]).role, Role.TOOL);
  assert.throws(() => result(undefined), /cannot hold undefined/);
});

test("every option has its place in the request", async () => {
  const made = await chatRequest("a", {
    model: "m",
    requestId: "id",
    files: [Buffer.from("doc")],
    images: [await image(Buffer.from("P")), await image(Buffer.from("Q"), { detail: "low" })],
    tools: [
      { name: "t", parameters: "{}", strict: true },
      { name: "u" },
      create(FunctionToolSchema, { name: "v" }),
      webSearch({ maxUses: 3, blockedDomains: ["example.com"], countryCode: "DE" }),
      webSearch(),
      codeExecution(),
    ],
    toolChoice: "required",
    parallelToolCalls: false,
    jsonSchema: { title: "City", type: "object" },
    maxOutputTokens: 1,
    temperature: 0,
    topP: 0.5,
    topK: 2,
    frequencyPenalty: 1,
    presencePenalty: -1,
    seed: 7,
    stopSequences: ["."],
    reasoningEffort: "extra_high",
    reasoningTokenBudget: 0,
    outputModalities: ["text", "audio"],
    audioOutput: { voice: "alloy" },
    topLogprobs: 2,
    promptCache: { key: "k", ttlMs: 3_600_000 },
    providerOptions: { openai: { user: "u" } },
    providerIds: ["p"],
    failoverDisabled: true,
    cacheMode: "bypass",
    streamRecovery: "restart",
    firstContentTimeoutMs: 1500,
    idleTimeoutMs: 2000,
    labels: { feature: "search" },
    userId: "u-1",
  });
  const wanted = create(ChatRequestSchema, {
    model: "m",
    requestId: "id",
    attribution: { labels: { feature: "search" }, userId: "u-1" },
    messages: [
      user(
        "a",
        await image(Buffer.from("P")),
        await image(Buffer.from("Q"), { detail: "low" }),
        await document(Buffer.from("doc")),
      ),
    ],
    tools: [
      { kind: { case: "function", value: { name: "t", parametersSchemaJson: "{}", strict: true } } },
      {
        kind: {
          case: "function",
          value: { name: "u", parametersSchemaJson: '{"type":"object","properties":{}}' },
        },
      },
      { kind: { case: "function", value: { name: "v" } } },
      {
        kind: {
          case: "webSearch",
          value: { maxUses: 3, blockedDomains: ["example.com"], countryCode: "DE" },
        },
      },
      { kind: { case: "webSearch", value: {} } },
      { kind: { case: "codeExecution", value: {} } },
    ],
    toolChoice: { choice: { case: "mode", value: ToolMode.REQUIRED }, parallelToolCalls: false },
    generationConfig: {
      maxOutputTokens: 1,
      temperature: 0,
      topP: 0.5,
      topK: 2,
      frequencyPenalty: 1,
      presencePenalty: -1,
      seed: 7n,
      stopSequences: ["."],
      reasoningEffort: ReasoningEffort.EXTRA_HIGH,
      reasoningTokenBudget: 0,
      outputModalities: [Modality.TEXT, Modality.AUDIO],
      audioOutput: { voice: "alloy" },
      topLogprobs: 2,
      promptCache: { key: "k", ttl: { seconds: 3600n } },
      responseFormat: {
        format: {
          case: "jsonSchema",
          value: { name: "City", schemaJson: '{"title":"City","type":"object"}' },
        },
      },
      providerOptions: { openai: { user: "u" } },
    },
    routingPolicy: {
      providerIds: ["p"],
      failoverDisabled: true,
      cacheMode: CacheMode.BYPASS,
      streamRecovery: StreamRecovery.RESTART,
      firstContentTimeout: { seconds: 1n, nanos: 500_000_000 },
      idleTimeout: { seconds: 2n },
    },
  });
  assert(equals(ChatRequestSchema, made, wanted));
});

test("what is unset is absent", async () => {
  const { attribution, generationConfig, routingPolicy, toolChoice } = await chatRequest("a");
  assert.deepEqual(
    [attribution, generationConfig, routingPolicy, toolChoice],
    [undefined, undefined, undefined, undefined],
  );
});

test("formats and choices", async () => {
  const format = async (options: object) =>
    (await chatRequest("a", options)).generationConfig?.responseFormat?.format;
  assert.equal((await format({ responseFormat: "json" }))?.case, "jsonObject");
  assert.equal((await format({ responseFormat: "text" }))?.case, undefined);
  assert.equal((await format({ jsonSchema: "{}" }))?.case, "jsonSchema");
  await assert.rejects(format({ jsonSchema: {}, responseFormat: "text" }), /not both/);
  const ready = create(ToolSchema, { kind: { case: "codeExecution", value: {} } });
  assert.equal((await chatRequest("a", { tools: [ready] })).tools[0], ready);
  const cached = async (promptCache: boolean) =>
    (await chatRequest("a", { promptCache })).generationConfig?.promptCache;
  assert.equal((await cached(true))?.key, "");
  assert.equal(await cached(false), undefined);
  const serial = await chatRequest("a", { parallelToolCalls: true });
  assert.deepEqual([serial.toolChoice?.choice.case, serial.toolChoice?.parallelToolCalls], [undefined, true]);
  const named = await chatRequest("a", { toolChoice: "weather" });
  assert.deepEqual(named.toolChoice?.choice, { case: "toolName", value: "weather" });
  await assert.rejects(chatRequest(assistant("a"), { images: [Buffer.from("P")] }), /last turn by the user/);
  await assert.rejects(chatRequest([], { images: [Buffer.from("P")] }), /last turn by the user/);
});

test("sources are told once", () => {
  const cited = (...citations: MessageInitShape<typeof CitationSchema>[]) =>
    create(PartSchema, {
      content: { case: "text", value: "t" },
      citations: citations.map((c) => create(CitationSchema, c)),
    });
  const message = assistant(
    cited({ uri: "https://b.example", title: "B" }, { filename: "a.pdf", pageNumber: 2 }),
    cited({ uri: "https://a.example" }, { uri: "https://b.example", title: "again" }),
    cited({ filename: "a.pdf", pageNumber: 2 }, { filename: "a.pdf", pageNumber: 3 }),
  );
  const { sources } = new Answer(create(ChatResponseSchema, { message }));
  assert.deepEqual(
    sources.map(({ uri, title, filename, pageNumber }) => `${uri}${title}${filename}${pageNumber}`),
    ["https://b.exampleB0", "a.pdf2", "https://a.example0", "a.pdf3"],
  );
});

test("a turn must continue with tool results, or after a pause", () => {
  const ended = (finishReason: FinishReason) => new Answer(create(ChatResponseSchema, { finishReason }));
  assert.equal(ended(FinishReason.TOOL_CALLS).mustContinue, true);
  assert.equal(ended(FinishReason.PAUSED).mustContinue, true);
  assert.equal(ended(FinishReason.PAUSED).finishReason, "paused");
  assert.equal(ended(FinishReason.STOP).mustContinue, false);
});

test("an answer is read", () => {
  const answer = new Answer(create(ChatResponseSchema, { message: assistant('{"name":"Bern"}') }));
  assert.deepEqual(answer.json(), { name: "Bern" });
  assert.deepEqual(
    [answer.costUsd, answer.finishReason, answer.provider, answer.providerModel],
    [undefined, "", "", ""],
  );
  const bare = new Answer(create(ChatResponseSchema, { finishReason: 99 as FinishReason }));
  assert.deepEqual([bare.text, bare.finishReason, bare.message.role], ["", "", Role.ASSISTANT]);
});

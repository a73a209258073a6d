/** How the events of a stream fold into an answer, and what each shows. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { clone, create, equals, type MessageInitShape, toJsonString } from "@bufbuild/protobuf";
import { Answer, assistant, type Delta, Fold, type Turn } from "../src/index.js";
import {
  type ChatEvent,
  ChatResponseSchema,
  FinishReason,
  MessageSchema,
  type Part,
  type PartDeltaSchema,
  PartSchema,
  Role,
} from "../src/v1.js";
import { dial, event, finished, text } from "./fake.js";

type PartInit = MessageInitShape<typeof PartSchema>;
type DeltaInit = MessageInitShape<typeof PartDeltaSchema>;

const bytes = (value: string) => new Uint8Array(Buffer.from(value));
const textPart = (value: string) => ({ content: { case: "text" as const, value } });
const started = (index: number, part: PartInit): ChatEvent =>
  event({ case: "partStarted", value: { index, part } });
const grown = (value: DeltaInit): ChatEvent => event({ case: "partDelta", value });

/** A turn with every kind of part, and everything that a part can hold. */
const MESSAGE = create(MessageSchema, {
  role: Role.ASSISTANT,
  parts: [
    {
      content: { case: "reasoning", value: { text: "hm, let me see" } },
      signature: bytes("signed"),
      providerId: "p",
    },
    {
      content: {
        case: "providerToolCall",
        value: {
          toolCallId: "s1",
          name: "web_search",
          argumentsJson: '{"query":"Ringleitung 🙂"}',
          results: [{ ...textPart(""), citations: [{ uri: "https://example.com/grid" }] }, textPart("two")],
          failed: true,
        },
      },
      signature: new Uint8Array([0, 255]),
      providerId: "p",
    },
    {
      ...textPart("Grüezi 🙂, a ring main is a loop."),
      citations: [
        { uri: "https://example.com", endIndex: 6 },
        { filename: "a.pdf", pageNumber: 3 },
      ],
      logprobs: [
        { token: "Grüezi", logprob: -0.5, top: [{ token: "Hallo", logprob: -1 }] },
        { token: ",", logprob: -0.25 },
      ],
      signature: bytes("text"),
      providerId: "p",
    },
    {
      content: {
        case: "toolCall",
        value: { toolCallId: "c1", name: "weather", argumentsJson: '{"city":"Bern"}' },
      },
      signature: bytes("call"),
      providerId: "p",
    },
    {
      content: {
        case: "media",
        value: { mimeType: "audio/pcm", source: { case: "data", value: bytes("sound") } },
      },
    },
    textPart(""),
  ],
});

/** Cuts something into pieces of random length. */
function cut<T extends string | Uint8Array>(whole: T, slice: (from: number, to: number) => T): T[] {
  const pieces: T[] = [];
  for (let from = 0; from < whole.length; ) {
    const to = from + 1 + Math.floor(Math.random() * (whole.length - from));
    pieces.push(slice(from, to));
    from = to;
  }
  return pieces;
}

const cutBytes = (whole: Uint8Array) => cut(whole, (from, to) => whole.slice(from, to));

/** Cuts a text between its characters. */
function cutText(whole: string): string[] {
  const characters = [...whole];
  return cut(characters.map(() => "x").join(""), (from, to) => characters.slice(from, to).join(""));
}

/** Returns the opening of a part, and its deltas in their order. */
function events(part: Part): [Part, DeltaInit[]] {
  const opening = clone(PartSchema, part);
  Object.assign(opening, { citations: [], logprobs: [], signature: new Uint8Array(), providerId: "" });
  const deltas: DeltaInit[] = [];
  const { content } = opening;
  switch (content.case) {
    case "text":
      for (const value of cutText(content.value)) deltas.push({ delta: { case: "text", value } });
      content.value = "";
      break;
    case "reasoning":
      for (const value of cutText(content.value.text))
        deltas.push({ delta: { case: "reasoningText", value } });
      content.value.text = "";
      break;
    case "providerToolCall":
      for (const value of cutText(content.value.argumentsJson))
        deltas.push({ delta: { case: "argumentsJson", value } });
      for (const value of content.value.results) deltas.push({ delta: { case: "result", value } });
      deltas.push({ delta: { case: "failed", value: content.value.failed } });
      Object.assign(content.value, { argumentsJson: "", results: [], failed: false });
      break;
    case "toolCall":
      for (const value of cutText(content.value.argumentsJson))
        deltas.push({ delta: { case: "argumentsJson", value } });
      content.value.argumentsJson = "";
      break;
    case "media":
      for (const value of cutBytes(content.value.source.value as Uint8Array))
        deltas.push({ delta: { case: "data", value } });
      content.value.source = Math.random() < 0.5 ? { case: undefined } : { case: "data", value: bytes("") };
      break;
  }
  for (const value of part.citations) deltas.push({ delta: { case: "citation", value } });
  for (const one of part.logprobs) deltas.push({ logprobs: [one] });
  for (const [i, value] of cutBytes(part.signature).entries())
    deltas.push({ delta: { case: "signature", value }, providerId: i === 0 ? part.providerId : "" });
  return [opening, deltas];
}

/** Returns the events of a turn whose parts grow in turns. */
function interleaved(): ChatEvent[] {
  const sent = text().slice(0, 1);
  const queues: DeltaInit[][] = [];
  for (const [index, part] of MESSAGE.parts.entries()) {
    const [opening, deltas] = events(part);
    sent.push(started(index, opening));
    queues.push(deltas.map((delta) => ({ ...delta, index })));
  }
  for (;;) {
    const waiting = queues.filter((queue) => queue.length > 0);
    const next = waiting[Math.floor(Math.random() * waiting.length)]?.shift();
    if (!next) return [...sent, finished()];
    sent.push(grown(next));
  }
}

test("folding gives what Chat would have returned", async (t) => {
  let sent: ChatEvent[] = [];
  const client = await dial(t, { chat: { streamChat: () => sent } });
  for (let i = 0; i < 50; i += 1) {
    sent = interleaved();
    const { message } = await client.stream("?").whole();
    assert(equals(MessageSchema, message, MESSAGE), toJsonString(MessageSchema, message));
  }
});

test("an answer tells what is in it", () => {
  const answer = new Answer(create(ChatResponseSchema, { message: MESSAGE }));
  assert.deepEqual(
    answer.toolCalls.map(({ name }) => name),
    ["weather"],
  );
  const [search] = answer.providerToolCalls;
  assert.deepEqual(search?.arguments, { query: "Ringleitung 🙂" });
  assert.deepEqual([search?.id, search?.results.length, search?.failed], ["s1", 2, true]);
  assert.equal(answer.text, "Grüezi 🙂, a ring main is a loop.");
  assert.equal(answer.reasoning, "hm, let me see");
  assert.equal(answer.media[0]?.mimeType, "audio/pcm");
  assert.deepEqual(
    answer.logprobs.map(({ token }) => token),
    ["Grüezi", ","],
  );
});

test("a paused turn goes on when its message is sent back", async (t) => {
  const client = await dial(t, {
    chat: {
      chat: ({ messages }) => {
        if (messages.length === 1) return { message: MESSAGE, finishReason: FinishReason.PAUSED };
        assert(messages[1] && messages.length === 2 && equals(MessageSchema, messages[1], MESSAGE));
        return { message: assistant("done") };
      },
    },
  });
  const conversation: Turn[] = ["?"];
  let answer = await client.chat(conversation);
  while (answer.mustContinue) {
    conversation.push(answer);
    answer = await client.chat(conversation);
  }
  assert.equal(answer.text, "done");
});

test("deltas show what a reader sees", () => {
  const call = { toolCallId: "c1", name: "weather" };
  const search = { toolCallId: "s1", name: "web_search" };
  const fold = new Fold();
  const told = [
    started(0, { content: { case: "toolCall", value: call } }),
    started(1, { content: { case: "providerToolCall", value: search } }),
    started(2, { content: { case: "media", value: { mimeType: "audio/pcm" } } }),
    started(3, textPart("")),
    started(4, textPart("T")),
    started(5, { content: { case: "reasoning", value: { text: "R" } } }),
    started(6, { content: { case: "reasoning", value: {} } }),
    started(7, {}),
    grown({ index: 1, delta: { case: "argumentsJson", value: "{" } }),
    grown({ index: 0, delta: { case: "argumentsJson", value: '{"city"' } }),
    grown({ index: 1, delta: { case: "result", value: textPart("hit") } }),
    grown({ index: 1, delta: { case: "failed", value: true } }),
    grown({ index: 2, delta: { case: "data", value: bytes("so") } }),
    grown({ index: 3, delta: { case: "citation", value: { uri: "u" } } }),
    grown({ index: 3, delta: { case: "text", value: "t" } }),
    grown({ index: 6, delta: { case: "reasoningText", value: "r" } }),
    grown({ index: 3, delta: { case: "signature", value: bytes("s") } }),
    event({ case: "partFinished", value: { index: 3 } }),
  ].map((sent) => {
    fold.add(sent);
    return fold.delta(sent);
  });
  const shown = ({ text, reasoning, toolCallId, toolName, argumentsJson, ...rest }: Delta) => {
    const { providerToolCall: ran, citation, media } = rest;
    const data = media?.source.case === "data" ? Buffer.from(media.source.value).toString() : "";
    const provider = ran
      ? `${ran.id} ${ran.name} ${ran.argumentsJson}${ran.results.length}${ran.failed}`
      : "";
    return `${text}${reasoning}${toolCallId}${toolName}${argumentsJson}${provider}${citation?.uri ?? ""}${media?.mimeType ?? ""}${data}`;
  };
  assert.deepEqual(
    told.map((delta) => delta && shown(delta)),
    [
      "c1weather",
      "s1 web_search 0false",
      "audio/pcm",
      undefined,
      "T",
      "R",
      undefined,
      undefined,
      "s1 web_search {0false",
      'c1weather{"city"',
      "s1 web_search 1false",
      "s1 web_search 0true",
      "audio/pcmso",
      "u",
      "t",
      "r",
      undefined,
      undefined,
    ],
  );
});

test("what does not fit a part is skipped, and a part without its opening is of its first delta's kind", () => {
  const every: DeltaInit["delta"][] = [
    { case: "text", value: "t" },
    { case: "reasoningText", value: "r" },
    { case: "argumentsJson", value: "a" },
    { case: "data", value: bytes("d") },
    { case: "result", value: textPart("s") },
    { case: "failed", value: true },
    { case: undefined },
  ];
  const openings: PartInit[] = [
    textPart(""),
    { content: { case: "reasoning", value: {} } },
    { content: { case: "toolCall", value: {} } },
    { content: { case: "media", value: {} } },
    { content: { case: "providerToolCall", value: {} } },
    {},
  ];
  const wanted: PartInit[] = [
    textPart("t"),
    { content: { case: "reasoning", value: { text: "r" } } },
    { content: { case: "toolCall", value: { argumentsJson: "a" } } },
    { content: { case: "media", value: { source: { case: "data", value: bytes("d") } } } },
    {
      content: {
        case: "providerToolCall",
        value: { argumentsJson: "a", results: [textPart("s")], failed: true },
      },
    },
    {},
  ];
  const fold = new Fold();
  for (const [index, part] of openings.entries()) {
    fold.add(started(index, part));
    for (const delta of every) fold.add(grown({ index, delta: delta ?? { case: undefined } }));
  }
  for (const [i, delta] of every.entries())
    fold.add(grown({ index: openings.length + i, delta: delta ?? { case: undefined } }));
  const { parts } = fold.answer().message;
  for (const [i, part] of [...wanted, ...wanted.slice(0, 4), {}, {}, {}].entries()) {
    assert(equals(PartSchema, parts[i] ?? create(PartSchema), create(PartSchema, part)), `part ${i}`);
  }
});

test("a long answer folds in linear time", () => {
  const fold = new Fold();
  const piece = "x".repeat(100);
  for (const sent of text()) fold.add(sent);
  for (let i = 0; i < 100_000; i += 1) fold.add(grown({ delta: { case: "text", value: piece } }));
  assert.equal(fold.answer().text.length, 10_000_000);
});

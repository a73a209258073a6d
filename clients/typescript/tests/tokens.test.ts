import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import * as grpc from "@grpc/grpc-js";
import {
  Cancelled,
  type Client,
  DeadlineExceeded,
  type Token,
  type TokenSource,
  Unauthenticated,
} from "../src/index.js";
import { BETWEEN_REFUSALS_MS, MARGIN_MS, Tokens } from "../src/tokens.js";
import type { ChatRequest } from "../src/v1.js";
import { dial, echo, Failure, finished, type Gateway, type ServerCall, text } from "./fake.js";

const refusal = () => new Failure(grpc.status.UNAUTHENTICATED, "no");

/** Returns a gateway that refuses some tokens, and those that came. */
function guard(...refused: string[]): { gateway: Gateway; seen: string[] } {
  const seen: string[] = [];
  const check = (call: ServerCall) => {
    const token = String(call.metadata.get("authorization")).replace("Bearer ", "");
    seen.push(token);
    if (refused.includes(token)) throw refusal();
  };
  const gateway: Gateway = {
    chat: {
      chat: (request: ChatRequest, call) => {
        check(call);
        return echo(request);
      },
      async *streamChat(_: ChatRequest, call) {
        check(call);
        yield* [...text("one", "two"), finished()];
      },
    },
    audio: {
      // biome-ignore lint/correctness/useYield: it fails before it says anything
      async *transcribe(_, call) {
        check(call as unknown as ServerCall);
        throw refusal();
      },
    },
  };
  return { gateway, seen };
}

/** Returns a source of the tokens t1, t2 and so on. */
function counting(): TokenSource & { count: number } {
  const source = () => {
    source.count += 1;
    return `t${source.count}`;
  };
  source.count = 0;
  return source;
}

const WAYS: Record<string, (client: Client) => Promise<string>> = {
  whole: async (client) => (await client.chat("onetwo")).text,
  streamed: async (client) => (await client.stream("a").whole()).text,
};

for (const [name, ask] of Object.entries(WAYS)) {
  test(`a token is asked for once, ${name}`, async (t) => {
    const { gateway, seen } = guard();
    const source = counting();
    const client = await dial(t, gateway, { token: source });
    assert.equal(source.count, 0);
    await Promise.all([ask(client), ask(client)]);
    assert.equal(await ask(client), "onetwo");
    assert.deepEqual(seen, ["t1", "t1", "t1"]);
  });

  test(`a refused call is made once more, ${name}`, async (t) => {
    const { gateway, seen } = guard("t1");
    const client = await dial(t, gateway, { token: counting() });
    assert.equal(await ask(client), "onetwo");
    assert.deepEqual(seen, ["t1", "t2"]);
  });

  test(`a call is not made a third time, ${name}`, async (t) => {
    const { gateway, seen } = guard("t1", "t2", "t3");
    const source = counting();
    const client = await dial(t, gateway, { token: source });
    await assert.rejects(ask(client), Unauthenticated);
    await assert.rejects(ask(client), Unauthenticated);
    assert.deepEqual(seen, ["t1", "t2", "t2"]);
    assert.equal(source.count, 2);
  });

  test(`the same token is not sent again, ${name}`, async (t) => {
    const { gateway, seen } = guard("fixed");
    const client = await dial(t, gateway, { token: async () => "fixed" });
    await assert.rejects(ask(client), Unauthenticated);
    assert.deepEqual(seen, ["fixed"]);
  });

  test(`a source that fails fails the call, ${name}`, async (t) => {
    const { gateway, seen } = guard();
    const vault = new Error("the vault is closed");
    const failing = await dial(t, gateway, { token: () => Promise.reject(vault) });
    const caused = (error: unknown) => error instanceof Unauthenticated && error.cause === vault;
    await assert.rejects(ask(failing), caused);
    const wrong = await dial(t, gateway, { token: (() => undefined) as unknown as TokenSource });
    await assert.rejects(
      ask(wrong),
      (error: unknown) => error instanceof Unauthenticated && error.cause instanceof TypeError,
    );
    assert.deepEqual(seen, []);
  });
}

test("a stream that has begun is not begun again", async (t) => {
  const source = counting();
  const gateway: Gateway = {
    chat: {
      async *streamChat() {
        yield* text("one");
        throw refusal();
      },
    },
  };
  const client = await dial(t, gateway, { token: source });
  await assert.rejects(client.stream("a").whole(), Unauthenticated);
  assert.equal(source.count, 1);
});

test("a call does not wait longer for a token than it may take", async (t) => {
  const { gateway, seen } = guard();
  const client = await dial(t, gateway, { token: () => sleep(60_000, "t", { ref: false }) });
  await assert.rejects(client.chat("a", { timeoutMs: 20 }), DeadlineExceeded);
  const leaving = new AbortController();
  const waiting = client.stream("a", { signal: leaving.signal }).whole();
  leaving.abort("enough");
  await assert.rejects(waiting, (error: unknown) => error instanceof Cancelled && error.cause === "enough");
  assert.deepEqual(seen, []);
});

test("an upload has the token and is not repeated", async (t) => {
  const { gateway, seen } = guard();
  const client = await dial(t, gateway, { token: counting() });
  async function* recording() {
    yield { message: { case: "chunk" as const, value: new Uint8Array(1) } };
  }
  await assert.rejects(client.stubs.audio.transcribe(recording()).next(), Unauthenticated);
  assert.deepEqual(seen, ["t1"]);
});

const never = Number.POSITIVE_INFINITY;

function jwtUntil(exp: unknown): string {
  return `e30.${Buffer.from(JSON.stringify({ exp })).toString("base64url")}.c2ln`;
}

for (const [given, after] of [
  [{ text: "t", lifetimeMs: 3_600_000 }, 3_600_000 - MARGIN_MS],
  [{ text: "t", lifetimeMs: 60_000 }, 45_000],
  [{ text: "t", lifetimeMs: -5 }, 0],
  [{ text: jwtUntil(9e9), lifetimeMs: 60_000 }, 45_000],
  [jwtUntil(0), 0],
  ["opaque", never],
  ["a.b.c", never],
  ["a.e30.c", never],
  [jwtUntil("soon"), never],
] as [string | Token, number][]) {
  test(`a token is replaced before it ends: ${JSON.stringify(given)}`, async () => {
    let now = 1000;
    let count = 0;
    const tokens = new Tokens(
      () => {
        count += 1;
        return given;
      },
      () => now,
    );
    await tokens.get(never);
    if (after > 0) {
      now += after === never ? 1e12 : after - 1;
      await tokens.get(never);
      assert.equal(count, 1);
    }
    if (after !== never) {
      now += 1;
      await tokens.get(never);
      assert.equal(count, 2);
    }
  });
}

test("the end that a JWT tells is kept to", async () => {
  let now = 0;
  let count = 0;
  const end = Date.now() / 1000 + 3600;
  const source = () => {
    count += 1;
    return jwtUntil(end);
  };
  const tokens = new Tokens(source, () => now);
  await tokens.get(never);
  now = 3_600_000 - MARGIN_MS - 5000;
  await tokens.get(never);
  assert.equal(count, 1);
  now = 3_600_000 - MARGIN_MS + 5000;
  await tokens.get(never);
  assert.equal(count, 2);
});

test("a token outlasts an outage of its source", async () => {
  let now = 0;
  let away = false;
  const source = () => {
    if (away) throw new Error("away");
    return { text: "t", lifetimeMs: 600_000 };
  };
  const tokens = new Tokens(source, () => now);
  await tokens.get(never);
  away = true;
  now = 599_999;
  assert.equal(await tokens.get(never), "t");
  now = 600_000;
  await assert.rejects(tokens.get(never), Unauthenticated);
});

test("refusals replace a token once in a while", async () => {
  let now = 0;
  const tokens = new Tokens(counting(), () => now);
  const refused = new Unauthenticated("no", { code: grpc.status.UNAUTHENTICATED });
  assert.equal(await tokens.get(never), "t1");
  assert.equal(await tokens.another(new Error("other"), "t1", never), undefined);
  assert.equal(await tokens.another(refused, "t1", never), "t2");
  assert.equal(await tokens.another(refused, "t1", never), "t2", "another call has replaced it already");
  assert.equal(await tokens.another(refused, "t2", never), undefined);
  now += BETWEEN_REFUSALS_MS;
  assert.equal(await tokens.another(refused, "t2", never), "t3");
});

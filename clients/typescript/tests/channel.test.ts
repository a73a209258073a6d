import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { credentials, Metadata, ServerCredentials, status } from "@grpc/grpc-js";
import { generate } from "selfsigned";
import { Cancelled, Client, DeadlineExceeded, Unavailable } from "../src/index.js";
import type { ChatRequest } from "../src/v1.js";
import { cancelled, dial, echo, Failure, type Gateway, gate, open, type ServerCall, serve } from "./fake.js";

/** Returns a gateway that is UNAVAILABLE so many times before it answers, and its count of calls. */
function failing(times: number, metadata = new Metadata()): Gateway & { calls: number } {
  const gateway = {
    calls: 0,
    chat: {
      chat(request: ChatRequest) {
        gateway.calls += 1;
        if (gateway.calls <= times) throw new Failure(status.UNAVAILABLE, "not now", metadata);
        return echo(request);
      },
    },
  };
  return gateway;
}

test("UNAVAILABLE is repeated", async (t) => {
  const gateway = failing(2);
  await (await dial(t, gateway)).chat("a");
  assert.equal(gateway.calls, 3);
});

test("a request with large media is repeated too", async (t) => {
  const gateway = failing(1);
  await (await dial(t, gateway)).chat("a", { images: [new Uint8Array(6 << 20)] });
  assert.equal(gateway.calls, 2);
});

test("attempts are bounded", async (t) => {
  for (const maxAttempts of [1, 2]) {
    const gateway = failing(9);
    await assert.rejects((await dial(t, gateway, { maxAttempts })).chat("a"), Unavailable);
    assert.equal(gateway.calls, maxAttempts);
  }
});

test("a server can push back", async (t) => {
  const metadata = new Metadata();
  metadata.set("grpc-retry-pushback-ms", "-1");
  const gateway = failing(9, metadata);
  await assert.rejects((await dial(t, gateway)).chat("a"), Unavailable);
  assert.equal(gateway.calls, 1);
});

test("the client's timeout is for calls that name none", async (t) => {
  const left: number[] = [];
  const chat = (request: ChatRequest, call: ServerCall) => {
    const deadline = call.getDeadline();
    left.push(
      deadline === Number.POSITIVE_INFINITY ? Infinity : Math.ceil((Number(deadline) - Date.now()) / 1000),
    );
    return echo(request);
  };
  const client = await dial(t, { chat: { chat } }, { timeoutMs: 60_000 });
  await client.chat("a");
  await client.chat("a", { timeoutMs: 3_600_000 });
  await client.chat("a", { timeoutMs: Infinity });
  assert(left[0] !== undefined && left[0] > 50 && left[0] <= 60);
  assert(left[1] !== undefined && left[1] > 3000);
  assert.equal(left[2], Infinity);
});

/** A gateway that answers when its call is cancelled, and then says so. */
function hanging(): Gateway & { ended: Promise<void> } {
  const { opened: ended, open: resolve } = gate();
  const chat = async (request: ChatRequest, call: ServerCall) => {
    await cancelled(call);
    resolve();
    return echo(request);
  };
  return { ended, chat: { chat } };
}

test("a deadline ends a call", async (t) => {
  const gateway = hanging();
  const client = await dial(t, gateway);
  await assert.rejects(client.chat("a", { timeoutMs: 50 }), DeadlineExceeded);
  await gateway.ended;
});

test("a signal cancels a call, and its reason is the cause", async (t) => {
  const gateway = hanging();
  const client = await dial(t, gateway);
  const abort = new AbortController();
  setTimeout(() => abort.abort("enough"), 50);
  await assert.rejects(
    client.chat("a", { signal: abort.signal }),
    (error) => error instanceof Cancelled && error.cause === "enough",
  );
  await gateway.ended;
  await assert.rejects(
    client.chat("a", { signal: abort.signal }),
    (error) => error instanceof Cancelled && error.code === status.CANCELLED,
  );
});

/** Returns an address where nothing listens. */
async function vacant(): Promise<string> {
  const server = createServer();
  const port = await new Promise<number>((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port)),
  );
  await new Promise((resolve) => server.close(resolve));
  return `127.0.0.1:${port}`;
}

test("a gateway that is not there is unavailable, or is waited for", async (t) => {
  const target = await vacant();
  await assert.rejects(open(t, target).chat("a"), Unavailable);
  const waiting = open(t, target, { waitForReady: true, timeoutMs: 1500 });
  await assert.rejects(waiting.chat("a"), DeadlineExceeded);
});

test("calls take turns among addresses", async (t) => {
  const gateways = [failing(0), failing(0), failing(0)];
  const targets = await Promise.all(gateways.map((gateway) => serve(t, gateway)));
  const client = open(t, `ipv4:${targets.join(",")}`);
  const until = Date.now() + 10_000;
  while (gateways.some(({ calls }) => calls < 3) && Date.now() < until) await client.chat("a");
  assert(
    gateways.every(({ calls }) => calls >= 3),
    `${gateways.map(({ calls }) => calls)}`,
  );
});

test("TLS trusts the roots given, shows the client's certificate, and refuses others", async (t) => {
  const pems = await generate([{ name: "commonName", value: "localhost" }], {
    extensions: [
      { name: "basicConstraints", cA: true },
      { name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] },
    ],
  });
  const root = Buffer.from(pems.cert);
  const pair = { cert_chain: root, private_key: Buffer.from(pems.private) };
  const target = await serve(t, failing(0), ServerCredentials.createSsl(root, [pair], true));
  const clientCertificate = { chain: pems.cert, key: pems.private };
  assert.equal((await open(t, target, { tls: pems.cert, clientCertificate }).chat("secret")).text, "secret");
  const given = credentials.createSsl(root, pair.private_key, root);
  assert.equal((await open(t, target, { credentials: given }).chat("b")).text, "b");
  await assert.rejects(open(t, target, { tls: true }).chat("a"), Unavailable);
});

test("options that contradict each other are refused", () => {
  const clientCertificate = { chain: "", key: "" };
  assert.throws(() => new Client("", { clientCertificate }), TypeError);
  assert.throws(() => new Client("", { tls: true, credentials: credentials.createInsecure() }), TypeError);
  assert.throws(() => new Client("", { maxAttempts: 6 }), RangeError);
});

test("channel options win over the client's own", async (t) => {
  const client = await dial(t, failing(0), { channelOptions: { "grpc.max_receive_message_length": 10 } });
  await assert.rejects(client.chat("more than ten bytes"), /larger than max/);
});

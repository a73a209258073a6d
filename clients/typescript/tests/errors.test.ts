import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { DescMessage } from "@bufbuild/protobuf";
import { Metadata, status } from "@grpc/grpc-js";
import {
  BadRequestSchema,
  DebugInfoSchema,
  ErrorInfoSchema,
  RetryInfoSchema,
} from "../src/gen/google/rpc/error_details_pb.js";
import * as ringmain from "../src/index.js";
import { ErrorReason } from "../src/v1.js";
import { dial, Failure, failure } from "./fake.js";

/** Returns what a call throws that the gateway ends like this. */
async function thrown(t: TestContext, sent: Failure): Promise<ringmain.RingmainError> {
  const client = await dial(
    t,
    {
      chat: {
        chat: () => {
          throw sent;
        },
      },
    },
    { maxAttempts: 1 },
  );
  const error: unknown = await client.chat("?").catch((error: unknown) => error);
  assert(error instanceof ringmain.RingmainError);
  return error;
}

const info = (reason: string, domain = "ringmain.v1"): [DescMessage, Record<string, unknown>] => [
  ErrorInfoSchema,
  { domain, reason, metadata: { response_id: "r-7" } },
];

test("every reason of the contract has its class", async (t) => {
  const parents: Record<string, unknown> = {
    CONTEXT_TOO_LONG: ringmain.InvalidRequest,
    MEDIA_INVALID: ringmain.InvalidRequest,
    BUDGET_EXCEEDED: ringmain.RateLimited,
    OVERLOADED: ringmain.RateLimited,
    PROVIDERS_RATE_LIMITED: ringmain.RateLimited,
    MODEL_OUTPUT_INVALID: ringmain.ModelOutputInvalid,
    METHOD_NOT_SERVED: ringmain.CapabilityMissing,
    RESOURCE_NOT_FOUND: ringmain.NotFound,
    LIMITS_UNAVAILABLE: ringmain.Unavailable,
    ISSUER_UNAVAILABLE: ringmain.Unavailable,
  };
  for (const reason of Object.keys(ErrorReason).filter(
    (name) => /^[A-Z]/.test(name) && name !== "UNSPECIFIED",
  )) {
    const error = await thrown(t, failure(status.UNKNOWN, "m", info(reason)));
    assert.equal(error.reason, reason);
    assert.equal(error.errorReason, ErrorReason[reason as keyof typeof ErrorReason]);
    assert.notEqual(error.name, "RingmainError", reason);
    const parent = parents[reason];
    if (parent) assert(error instanceof (parent as typeof ringmain.RateLimited), reason);
  }
});

test("details are told", async (t) => {
  const error = await thrown(
    t,
    failure(
      status.INVALID_ARGUMENT,
      "zwei Felder 🙂",
      info("INVALID_FIELD"),
      [RetryInfoSchema, { retryDelay: { seconds: 1n, nanos: 500_000_000 } }],
      [BadRequestSchema, { fieldViolations: [{ field: "messages[0]", description: "is empty" }] }],
      [DebugInfoSchema, {}],
    ),
  );
  assert.equal(error.message, "INVALID_FIELD: zwei Felder 🙂; messages[0]: is empty (retry in 1500 ms)");
  assert.equal(error.details, "zwei Felder 🙂");
  assert.equal(error.code, status.INVALID_ARGUMENT);
  assert.equal(error.responseId, "r-7");
  assert.equal(error.retryDelayMs, 1500);
  assert.deepEqual(error.violations, [{ field: "messages[0]", description: "is empty" }]);
});

test("a code without reason has its class", async (t) => {
  const kinds: [status, typeof ringmain.RingmainError][] = [
    [status.INVALID_ARGUMENT, ringmain.InvalidRequest],
    [status.OUT_OF_RANGE, ringmain.InvalidRequest],
    [status.NOT_FOUND, ringmain.NotFound],
    [status.UNIMPLEMENTED, ringmain.CapabilityMissing],
    [status.UNAUTHENTICATED, ringmain.Unauthenticated],
    [status.PERMISSION_DENIED, ringmain.PermissionDenied],
    [status.RESOURCE_EXHAUSTED, ringmain.InvalidRequest],
    [status.UNAVAILABLE, ringmain.Unavailable],
    [status.ABORTED, ringmain.StreamInterrupted],
    [status.DATA_LOSS, ringmain.StreamInterrupted],
    [status.CANCELLED, ringmain.Cancelled],
    [status.INTERNAL, ringmain.InternalError],
    [status.ALREADY_EXISTS, ringmain.RingmainError],
  ];
  for (const [code, kind] of kinds) {
    const error = await thrown(t, new Failure(code, "m"));
    assert.equal(error.constructor, kind);
    assert.equal(error.message, `${status[code]}: m`);
    assert.equal(error.responseId, "");
  }
});

test("reasons of other domains, newer ones and garbled details are not taken for ours", async (t) => {
  const foreign = await thrown(t, failure(status.UNAVAILABLE, "m", info("RATE_LIMITED", "proxy.example")));
  assert(foreign instanceof ringmain.Unavailable && foreign.reason === "");
  const limited = await thrown(
    t,
    failure(status.RESOURCE_EXHAUSTED, "m", info("OVERLOADED", "proxy.example")),
  );
  assert(limited instanceof ringmain.RateLimited && limited.reason === "");
  const newer = await thrown(t, failure(status.NOT_FOUND, "m", info("LATER_THAN_THIS")));
  assert(newer instanceof ringmain.NotFound && newer.errorReason === ErrorReason.UNSPECIFIED);
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from([0xff]));
  const garbled = await thrown(t, new Failure(status.NOT_FOUND, "m", metadata));
  assert(garbled instanceof ringmain.NotFound && garbled.reason === "");
});

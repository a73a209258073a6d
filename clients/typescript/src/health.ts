/** The health service, without stubs of its own. */

import { create } from "@bufbuild/protobuf";
import { Int32ValueSchema, StringValueSchema } from "@bufbuild/protobuf/wkt";
import type { Client as GrpcClient } from "@grpc/grpc-js";
import { type CallOptions, callUnary, type Defaults } from "./stub.js";

// Its request has a string as field 1 and its response an enum as field 1, which is how StringValue and Int32Value
// look on the wire. https://github.com/grpc/grpc/blob/master/doc/health-checking.md
const METHOD = "/grpc.health.v1.Health/Check";
const NAMES = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];

/** Returns the name of a service's status. */
export async function checkHealth(
  client: GrpcClient,
  defaults: Defaults,
  service: string,
  options: CallOptions = {},
): Promise<string> {
  const request = create(StringValueSchema, { value: service });
  const response = await callUnary(
    METHOD,
    StringValueSchema,
    Int32ValueSchema,
    client,
    defaults,
    request,
    options,
  );
  return NAMES[response.value] ?? "UNKNOWN";
}

/**
 * What a failed call throws: always a {@link RingmainError}. Which subclass is decided by the gateway's reason
 * where it gave one, else by the status code, so that answers of proxies are sorted too.
 *
 * ```text
 * RingmainError
 *  ├ InvalidRequest      INVALID_FIELD, PROVIDER_REJECTED; INVALID_ARGUMENT, OUT_OF_RANGE, and RESOURCE_EXHAUSTED
 *  │                     without an ErrorInfo: a message is larger than the gateway or the client takes
 *  │  ├ ContextTooLong   CONTEXT_TOO_LONG
 *  │  └ MediaInvalid     MEDIA_INVALID
 *  ├ NotFound            MODEL_NOT_FOUND, RESOURCE_NOT_FOUND; NOT_FOUND
 *  ├ CapabilityMissing   CAPABILITY_MISSING, METHOD_NOT_SERVED; UNIMPLEMENTED
 *  ├ ContentFiltered     CONTENT_FILTERED
 *  ├ Unauthenticated     CREDENTIALS_INVALID; UNAUTHENTICATED
 *  ├ PermissionDenied    NOT_ALLOWED; PERMISSION_DENIED
 *  ├ RateLimited         RATE_LIMITED, PROVIDERS_RATE_LIMITED; RESOURCE_EXHAUSTED with another ErrorInfo
 *  │  ├ BudgetExceeded   BUDGET_EXCEEDED
 *  │  └ Overloaded       OVERLOADED
 *  ├ Unavailable         PROVIDERS_UNAVAILABLE, LIMITS_UNAVAILABLE, ISSUER_UNAVAILABLE, SHUTTING_DOWN; UNAVAILABLE
 *  ├ StreamInterrupted   STREAM_INTERRUPTED; ABORTED, DATA_LOSS
 *  ├ ModelOutputInvalid  MODEL_OUTPUT_INVALID
 *  ├ DeadlineExceeded    DEADLINE_EXCEEDED
 *  ├ Cancelled           CANCELLED
 *  └ InternalError       INTERNAL
 * ```
 */

import { fromBinary } from "@bufbuild/protobuf";
import { type Any, anyIs, anyUnpack } from "@bufbuild/protobuf/wkt";
import { type Metadata, status } from "@grpc/grpc-js";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "./gen/google/rpc/error_details_pb.js";
import { type Status, StatusSchema } from "./gen/google/rpc/status_pb.js";
import { ErrorReason } from "./gen/ringmain/v1/error_reason_pb.js";

const DOMAIN = "ringmain.v1";
const DETAILS_KEY = "grpc-status-details-bin";

/** A field of the request that breaks a rule. */
export interface Violation {
  /** Its path, such as `messages[2].parts[0].media`. */
  readonly field: string;
  /** What is wrong with it. */
  readonly description: string;
}

/** What a {@link RingmainError} is made from. */
export interface ErrorFields {
  code?: status;
  reason?: string;
  metadata?: Record<string, string>;
  retryDelayMs?: number | undefined;
  violations?: readonly Violation[];
  cause?: unknown;
}

/** A call failed. */
export class RingmainError extends Error {
  /** The gRPC status code. */
  readonly code: status;
  /** What happened, without what surrounds it in `message`. */
  readonly details: string;
  /** The gateway's reason, such as `PROVIDERS_UNAVAILABLE`. Empty if the status came from gRPC itself or a proxy. */
  readonly reason: string;
  /** What the reason is about, such as `{ model: "smart" }`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Milliseconds to wait before a repeat has a chance. Undefined if the gateway named none. */
  readonly retryDelayMs: number | undefined;
  /** The fields that break a rule. */
  readonly violations: readonly Violation[];

  constructor(details: string, fields: ErrorFields = {}) {
    const { code = status.UNKNOWN, reason = "", metadata = {}, retryDelayMs, violations = [] } = fields;
    const complaints = violations.map(({ field, description }) => `; ${field}: ${description}`).join("");
    const delay = retryDelayMs === undefined ? "" : ` (retry in ${retryDelayMs} ms)`;
    super(`${reason || status[code]}: ${details}${complaints}${delay}`, { cause: fields.cause });
    this.name = new.target.name;
    this.details = details;
    this.code = code;
    this.reason = reason;
    this.metadata = metadata;
    this.retryDelayMs = retryDelayMs;
    this.violations = violations;
  }

  /** The gateway's name for the call, to be found in its log. Empty if it gave none. */
  get responseId(): string {
    return this.metadata.response_id ?? "";
  }

  /** `reason` as the enum of the contract; UNSPECIFIED if it is empty or newer than this client. */
  get errorReason(): ErrorReason {
    return ErrorReason[this.reason as keyof typeof ErrorReason] ?? ErrorReason.UNSPECIFIED;
  }
}

/** The request breaks a rule, or is too large; `violations` names the fields. A repeat fails again. */
export class InvalidRequest extends RingmainError {}
/** The input is longer than every candidate's context. */
export class ContextTooLong extends InvalidRequest {}
/** An image or document cannot be read, is of the wrong kind, or is too large. */
export class MediaInvalid extends InvalidRequest {}
/** No such model, nothing serves it, or no such thing. */
export class NotFound extends RingmainError {}
/** The model, or the gateway, cannot do what the request needs, or does not serve the method. */
export class CapabilityMissing extends RingmainError {}
/** The provider's safety system refused the request. */
export class ContentFiltered extends RingmainError {}
/** The token is missing or wrong. */
export class Unauthenticated extends RingmainError {}
/** The token is good, but not for this model or method. */
export class PermissionDenied extends RingmainError {}
/** Over a limit. `retryDelayMs` says when to come back. */
export class RateLimited extends RingmainError {}
/** The budget is spent; waiting seconds does not help. */
export class BudgetExceeded extends RateLimited {}
/** The gateway itself is at capacity. */
export class Overloaded extends RateLimited {}
/** The gateway cannot be reached, or every candidate failed. */
export class Unavailable extends RingmainError {}
/** The stream broke after content was sent. `ChatStream.partial` has what came before. */
export class StreamInterrupted extends RingmainError {}
/** The model wrote what cannot be used, such as a malformed tool call. Asking again may help. */
export class ModelOutputInvalid extends RingmainError {}
/** The call took longer than its timeout. */
export class DeadlineExceeded extends RingmainError {}
/** The call was cancelled. `cause` is the signal's reason. */
export class Cancelled extends RingmainError {}
/** A fault of the gateway. Its log has the rest under `responseId`. */
export class InternalError extends RingmainError {}

type Kind = new (details: string, fields?: ErrorFields) => RingmainError;

const BY_REASON: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ["INVALID_FIELD", InvalidRequest],
  ["PROVIDER_REJECTED", InvalidRequest],
  ["CONTEXT_TOO_LONG", ContextTooLong],
  ["MEDIA_INVALID", MediaInvalid],
  ["MODEL_NOT_FOUND", NotFound],
  ["RESOURCE_NOT_FOUND", NotFound],
  ["CAPABILITY_MISSING", CapabilityMissing],
  ["METHOD_NOT_SERVED", CapabilityMissing],
  ["CONTENT_FILTERED", ContentFiltered],
  ["CREDENTIALS_INVALID", Unauthenticated],
  ["NOT_ALLOWED", PermissionDenied],
  ["RATE_LIMITED", RateLimited],
  ["PROVIDERS_RATE_LIMITED", RateLimited],
  ["BUDGET_EXCEEDED", BudgetExceeded],
  ["OVERLOADED", Overloaded],
  ["PROVIDERS_UNAVAILABLE", Unavailable],
  ["LIMITS_UNAVAILABLE", Unavailable],
  ["ISSUER_UNAVAILABLE", Unavailable],
  ["STORE_UNAVAILABLE", Unavailable],
  ["SHUTTING_DOWN", Unavailable],
  ["STREAM_INTERRUPTED", StreamInterrupted],
  ["MODEL_OUTPUT_INVALID", ModelOutputInvalid],
  ["DEADLINE_EXCEEDED", DeadlineExceeded],
  ["INTERNAL", InternalError],
]);

const BY_CODE: ReadonlyMap<status, Kind> = new Map<status, Kind>([
  [status.INVALID_ARGUMENT, InvalidRequest],
  [status.OUT_OF_RANGE, InvalidRequest],
  [status.NOT_FOUND, NotFound],
  [status.UNIMPLEMENTED, CapabilityMissing],
  [status.UNAUTHENTICATED, Unauthenticated],
  [status.PERMISSION_DENIED, PermissionDenied],
  [status.RESOURCE_EXHAUSTED, RateLimited],
  [status.UNAVAILABLE, Unavailable],
  [status.ABORTED, StreamInterrupted],
  [status.DATA_LOSS, StreamInterrupted],
  [status.DEADLINE_EXCEEDED, DeadlineExceeded],
  [status.CANCELLED, Cancelled],
  [status.INTERNAL, InternalError],
]);

/**
 * Returns the error of a reason or code.
 *
 * @param informed Whether the status has an ErrorInfo, of any domain.
 */
export function errorFor(details: string, fields: ErrorFields, informed = false): RingmainError {
  const { reason = "", code = status.UNKNOWN } = fields;
  const tooLarge = code === status.RESOURCE_EXHAUSTED && !informed;
  const byCode = tooLarge ? InvalidRequest : (BY_CODE.get(code) ?? RingmainError);
  const kind = BY_REASON.get(reason) ?? byCode;
  return new kind(details, fields);
}

/**
 * Returns what a failed call of grpc-js is here. What is no failed call comes back as it is.
 *
 * @param signal The call's: if it was aborted, its reason becomes the error's cause.
 */
export function errorOf(error: unknown, signal?: AbortSignal): unknown {
  if (!isServiceError(error)) return error;
  const cause = error.code === status.CANCELLED && signal?.aborted ? signal.reason : error;
  const rich = richStatus(error.metadata)?.details ?? [];
  const informed = rich.some((detail) => anyIs(detail, ErrorInfoSchema));
  return errorFor(error.details || "no details", { code: error.code, ...richFields(rich), cause }, informed);
}

interface Failed {
  code: status;
  details: string;
  metadata: Metadata;
}

function isServiceError(error: unknown): error is Error & Failed {
  return error instanceof Error && "code" in error && typeof error.code === "number" && "metadata" in error;
}

function richFields(details: readonly Any[]): ErrorFields {
  const fields: ErrorFields = {};
  for (const detail of details) {
    const info = anyUnpack(detail, ErrorInfoSchema);
    if (info?.domain === DOMAIN) Object.assign(fields, { reason: info.reason, metadata: info.metadata });
    const delay = anyUnpack(detail, RetryInfoSchema)?.retryDelay;
    if (delay) fields.retryDelayMs = Number(delay.seconds) * 1000 + delay.nanos / 1e6;
    const complaints = anyUnpack(detail, BadRequestSchema)?.fieldViolations;
    if (complaints) fields.violations = complaints.map(({ field, description }) => ({ field, description }));
  }
  return fields;
}

/** Returns the rich status of the trailers. A garbled one is a proxy's: the code still says enough. */
function richStatus(metadata: Metadata): Status | undefined {
  const [details] = metadata.get(DETAILS_KEY);
  try {
    return Buffer.isBuffer(details) ? fromBinary(StatusSchema, details) : undefined;
  } catch {
    return undefined;
  }
}

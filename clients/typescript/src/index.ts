/**
 * Client of the Ringmain gateway, one typed gRPC service in front of many AI model providers.
 *
 * {@link Client} talks to the gateway; the functions make messages and media from plain values; failures are
 * {@link RingmainError}. The messages of the contract are in `ringmain/v1`.
 */

export { status } from "@grpc/grpc-js";
export { Answer, ProviderToolCall, ToolCall } from "./answer.js";
export {
  type ConnectionOptions,
  DEFAULT_MAX_MESSAGE_BYTES,
  DEFAULT_TARGET,
  TARGET_VARIABLE,
} from "./channel.js";
export { type CapabilityName, Client, type ClientOptions, type Stubs } from "./client.js";
export {
  BudgetExceeded,
  Cancelled,
  CapabilityMissing,
  ContentFiltered,
  ContextTooLong,
  DeadlineExceeded,
  type ErrorFields,
  InternalError,
  InvalidRequest,
  MediaInvalid,
  ModelOutputInvalid,
  NotFound,
  Overloaded,
  PermissionDenied,
  RateLimited,
  RingmainError,
  StreamInterrupted,
  Unauthenticated,
  Unavailable,
  type Violation,
} from "./errors.js";
export { type Delta, Fold } from "./fold.js";
export {
  assistant,
  type Content,
  codeExecution,
  type Detail,
  document,
  image,
  type Source,
  save,
  system,
  type ToolLike,
  type Turn,
  toolResult,
  user,
  webSearch,
} from "./messages.js";
export { type ChatOptions, chatRequest, type Prompt } from "./request.js";
export { ChatStream, ImageStream } from "./stream.js";
export type { CallOptions, Headers, Stub } from "./stub.js";
export type { Token, TokenSource } from "./tokens.js";

/** Turns of a conversation, media and tools from plain values. */

import { readFile, writeFile } from "node:fs/promises";
import { basename, extname } from "node:path";
import { create } from "@bufbuild/protobuf";
import { Answer, type ToolCall } from "./answer.js";
import {
  ImageDetail,
  type Media,
  MediaSchema,
  type Message,
  MessageSchema,
  type Part,
  PartSchema,
  Role,
} from "./gen/ringmain/v1/content_pb.js";
import { type FunctionTool, type Tool, ToolSchema } from "./gen/ringmain/v1/generation_pb.js";

/** Where an image or document is: its https address or path, or its bytes. */
export type Source = string | URL | Uint8Array;

/** What a turn holds: text, the bytes of an image, or media and parts of the contract. */
export type Content = string | Uint8Array | Media | Part;

/** One turn: the user's text, a message, an answer, or an object such as `{ role: "user", content: "…" }`. */
export type Turn =
  | string
  | Message
  | Answer
  | { role: keyof typeof ROLES; content: Content | readonly Content[] };

const ROLES = { user: Role.USER, assistant: Role.ASSISTANT, system: Role.SYSTEM } as const;

/** Returns what the user says, in order: text, images and documents. */
export const user = (...content: Content[]): Message => message(Role.USER, content);

/** Returns what a model said. For an answer of this client, take `answer.message`. */
export const assistant = (...content: Content[]): Message => message(Role.ASSISTANT, content);

/** Returns instructions to the model. */
export const system = (...content: Content[]): Message => message(Role.SYSTEM, content);

/**
 * Returns what running a tool gave.
 *
 * @param call The call this answers, or its id.
 * @param value A string or media as it is; an Error as a failure; anything else as JSON.
 */
export function toolResult(call: string | ToolCall, value: unknown): Message {
  const toolCallId = typeof call === "string" ? call : call.id;
  const parts = [part(isContent(value) ? value : value instanceof Error ? value.message : toJson(value))];
  const result = { toolCallId, parts, failed: value instanceof Error };
  return create(MessageSchema, {
    role: Role.TOOL,
    parts: [{ content: { case: "toolResult", value: result } }],
  });
}

/** How closely the model looks at an image. */
export type Detail = "low" | "high";

const DETAILS: Record<Detail, ImageDetail> = { low: ImageDetail.LOW, high: ImageDetail.HIGH };

/**
 * Returns an image, from its https address, its path or its bytes. The gateway detects its type. With a `detail`,
 * it is a part of a turn, which that belongs to.
 */
export function image(source: Source, options: { detail: Detail; mimeType?: string }): Promise<Part>;
export function image(source: Source, options?: { mimeType?: string }): Promise<Media>;
export async function image(
  source: Source,
  { detail, mimeType = "" }: { detail?: Detail; mimeType?: string } = {},
): Promise<Media | Part> {
  const media = await mediaOf(source);
  media.mimeType = mimeType;
  return detail ? create(PartSchema, { ...part(media), imageDetail: DETAILS[detail] }) : media;
}

/** Returns a document, such as a PDF, from its https address, its path or its bytes. */
export async function document(
  source: Source,
  options: { filename?: string; mimeType?: string } = {},
): Promise<Media> {
  const media = await mediaOf(source);
  media.filename = options.filename ?? (source instanceof Uint8Array ? "" : basename(pathOf(source)));
  media.mimeType = options.mimeType ?? "";
  return media;
}

const EXTENSIONS: Record<string, string> = {
  "image/png": ".png",
  "image/jpeg": ".jpg",
  "image/webp": ".webp",
  "image/gif": ".gif",
};

/** Writes media to a file and returns its path: that given, with an extension for its type if it has none. */
export async function save(media: Media | undefined, path: string): Promise<string> {
  if (media?.source.case !== "data") throw new TypeError("the media is not inline");
  const whole = extname(path) ? path : path + (EXTENSIONS[media.mimeType] ?? "");
  await writeFile(whole, media.source.value);
  return whole;
}

/** A tool that the model may use: of the contract, or a function with its parameters as a JSON Schema. */
export type ToolLike =
  | Tool
  | FunctionTool
  | {
      name: string;
      description?: string;
      parameters?: object | string;
      /** Whether the provider must hold the model to the parameters. Unset means its default. */
      strict?: boolean;
    };

/** Returns anything that may stand for a tool as one. */
export function toolOf(given: ToolLike): Tool {
  if ("$typeName" in given) {
    if (given.$typeName === "ringmain.v1.Tool") return given;
    return create(ToolSchema, { kind: { case: "function", value: given } });
  }
  const { parameters = { type: "object", properties: {} }, ...fields } = given;
  const value = { ...fields, parametersSchemaJson: schemaText(parameters) };
  return create(ToolSchema, { kind: { case: "function", value } });
}

/** Returns a web search that the provider runs. `Answer.sources` has the pages that the answer cites. */
export function webSearch(
  options: {
    /** The most searches for one answer. Unset means the provider's own limit. */
    maxUses?: number;
    /** Search only these domains and those below them. */
    allowedDomains?: readonly string[];
    /** Never search these domains and those below them. */
    blockedDomains?: readonly string[];
    /** The country to search from, such as `DE`. */
    countryCode?: string;
  } = {},
): Tool {
  const { allowedDomains = [], blockedDomains = [], ...rest } = options;
  const value = { ...rest, allowedDomains: [...allowedDomains], blockedDomains: [...blockedDomains] };
  return create(ToolSchema, { kind: { case: "webSearch", value } });
}

/** Returns a sandbox in which the provider runs code that the model writes. */
export const codeExecution = (): Tool => create(ToolSchema, { kind: { case: "codeExecution", value: {} } });

/** Returns a JSON Schema as text. */
export const schemaText = (schema: object | string): string =>
  typeof schema === "string" ? schema : JSON.stringify(schema);

/** Returns the messages of a question or a conversation. */
export function conversation(turns: Turn | readonly Turn[]): Message[] {
  return (isTurns(turns) ? turns : [turns]).map(turnOf);
}

function isTurns(turns: Turn | readonly Turn[]): turns is readonly Turn[] {
  return Array.isArray(turns);
}

function turnOf(turn: Turn): Message {
  if (typeof turn === "string") return user(turn);
  if (turn instanceof Answer) return turn.message;
  if ("$typeName" in turn) return turn;
  const role = ROLES[turn.role];
  if (role === undefined) throw new TypeError(`unknown role ${JSON.stringify(turn.role)}`);
  return message(role, isContent(turn.content) ? [turn.content] : turn.content);
}

const message = (role: Role, content: readonly Content[]): Message =>
  create(MessageSchema, { role, parts: content.map(part) });

/** Returns one piece of a turn. */
export function part(content: Content): Part {
  if (typeof content === "string") return create(PartSchema, { content: { case: "text", value: content } });
  if (content instanceof Uint8Array) return part(mediaOfBytes(content));
  if (content.$typeName === "ringmain.v1.Part") return content;
  return create(PartSchema, { content: { case: "media", value: content } });
}

function isContent(value: unknown): value is Content {
  if (typeof value === "string" || value instanceof Uint8Array) return true;
  const type = (value as { $typeName?: unknown } | null | undefined)?.$typeName;
  return type === "ringmain.v1.Media" || type === "ringmain.v1.Part";
}

function toJson(value: unknown): string {
  const text = JSON.stringify(value);
  if (text === undefined) throw new TypeError(`a tool result cannot hold ${typeof value}`);
  return text;
}

async function mediaOf(source: Source): Promise<Media> {
  if (source instanceof Uint8Array) return mediaOfBytes(source);
  const isAddress = source instanceof URL ? source.protocol !== "file:" : source.includes("://");
  if (isAddress) return create(MediaSchema, { source: { case: "uri", value: String(source) } });
  return mediaOfBytes(await readFile(source));
}

const mediaOfBytes = (value: Uint8Array): Media => create(MediaSchema, { source: { case: "data", value } });

const pathOf = (source: string | URL): string => (source instanceof URL ? source.pathname : source);

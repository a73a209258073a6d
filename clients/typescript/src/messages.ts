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
import { type Tool, ToolSchema } from "./gen/ringmain/v1/generation_pb.js";

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

/** Returns an image, from its https address, its path or its bytes. The gateway detects its type. */
export async function image(
  source: Source,
  options: { detail?: "low" | "high"; mimeType?: string } = {},
): Promise<Media> {
  const media = await mediaOf(source);
  media.mimeType = options.mimeType ?? "";
  if (options.detail) media.detail = options.detail === "low" ? ImageDetail.LOW : ImageDetail.HIGH;
  return media;
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

/** A function that the model may ask for: of the contract, or with its parameters as a JSON Schema. */
export type ToolLike = Tool | { name: string; description?: string; parameters?: object | string };

/** Returns anything that may stand for a tool as one. */
export function toolOf(given: ToolLike): Tool {
  if ("$typeName" in given) return given;
  const { name, description = "", parameters = { type: "object", properties: {} } } = given;
  return create(ToolSchema, { name, description, parametersSchemaJson: schemaText(parameters) });
}

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

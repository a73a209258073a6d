/** Tokens that end: the client asks for others before they do, and when the gateway refuses one. */

import { status } from "@grpc/grpc-js";
import { errorFor, RingmainError, Unauthenticated } from "./errors.js";

/** What a {@link TokenSource} gives. */
export interface Token {
  /** The token. */
  readonly text: string;
  /**
   * Milliseconds for which it is valid from now on, such as `expires_in` of OAuth 2 times 1000. Unset means that the
   * token says so itself, as a JWT does, or that nobody knows: then it is kept until the gateway refuses it.
   */
  readonly lifetimeMs?: number | undefined;
}

/**
 * Gives a token. The client calls it before its first call, again shortly before the token ends, and once more if the
 * gateway refuses it; calls that wait at the same time share it.
 */
export type TokenSource = () => string | Token | Promise<string | Token>;

/** The most milliseconds before its end at which a token is replaced; a quarter of its life if that is less. */
export const MARGIN_MS = 30_000;
/**
 * Milliseconds between two replacements of tokens that the gateway refused, so that a gateway that refuses every
 * token does not make the client flood whoever gives them.
 */
export const BETWEEN_REFUSALS_MS = 10_000;

/** The token that a client keeps. */
export class Tokens {
  readonly #source: TokenSource;
  readonly #now: () => number;
  #text: string | undefined;
  #renewAt = 0;
  #endsAt = 0;
  #refusalsFrom = Number.NEGATIVE_INFINITY;
  #asking: Promise<string> | undefined;

  /** @param now Milliseconds of any monotonic clock. */
  constructor(source: TokenSource, now: () => number = () => performance.now()) {
    this.#source = source;
    this.#now = now;
  }

  /**
   * Returns the token to send.
   *
   * @param deadline Milliseconds since the epoch after which nobody waits for it any more.
   */
  async get(deadline: number, signal?: AbortSignal): Promise<string> {
    if (this.#text !== undefined && this.#now() < this.#renewAt) return this.#text;
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return within(this.#asking, deadline, signal);
  }

  /** Returns the token to send in place of one with which a call failed; undefined if there is no other. */
  async another(
    failure: unknown,
    text: string,
    deadline: number,
    signal?: AbortSignal,
  ): Promise<string | undefined> {
    const refused = failure instanceof RingmainError && failure.code === status.UNAUTHENTICATED;
    if (!refused || !this.#replaceable(text)) return undefined;
    try {
      const other = await this.get(deadline, signal);
      return other === text ? undefined : other;
    } catch {
      return undefined; // The refusal is what the caller is told.
    }
  }

  async #ask(): Promise<string> {
    let token: Token;
    try {
      token = asToken(await this.#source());
    } catch (cause) {
      // It is asked before the token ends, so that a short outage of whoever gives tokens does no harm.
      if (this.#text !== undefined && this.#now() < this.#endsAt) return this.#text;
      throw new Unauthenticated("the token source failed", { code: status.UNAUTHENTICATED, cause });
    }
    const lifetime = token.lifetimeMs ?? lifetimeOf(token.text, Date.now());
    this.#text = token.text;
    this.#endsAt = this.#now() + lifetime;
    this.#renewAt = this.#now() + Math.max(lifetime - MARGIN_MS, lifetime * 0.75);
    return token.text;
  }

  #replaceable(text: string): boolean {
    if (text !== this.#text) return true; // Another call has replaced it already.
    if (this.#now() < this.#refusalsFrom) return false;
    this.#refusalsFrom = this.#now() + BETWEEN_REFUSALS_MS;
    this.#renewAt = 0;
    this.#endsAt = 0;
    return true;
  }
}

function asToken(given: string | Token): Token {
  const token = typeof given === "string" ? { text: given } : given;
  if (typeof token?.text !== "string") throw new TypeError("the token source gave neither text nor a Token");
  return token;
}

/** Returns the milliseconds until a JWT's `exp`. It is not verified: the gateway decides. */
function lifetimeOf(text: string, now: number): number {
  const [, claims, signature, more] = text.split(".");
  if (claims === undefined || signature === undefined || more !== undefined) return Number.POSITIVE_INFINITY;
  try {
    const { exp } = JSON.parse(Buffer.from(claims, "base64url").toString());
    return typeof exp === "number" ? exp * 1000 - now : Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** Waits for a promise until a deadline or an abortion, which end the wait alone. */
async function within<T>(promise: Promise<T>, deadline: number, signal?: AbortSignal): Promise<T> {
  let untie = () => {};
  const given = new Promise<never>((_, reject) => {
    const fail = (details: string, code: status, cause?: unknown) =>
      reject(errorFor(details, { code, cause }));
    const late = () => fail("no token came in time", status.DEADLINE_EXCEEDED);
    const aborted = () => fail("the call was cancelled", status.CANCELLED, signal?.reason);
    const left = deadline - Date.now();
    // Node's timers take no more than this, and nobody waits for so long.
    const timer = left < 2 ** 31 ? setTimeout(late, Math.max(left, 0)) : undefined;
    if (signal?.aborted) aborted();
    signal?.addEventListener("abort", aborted, { once: true });
    untie = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", aborted);
    };
  });
  try {
    return await Promise.race([promise, given]);
  } finally {
    untie();
  }
}

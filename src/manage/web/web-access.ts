/** Access control of the page: decides about single requests, without a socket. */
import { createHmac, timingSafeEqual } from "node:crypto";
import { isLoopback, parseAddress } from "../../config/address.ts";

/** Name of the cookie that replaces the token after the login form. */
const COOKIE = "wingman";

/**
 * Whether a request to a loopback address was meant for it. The Host header reveals a foreign page
 * whose name was made to point at this machine (DNS rebinding). The port is ignored: it may come
 * through a tunnel.
 */
export function isLocalHost(host: string | null): boolean {
  const name = /^(.+?)(?::\d{1,5})?$/.exec(host ?? "")?.[1] ?? "";
  if (name.toLowerCase() === "localhost") return true;
  const address = parseAddress(
    name.startsWith("[") && name.endsWith("]") ? name.slice(1, -1) : name,
  );
  return address !== null && isLoopback(address);
}

/**
 * Whether a form or script of this page itself has sent the request; browsers put Origin on every
 * POST.
 */
export function isSameOrigin(headers: Headers): boolean {
  const site = headers.get("sec-fetch-site");
  return (
    headers.get("origin") === `http://${headers.get("host")}` &&
    (site === null || site === "same-origin")
  );
}

/** The token that protects the page, and the cookie that a browser keeps in its place. */
export class AccessToken {
  readonly #token: Uint8Array;
  /**
   * Derived only from the token: it stays valid until the token is changed, also after a restart.
   */
  readonly #cookie: string;

  constructor(token: Uint8Array) {
    this.#token = token;
    this.#cookie = createHmac("sha256", token).update("wingman maintenance page").digest("hex");
  }

  /** Checks a typed token. */
  accepts(typed: string): boolean {
    return isEqual(Buffer.from(typed.trim()), this.#token);
  }

  /**
   * null when the request presents nothing, or the cookie of an earlier token; the answer is a
   * login form.
   */
  judge(headers: Headers): boolean | null {
    const [, bearer] = /^Bearer +(.+)$/i.exec(headers.get("authorization") ?? "") ?? [];
    if (bearer !== undefined) return this.accepts(bearer);
    const pairs = (headers.get("cookie") ?? "").split(";").map((pair) => pair.trim());
    const values = pairs.flatMap((pair) =>
      pair.startsWith(`${COOKIE}=`) ? [pair.slice(COOKIE.length + 1)] : [],
    );
    if (values.length === 0) return null;
    return values.some((value) => isEqual(Buffer.from(value), Buffer.from(this.#cookie)))
      ? true
      : null;
  }

  /**
   * For a browser that has presented the token: valid until it is closed, and not for scripts or
   * other sites.
   */
  get setCookie(): string {
    return `${COOKIE}=${this.#cookie}; HttpOnly; SameSite=Strict; Path=/`;
  }
}

/**
 * Compares in a time that does not depend on where they differ: a hash first brings both to one
 * length.
 */
function isEqual(left: Uint8Array, right: Uint8Array): boolean {
  const digest = (bytes: Uint8Array) => createHmac("sha256", "compare").update(bytes).digest();
  return timingSafeEqual(digest(left), digest(right));
}

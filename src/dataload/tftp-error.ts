/** Why a transfer has failed. */

/**
 * `silent`: nothing came for too long; `refused`: the other end said an error; `protocol`: what it
 * said makes no sense; `local`: this end will not or cannot; `stopped`: the operation is over.
 */
export type TftpFailure = "silent" | "refused" | "protocol" | "local" | "stopped";

export class TftpError extends Error {
  override readonly name = "TftpError";
  /**
   * @param message of the other end where it refused
   * @param code that is told, or was told; see tftp-packet
   */
  constructor(
    readonly failure: TftpFailure,
    message: string,
    readonly code = 0,
  ) {
    super(message);
  }

  /** `WAIT:5`: try again in so many seconds; null: it says nothing like that. */
  get waitS(): number | null {
    const [, seconds] =
      /^WAIT:(\d{1,5})$/.exec(this.failure === "refused" ? this.message : "") ?? [];
    return seconds === undefined ? null : Number(seconds);
  }

  /** `ABORT:1004`: the loader ends the operation, with a status code; null: it does not. */
  get abortStatus(): number | null {
    const said = this.failure === "refused" ? this.message : "";
    const [, status] = /^ABORT:(?:0x)?([0-9A-Fa-f]{4})$/.exec(said) ?? [];
    return status === undefined ? null : Number.parseInt(status, 16);
  }
}

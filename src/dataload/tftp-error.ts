/** Reasons of failed transfers. */

/**
 * `silent`: nothing came for too long; `refused`: the other end sent an error; `protocol`: its
 * packet makes no sense; `local`: this end refuses or fails; `stopped`: the operation is over.
 */
export type TftpFailure = "silent" | "refused" | "protocol" | "local" | "stopped";

export class TftpError extends Error {
  override readonly name = "TftpError";
  /**
   * @param message of the other end when it refused
   * @param code sent or received; see tftp-packet
   */
  constructor(
    readonly failure: TftpFailure,
    message: string,
    readonly code = 0,
  ) {
    super(message);
  }

  /** `WAIT:5`: seconds before another try; null for any other message. */
  get waitS(): number | null {
    const [, seconds] =
      /^WAIT:(\d{1,5})$/.exec(this.failure === "refused" ? this.message : "") ?? [];
    return seconds === undefined ? null : Number(seconds);
  }

  /**
   * `ABORT:1004`: status code with which the loader ends the operation; null for any other message.
   */
  get abortStatus(): number | null {
    const said = this.failure === "refused" ? this.message : "";
    const [, status] = /^ABORT:(?:0x)?([0-9A-Fa-f]{4})$/.exec(said) ?? [];
    return status === undefined ? null : Number.parseInt(status, 16);
  }
}

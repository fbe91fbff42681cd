/** What identifies this server and its table to the others. */
export interface Identity {
  readonly self: number;
  readonly systemId: number;
  readonly digestHigh: number;
  readonly digestLow: number;
  readonly incarnation: number;
  /** Drawn at every start, 32 bits: two boxes with one id may have the same incarnation. */
  readonly nonce: number;
  /** Ethernet address of the client interface at the start, its first two and last four bytes. */
  readonly clientMacHigh?: number;
  readonly clientMacLow?: number;
}

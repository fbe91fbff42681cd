/** Identifies this server and its table to the others. */
export interface Identity {
  readonly self: number;
  readonly systemId: number;
  readonly digestHigh: number;
  readonly digestLow: number;
  readonly incarnation: number;
  /** 32 random bits per start: two boxes with the same id may have the same incarnation. */
  readonly nonce: number;
  /** Ethernet address of the client interface at the start: first two and last four bytes. */
  readonly clientMacHigh?: number;
  readonly clientMacLow?: number;
}

/**
 * Which recordings an engine may take for live keep-alives (P8; PROTOCOL.md, "Admission"): those that
 * differ from live ones in nothing that it can know.
 */
import { SERVER_JOINING, SERVER_UNKNOWN } from "../../src/boundary/server-state.ts";
import type { Engine } from "../../src/core/engine.ts";
import { lowest, type Membership } from "../../src/core/membership.ts";
import type { KeepAliveMessage } from "../../src/wire/keep-alive.ts";

/** `message` has come from an attacker, as it was once sent. */
export function mayBeTakenForLive(engine: Engine, message: KeepAliveMessage): boolean {
  return (
    isUnheardOfPredecessor(engine, message) || isVouchedForUnproven(engine.membership, message)
  );
}

/** It was sent after the engine before had ended: to one that does not serve yet, it may be live. */
function isUnheardOfPredecessor(
  { phases, membership }: Engine,
  { sender, incarnation, sequence }: KeepAliveMessage,
): boolean {
  const state = membership.state[sender];
  if (phases.serving || (state !== SERVER_UNKNOWN && state !== SERVER_JOINING)) return false;
  return incarnation === membership.incarnation[sender] && sequence > membership.sequence[sender];
}

/** One vouches for it that does not hear the engine: its own messages may be such recordings. */
function isVouchedForUnproven(
  membership: Membership,
  { sender, incarnation, sequence }: KeepAliveMessage,
): boolean {
  for (let left = membership.heard; left !== 0; left &= left - 1) {
    const witness = lowest(left);
    if (membership.echoedSequence[witness] !== 0) continue;
    const third = membership.latest(witness);
    const since = third.heardSequence[sender] as number;
    if (third.hears(sender, incarnation) && sequence >= since) return true;
  }
  return false;
}

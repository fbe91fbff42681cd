import { VipSwitcher } from "../io/vip-switcher.ts";

/**
 * Removes the VIPs of a dead engine from the interfaces: whoever takes them over must be the only
 * one that answers. The next engine does the same at its start, but the dead must be silent at
 * once.
 */
export class VipSweep {
  #switcher: VipSwitcher | null = null;

  constructor(private readonly interfaceName: string) {}

  /** Returns the number of removed addresses. Throws SystemError when the kernel refuses. */
  removeAll(): number {
    // Created on demand: the engine reports a missing interface. Kept: native memory is never
    // freed.
    this.#switcher ??= new VipSwitcher(this.interfaceName, []);
    return this.#switcher.removeLeftovers();
  }
}

import { VipSwitcher } from "../io/vip-switcher.ts";

/**
 * Takes the VIPs of an engine that is dead off the interfaces: whoever takes them over must be the
 * only one that answers. The engine does the same when it starts, but the dead must be silent at
 * once.
 */
export class VipSweep {
  #switcher: VipSwitcher | null = null;

  constructor(private readonly interfaceName: string) {}

  /**
   * Gives the number of addresses that were removed. Throws SystemError when the kernel refuses.
   */
  removeAll(): number {
    // Made when it is first needed: an interface that does not exist is the engine's message. Kept:
    // native memory is never freed.
    this.#switcher ??= new VipSwitcher(this.interfaceName, []);
    return this.#switcher.removeLeftovers();
  }
}

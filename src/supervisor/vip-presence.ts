/** Location of one function's VIPs, as far as a process of this machine can tell. */
import { networkInterfaces } from "node:os";
import { parseAddress } from "../config/address.ts";
import type { Vip } from "../config/model.ts";
import { canBind } from "../io/local-address.ts";

export class VipPresence {
  constructor(private readonly vips: readonly Pick<Vip, "address">[]) {}

  /** A program could bind each of them: they are here, or the kernel allows it anyway. */
  get areBindable(): boolean {
    return this.vips.every(({ address }) => canBind(address));
  }

  /**
   * None is on this machine, and a program that binds them cannot live here: its end says nothing
   * about whether it could serve.
   */
  get areElsewhere(): boolean {
    return !this.areBindable && !this.isAnyHere;
  }

  get isAnyHere(): boolean {
    const here = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .map(({ address }) => parseAddress(address.split("%")[0] ?? "")?.bytes.toString());
    return this.vips.some(({ address }) => here.includes(address.toString()));
  }
}

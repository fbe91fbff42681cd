/** `witness-probe-child ADDRESS`: prints whether the host of this address is there. */
import { probeWitness } from "../../src/manage/witness-probe.ts";

const [address = ""] = process.argv.slice(2);
console.log(await probeWitness(address));

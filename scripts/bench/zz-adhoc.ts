import { mkdtempSync, readFileSync, cpSync, rmSync } from "node:fs";
import { CleanUp } from "./clean-up.ts";
import { SeededRandom } from "./seeded-random.ts";
import { BenchNetwork } from "./network.ts";
import { measureTrial } from "./failover.ts";
import { KeepalivedHeadEnd } from "./keepalived-head-end.ts";
import { WingmanHeadEnd } from "./wingman-head-end.ts";
import { vipList } from "./head-end.ts";
const cleanUp = new CleanUp();
const dir = mkdtempSync("/tmp/wmb-");
cleanUp.defer(() => { rmSync("/tmp/bench/last", {recursive:true, force:true}); cpSync(dir, "/tmp/bench/last", {recursive:true}); rmSync(dir,{recursive:true}); });
const ctx = { trials: null, random: new SeededRandom(3), cleanUp, directory: dir, wingman: async () => "/tmp/bench/dist/wingman", progress: (t: string) => console.log(t) };
const soft = () => readFileSync("/proc/net/softnet_stat","utf8").trim().split("\n").map(l=>l.split(" ").slice(0,3).map(h=>parseInt(h,16)));
try {
  const network = await BenchNetwork.create(cleanUp);
  const which = process.argv[2]; const n = Number(process.argv[3]); const trials = Number(process.argv[4]);
  const system = which === "w" ? new WingmanHeadEnd("/tmp/bench/dist/wingman", dir) : (await KeepalivedHeadEnd.find(dir))!;
  const vips = vipList(n); system.prepare(vips);
  const targets = n === 1 ? vips : [vips.at(-1)!, vips[0]!];
  for (let i=0;i<trials;i++) {
    const s0 = soft();
    const r = await measureTrial(ctx, { network, system, targets, fault: { inflict: async (net) => { await net.powerOff(net.servers[0]); } } });
    const s1 = soft();
    console.log(JSON.stringify(r), "softnet", JSON.stringify(s1.map((l,c)=>l.map((v,k)=>v-s0[c]![k]!))));
  }
} finally { cleanUp.run(); }

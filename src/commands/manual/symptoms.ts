/** The index of the topic faults: what one sees, the codes to look for, the first thing to do. */

export interface Symptom {
  readonly seen: string;
  /** The likeliest first. */
  readonly codes: readonly number[];
  readonly first: string;
}

export const SYMPTOMS: readonly Symptom[] = [
  {
    seen: "One function is black or silent on every seat",
    codes: [203, 485, 487, 210, 241, 443, 483, 486],
    first:
      "'show functions': without OWNER the page says why beside NOT RUNNING; with one, read what its process printed (journal of that server).",
  },
  {
    seen: "One function is black on some seats only",
    codes: [215, 219, 212, 458, 218, 243, 211],
    first:
      "'show faults' on its OWNER: a fault names the host, address or route. Without one, look at the switch of those seats.",
  },
  {
    seen: "Everything is dark",
    codes: [125, 116, 120, 446, 448, 441, 114],
    first:
      "'show servers' on every console. One that does not answer: power, then 'systemctl status wingman@SERVER' on it.",
  },
  {
    seen: "Less important functions are gone, the others run",
    codes: [202, 111, 436],
    first: "Restore the server that is missing; 'show book SERVER' says what then starts.",
  },
  {
    seen: "A server shows ✖ LOST or ✖ NEVER HEARD",
    codes: [111, 129, 130, 131, 132, 133],
    first: "Its power and its network cables; then its own console.",
  },
  {
    seen: "A server shows ✖ NOT HEARD HERE, or is not heard on one network",
    codes: [112, 126, 135, 123, 122, 128],
    first: "'test' on both consoles; then the cables and the switch between the two.",
  },
  {
    seen: "A server shows ✖ CUT OFF",
    codes: [116, 125, 117, 119, 120],
    first: "The client network from that server's switch port on.",
  },
  {
    seen: "A server shows ✖ OTHER TABLE, or … TAKES NO PART",
    codes: [114, 115],
    first: "'show version' on each console: one part number for all, or 'wingman help adopt'.",
  },
  {
    seen: "A server shows ✖ NO ENGINE, or does not start",
    codes: [441, 446, 448, 304, 306],
    first: "Wait 10 s; then 'systemctl status wingman@SERVER', and 'wingman check --here' on it.",
  },
  {
    seen: "A server stays ▼ DRAINED, or takes no functions after a repair",
    codes: [433, 432, 436, 465],
    first: "'resume' on its console; 'capacity' and 'hold' say what else was asked for.",
  },
  {
    seen: "No second server: STANDBY says NONE for a function",
    codes: [222, 223, 111, 119, 203],
    first: "'show servers': restore what is missing, resume what is drained.",
  },
  {
    seen: "Second answers: two answer for one VIP, or seats flap between two",
    codes: [213, 215, 212, 458, 310, 304, 306, 115],
    first:
      "'show faults' on every server: the fault names the other host by its MAC, or the server.",
  },
  {
    seen: "A function keeps moving, or starts again and again",
    codes: [203, 443, 487, 482, 213, 214, 220],
    first: "'show log -n 50': which server gives it up. Then what its process printed there.",
  },
  {
    seen: "All functions of a server are away for a moment, now and then",
    codes: [305, 301, 300, 441, 314, 308, 307, 470, 312],
    first: "'show keepalive': lateness. Then 'wingman check --here' on that server.",
  },
  {
    seen: "Nothing moves although it should, or a server takes less than it could",
    codes: [438, 436, 467, 469, 465],
    first: "'hold' and 'capacity' on each console: who asked.",
  },
  {
    seen: "The page does not load, or refuses the token",
    codes: [463, 464, 445],
    first:
      "On the server itself: http://127.0.0.1:8044, from a laptop by ssh -L ('wingman help page'). The console tells the same.",
  },
  {
    seen: "The console is silent or garbled",
    codes: [462, 456, 445],
    first: "Enter; then speed, 8N1, and who else uses the line. 'wingman console' on the server.",
  },
  {
    seen: "ERR GROUND on ground, or legs are not counted",
    codes: [461],
    first: "'show ground': what the air/ground signal says.",
  },
  {
    seen: "The machine resets by itself, or a run was killed",
    codes: [322, 321, 320, 440, 302, 444],
    first: "'show log -n 50': what stands before the reset.",
  },
  {
    seen: "The old version flies after an update, or a load fails",
    codes: [492, 497, 498, 450, 454],
    first: "'wingman part status' and 'show dataload'.",
  },
  {
    seen: "Records are missing in the log, or it begins anew",
    codes: [423, 452, 420, 421, 422, 426, 427, 303],
    first: "'show storage'; then the disk of the state directory.",
  },
];

export { Random } from "../harness/seeded-random.ts";

export function rounded(value: number): string {
  return String(Math.round(value * 10) / 10);
}

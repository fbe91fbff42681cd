/** Ed25519 (RFC 8032) over the manifest, and the keys in PEM. */
import { createPublicKey, type KeyObject, verify } from "node:crypto";

export const SIGNATURE_BYTES = 64;
const ALGORITHM = "ed25519";

export type KeyReading = { ok: true; key: KeyObject } | { ok: false; found: string };

/** Whether one of the keys made the signature. */
export function isSignedByOne(
  manifest: Uint8Array,
  signature: Uint8Array,
  keys: readonly KeyObject[],
): boolean {
  return keys.some((key) => verify(null, manifest, key, signature));
}

/** A public key from `-----BEGIN PUBLIC KEY-----` (SPKI); a private one is refused. */
export function readPublicKey(pem: string): KeyReading {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem))
    return { ok: false, found: "a private key, which belongs on no aircraft" };
  return readKey(pem, createPublicKey);
}

/** A key that `read` makes of PEM, if it is one of Ed25519. */
export function readKey(pem: string, read: (pem: string) => KeyObject): KeyReading {
  try {
    const key = read(pem);
    const found = `a key of type ${key.asymmetricKeyType}`;
    return key.asymmetricKeyType === ALGORITHM ? { ok: true, key } : { ok: false, found };
  } catch {
    return { ok: false, found: "no key in PEM" };
  }
}

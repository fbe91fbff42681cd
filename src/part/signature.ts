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

/** Reads a public key from `-----BEGIN PUBLIC KEY-----` (SPKI); refuses a private one. */
export function readPublicKey(pem: string): KeyReading {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem))
    return { ok: false, found: "a private key, which belongs on no aircraft" };
  return readKey(pem, createPublicKey);
}

/** The key that `read` makes from PEM, if it is an Ed25519 key. */
export function readKey(pem: string, read: (pem: string) => KeyObject): KeyReading {
  try {
    const key = read(pem);
    const found = `a key of type ${key.asymmetricKeyType}`;
    return key.asymmetricKeyType === ALGORITHM ? { ok: true, key } : { ok: false, found };
  } catch {
    return { ok: false, found: "no key in PEM" };
  }
}

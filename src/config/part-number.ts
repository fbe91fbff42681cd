/**
 * Part numbers of loadable software, in the form used by public implementations of aircraft data
 * loading.
 */

/**
 * Supplier code, two check characters, product identifier without the letters that look like
 * digits.
 */
export const PART_NUMBER = /^[A-Z0-9]{3}[0-9A-F]{2}[0-9A-HJ-NPR-Y]{8}$/;

/**
 * The two check characters for the other eleven: the exclusive or of their ASCII codes in
 * upper-case hexadecimal.
 */
export function checkCharacters(supplierAndProduct: string): string {
  let sum = 0;
  for (let index = 0; index < supplierAndProduct.length; index++)
    sum ^= supplierAndProduct.charCodeAt(index);
  return sum.toString(16).toUpperCase().padStart(2, "0");
}

/** Whether characters 4 and 5 of a part number fit the others. */
export function hasCorrectCheckCharacters(partNumber: string): boolean {
  return partNumber.slice(3, 5) === checkCharacters(partNumber.slice(0, 3) + partNumber.slice(5));
}

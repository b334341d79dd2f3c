/** Codes of the server for a change that another change has overtaken. */
export const CODES_OF_CONFLICT = new Set([10056, 23001]);

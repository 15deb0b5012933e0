/**
 * What a weight is stored as that lives at the value 0: 2⁻⁶⁴. On a support the weights that are not 0 are the
 * live ones, so that one which has just grown, or which a step lands at 0, must not be 0. No float32 sum of
 * usual numbers notices 2⁻⁶⁴, and its products with them are far from denormal.
 */
export const LEAST_ALIVE = 2 ** -64;

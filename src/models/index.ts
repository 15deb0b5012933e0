/** The networks of the paper's experiments. */
export { mlp } from './mlp.js';

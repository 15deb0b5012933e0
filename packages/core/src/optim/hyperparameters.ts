/** What several methods read, each with its range and what holds unless told. */
import { number, truth, withDefault } from '../schema/index.js';

/** τ > 0. */
export const learningRate = withDefault(number(0, Infinity, { open: true }), 0.1);

/** λ ≥ 0, the weight of the regularizer: J = λR. */
export const lambda = withDefault(number(0), 0.1);

/** δ > 0, the elastic net of the Bregman methods: J_δ = J + ‖θ‖² / (2δ). */
export const delta = withDefault(number(0, Infinity, { open: true }), 1);

/** β in [0, 1) of LinBreg, SGD and Lasso. */
export const momentum = withDefault(number(0, 0.999999), 0);

/** Whether the step looks ahead along the moment (Nesterov); where momentum β is 0 it changes nothing. */
export const nesterov = withDefault(truth, false);

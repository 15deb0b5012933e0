import { adabreg } from './adabreg.js';
import { adam } from './adam.js';
import { lasso } from './lasso.js';
import { linbreg } from './linbreg.js';
import type { Method, MethodName } from './method.js';
import { proxsgd } from './proxsgd.js';
import { sgd } from './sgd.js';

/** Every method by its name. */
export const methods: Readonly<Record<MethodName, Method>> = {
  linbreg,
  adabreg,
  proxsgd,
  sgd,
  adam,
  lasso,
};

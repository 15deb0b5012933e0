/** What every kind of layer computes in TypeScript: loaded where the plain backend is, and not with the kernels. */
import type { Layer, LayerType } from '../graph/layer.js';
import type { PlainLayer } from '../lowering/plain.js';
import { activationType } from './activation/layer.js';
import { activationPlain } from './activation/plain.js';
import { addType } from './add/layer.js';
import { addPlain } from './add/plain.js';
import { batchNorm2dType } from './batch-norm/layer.js';
import { batchNorm2dPlain } from './batch-norm/plain.js';
import { concatenateType } from './concatenate/layer.js';
import { concatenatePlain } from './concatenate/plain.js';
import { conv2dType } from './conv2d/layer.js';
import { conv2dPlain } from './conv2d/plain.js';
import { flattenType } from './flatten/layer.js';
import { flattenPlain } from './flatten/plain.js';
import { linearType } from './linear/layer.js';
import { linearPlain } from './linear/plain.js';
import { poolType } from './pool/layer.js';
import { poolPlain } from './pool/plain.js';

const forms = new Map<unknown, unknown>([
  [linearType, linearPlain],
  [conv2dType, conv2dPlain],
  [batchNorm2dType, batchNorm2dPlain],
  [poolType, poolPlain],
  [addType, addPlain],
  [activationType, activationPlain],
  [concatenateType, concatenatePlain],
  [flattenType, flattenPlain],
]);

/** The plain form of a type of layers. */
export function plainOf(type: LayerType<Layer>): PlainLayer<Layer> {
  const form = forms.get(type);
  if (form) return form as PlainLayer<Layer>;
  throw new Error('a type of layers has no plain form: layers/plain.ts');
}

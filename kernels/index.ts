export { bindScratch } from './layout';
export { loadBatch } from './batch';
export { linearForward, linearInputGradient, linearWeightGradient } from './linear-rows';
export { sparseForward, sparseInputGradient, sparseWeightGradient } from './linear-entries';
export { biasGradient } from './bias';
export { activationBackward, activationForward } from './activations';
export { softmaxCrossEntropy, squaredError } from './loss';
export { optimizerStep, shrinkColumns } from './optimizer';
export { countRows, supportFill, supportIndex } from './support';

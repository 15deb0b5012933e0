/** Data sets: the user's own arrays, IDX folders, and those of the catalogue with their cache. */
export { cacheFolder } from './cache.js';
export { datasetNames, loadDataset } from './catalog.js';
export { type DownloadOptions, download, type RemoteFile, sha256 } from './download.js';
export { loadFashionMnist } from './fashion-mnist.js';
export { decodeIdx, type IdxArray } from './idx.js';
export { type IdxFacts, loadIdxFolder, readIdx } from './idx-folder.js';
export { type LoadOptions, locate } from './locate.js';
export { loadMnist } from './mnist.js';
export { type Dataset, type Labels, type Samples, samples, type Targets } from './samples.js';
export { shuffled, split } from './split.js';

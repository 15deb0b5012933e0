/**
 * Data sets: the user's own arrays, folders of IDX files or images, and those of the catalogue with
 * their cache.
 */
export * from '@bregman/core/data';
export { cacheFolder } from './cache.js';
export { datasetNames, isDatasetName, loadDataset } from './catalog.js';
export { loadCifar10 } from './cifar10.js';
export { type DownloadOptions, download, type RemoteFile, sha256 } from './download.js';
export { loadFashionMnist } from './fashion-mnist.js';
export { type IdxFacts, loadIdxFolder, readIdx } from './idx-folder.js';
export { type ImageFolderOptions, loadImageFolder } from './image-folder.js';
export { isImageFolder } from './image-list.js';
export { readInputs } from './inputs.js';
export { type LoadOptions, locate } from './locate.js';
export { loadMnist } from './mnist.js';

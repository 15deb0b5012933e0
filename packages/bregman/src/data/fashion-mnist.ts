import type { Dataset } from '@bregman/core/data';
import type { RemoteFile } from './download.js';
import { loadIdxFolder } from './idx-folder.js';
import { type LoadOptions, locate } from './locate.js';

const ORIGIN = 'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com';
const official = (name: string, bytes: number, sha256: string): RemoteFile => ({
  name,
  url: `${ORIGIN}/${name}`,
  bytes,
  sha256,
});
const FILES: readonly RemoteFile[] = [
  official(
    'train-images-idx3-ubyte.gz',
    26421880,
    '3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84',
  ),
  official(
    'train-labels-idx1-ubyte.gz',
    29515,
    'a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845',
  ),
  official(
    't10k-images-idx3-ubyte.gz',
    4422102,
    '346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073',
  ),
  official(
    't10k-labels-idx1-ubyte.gz',
    5148,
    '67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5',
  ),
];

/** Where Debian's package `dataset-fashion-mnist` puts the files, gzipped anew. */
const DEBIAN = '/usr/share/datasets/fashion-mnist';

/**
 * Fashion-MNIST (Xiao, Rasul, Vollgraf 2017): 60,000 + 10,000 pictures of clothes, 28 × 28 grey
 * values, found as {@link locate} says.
 *
 * @throws {UserError} the files are damaged, or nowhere and cannot be downloaded.
 */
export async function loadFashionMnist(options: LoadOptions = {}): Promise<Dataset> {
  return loadIdxFolder(await locate('fashion-mnist', FILES, [DEBIAN], options), {
    name: 'fashion-mnist',
    classNames: [
      'T-shirt/top',
      'Trouser',
      'Pullover',
      'Dress',
      'Coat',
      'Sandal',
      'Shirt',
      'Sneaker',
      'Bag',
      'Ankle boot',
    ],
    normalization: { mean: [0.5], std: [0.5] },
  });
}

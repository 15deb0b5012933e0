import {
  batchNorm2d,
  conv2d,
  globalAveragePool2d,
  type LayerEntry,
  linear,
  type NetworkDescription,
  network,
} from '../nn/index.js';
import type { ImageModelOptions } from './options.js';

/** ResNet-18 in the CIFAR shape: a 3 × 3 stem, no pooling before the head. 11.2 M parameters. */
export function resnet18(options?: ImageModelOptions): NetworkDescription {
  return resnet(basicBlock, [64, 128, 256, 512], [2, 2, 2, 2], options);
}

/** ResNet-34 in the CIFAR shape: 21.3 M parameters. */
export function resnet34(options?: ImageModelOptions): NetworkDescription {
  return resnet(basicBlock, [64, 128, 256, 512], [3, 4, 6, 3], options);
}

/** ResNet-50 in the CIFAR shape, of bottlenecks: 23.5 M parameters. */
export function resnet50(options?: ImageModelOptions): NetworkDescription {
  return resnet(bottleneck, [64, 128, 256, 512], [3, 4, 6, 3], options);
}

/**
 * ResNet-20, the 0.27 M parameters that He et al. made for CIFAR-10. Where a block changes the
 * shape, its shortcut is a 1 × 1 convolution (their option B) instead of padding with zeros.
 */
export function resnet20(options?: ImageModelOptions): NetworkDescription {
  return resnet(basicBlock, [16, 32, 64], [3, 3, 3], options);
}

/** How a block's layers, the last named `bn…`, follow from the layer `from` before it. */
type Block = (name: string, from: string, place: Place) => LayerEntry[];

interface Place {
  readonly width: number;
  readonly stride: number;
  /** Whether the block changes the shape, so that its shortcut has to, too. */
  readonly reshapes: boolean;
}

/** The parameters have the names of the common PyTorch code: `layer1.0.conv1`, `…shortcut.0`. */
function resnet(
  block: Block,
  widths: readonly number[],
  depths: readonly number[],
  { input = [3, 32, 32], classes = 10 }: ImageModelOptions = {},
): NetworkDescription {
  const layers: LayerEntry[] = [
    ['conv1', conv(widths[0], 3)],
    ['bn1', batchNorm2d({ relu: true })],
  ];
  widths.forEach((width, stage) => {
    for (let i = 0; i < depths[stage]; i++) {
      const stride = stage > 0 && i === 0 ? 2 : 1;
      const reshapes = i === 0 && (stage > 0 || block === bottleneck);
      layers.push(...block(`layer${stage + 1}.${i}`, nameOf(layers.at(-1)!), …));
    }
  });
  return network(input, layers);
}

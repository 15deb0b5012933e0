import { type LayerEntry, type NetworkDescription, network } from '../graph/index.js';
import {
  batchNorm2d,
  type Conv2dLayer,
  conv2d,
  globalAveragePool2d,
  linear,
} from '../layers/index.js';
import { imageModelKind } from './model.js';
import type { ImageModelOptions } from './options.js';

/** ResNet-18 in the CIFAR shape, with a 3 × 3 stem and no pooling behind it: 11.2 M parameters. */
export function resnet18(options?: ImageModelOptions): NetworkDescription {
  return resnet(basic, [64, 128, 256, 512], [2, 2, 2, 2], options);
}

/** ResNet-34 in the CIFAR shape: 21.3 M parameters. */
export function resnet34(options?: ImageModelOptions): NetworkDescription {
  return resnet(basic, [64, 128, 256, 512], [3, 4, 6, 3], options);
}

/** ResNet-50 in the CIFAR shape, made of bottlenecks: 23.5 M parameters. */
export function resnet50(options?: ImageModelOptions): NetworkDescription {
  return resnet(bottleneck, [64, 128, 256, 512], [3, 4, 6, 3], options);
}

/**
 * ResNet-20, the 0.27 M parameters that He et al. made for CIFAR-10. Where the shape changes, the
 * shortcut is a 1 × 1 convolution (their option B), not a padding with zeros (option A).
 */
export function resnet20(options?: ImageModelOptions): NetworkDescription {
  return resnet(basic, [16, 32, 64], [3, 3, 3], options);
}

/** The convolutions of a residual block. */
type Block = (width: number, stride: number) => readonly Conv2dLayer[];

const basic: Block = (width, stride) => [conv(width, 3, stride), conv(width, 3)];

const bottleneck: Block = (width, stride) => [
  conv(width, 1),
  conv(width, 3, stride),
  conv(4 * width, 1),
];

function conv(channels: number, size: number, stride = 1): Conv2dLayer {
  return conv2d(channels, size, { stride, padding: (size - 1) / 2, bias: false });
}

/** Named as the PyTorch code that everybody trains on CIFAR-10, so that weights travel. */
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
  let from = 'bn1';
  let channels = widths[0];
  for (const [stage, width] of widths.entries()) {
    for (let i = 0; i < depths[stage]; i++) {
      const stride = stage > 0 && i === 0 ? 2 : 1;
      const convs = block(width, stride);
      const outputs = convs.at(-1)!.channels;
      const reshapes = stride > 1 || outputs !== channels;
      const name = `layer${stage + 1}.${i}`;
      layers.push(...residual(name, from, convs, reshapes ? conv(outputs, 1, stride) : undefined));
      from = `${name}.bn${convs.length}`;
      channels = outputs;
    }
  }
  return network(input, [...layers, globalAveragePool2d(), ['linear', linear(classes)]]);
}

/**
 * Convolutions `NAME.conv1`, …, each with its batch norm and ReLU; the last batch norm adds what the
 * block began `from`, or that behind the convolution of a `shortcut`.
 */
function residual(
  name: string,
  from: string,
  convs: readonly Conv2dLayer[],
  shortcut?: Conv2dLayer,
): LayerEntry[] {
  const norm = batchNorm2d({ relu: true });
  const layers = convs.flatMap((layer, i): LayerEntry[] => [
    [`${name}.conv${i + 1}`, layer, i === 0 ? from : `${name}.bn${i}`],
    [`${name}.bn${i + 1}`, norm],
  ]);
  const last = convs.length;
  const endWith = (skip: string): LayerEntry[] => [
    ...layers.slice(0, -1),
    [`${name}.bn${last}`, norm, `${name}.conv${last}`, skip],
  ];
  if (!shortcut) return endWith(from);
  return [...skipBy(`${name}.shortcut`, from, shortcut), ...endWith(`${name}.shortcut.1`)];
}

function skipBy(name: string, from: string, shortcut: Conv2dLayer): LayerEntry[] {
  return [
    [`${name}.0`, shortcut, from],
    [`${name}.1`, batchNorm2d()],
  ];
}

/** ResNet-18 in a configuration. */
export const resnet18Kind = imageModelKind('resnet18', resnet18);
/** ResNet-20 in a configuration. */
export const resnet20Kind = imageModelKind('resnet20', resnet20);
/** ResNet-34 in a configuration. */
export const resnet34Kind = imageModelKind('resnet34', resnet34);
/** ResNet-50 in a configuration. */
export const resnet50Kind = imageModelKind('resnet50', resnet50);
